package io.culvert.testkit.spec;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Says what a mesh is. Used by one thread; {@link #build} checks the whole and may be called again after further
 * changes.
 */
public final class MeshBuilder {
    private final String name;
    private String trustDomain = "cluster.local";
    private String clusterId = "Kubernetes";
    private String network = "";
    private String clusterDomain = "cluster.local";
    private final List<NamespaceSpec> namespaces = new ArrayList<>();
    private final List<NodeSpec> nodes = new ArrayList<>();
    private final List<ServiceSpec> services = new ArrayList<>();
    private final List<PolicySpec> policies = new ArrayList<>();

    MeshBuilder(String name) {
        this.name = name;
    }

    MeshBuilder(MeshSpec spec) {
        this(spec.name());
        trustDomain = spec.trustDomain();
        clusterId = spec.clusterId();
        network = spec.network();
        clusterDomain = spec.clusterDomain();
        namespaces.addAll(spec.namespaces());
        nodes.addAll(spec.nodes());
        services.addAll(spec.services());
        policies.addAll(spec.policies());
    }

    public MeshBuilder trustDomain(String value) {
        trustDomain = value;
        return this;
    }

    public MeshBuilder clusterId(String value) {
        clusterId = value;
        return this;
    }

    public MeshBuilder network(String value) {
        network = value;
        return this;
    }

    public MeshBuilder clusterDomain(String value) {
        clusterDomain = value;
        return this;
    }

    /** Declares a namespace, or says it anew if it is there already. */
    public MeshBuilder namespace(String namespaceName, Consumer<NamespaceSpec.Builder> content) {
        NamespaceSpec.Builder namespace = new NamespaceSpec.Builder(namespaceName);
        content.accept(namespace);
        namespaces.removeIf(other -> other.name().equals(namespaceName));
        namespaces.add(namespace.build());
        return this;
    }

    public MeshBuilder node(String nodeName, Consumer<NodeSpec.Builder> content) {
        NodeSpec.Builder node = new NodeSpec.Builder(name, nodeName);
        content.accept(node);
        nodes.add(node.build());
        return this;
    }

    /** Adds a pod to a node that is there already. */
    public MeshBuilder pod(String nodeName, String podName, Consumer<PodBuilder> content) {
        PodBuilder builder = new PodBuilder(name, podName);
        content.accept(builder);
        PodSpec pod = builder.build();
        boolean known = nodes.stream().anyMatch(node -> node.name().equals(nodeName));
        if (!known) {
            throw new SpecException("pod " + pod.key(), "node " + nodeName + " is not in the mesh; add it first");
        }
        nodes.replaceAll(node -> node.name().equals(nodeName) ? withPod(node, pod) : node);
        return this;
    }

    private static NodeSpec withPod(NodeSpec node, PodSpec pod) {
        List<PodSpec> pods = new ArrayList<>(node.pods());
        pods.add(pod);
        return new NodeSpec(node.name(), node.labels(), pods);
    }

    public MeshBuilder removePod(String namespace, String podName) {
        String key = namespace + "/" + podName;
        nodes.replaceAll(node -> new NodeSpec(
                node.name(),
                node.labels(),
                node.pods().stream().filter(pod -> !pod.key().equals(key)).toList()));
        return this;
    }

    public MeshBuilder service(String serviceName, Consumer<ServiceSpec.Builder> content) {
        ServiceSpec.Builder service = new ServiceSpec.Builder(serviceName);
        content.accept(service);
        services.add(service.build());
        return this;
    }

    public MeshBuilder removeService(String namespace, String serviceName) {
        services.removeIf(service -> service.key().equals(namespace + "/" + serviceName));
        return this;
    }

    public MeshBuilder policy(PolicySpec policy) {
        policies.add(policy);
        return this;
    }

    public MeshBuilder removePolicy(String namespace, String policyName) {
        policies.removeIf(policy -> policy.key().equals(namespace + "/" + policyName));
        return this;
    }

    /**
     * The mesh as said so far.
     *
     * @throws SpecException if the parts do not fit together
     */
    public MeshSpec build() {
        return new MeshSpec(
                name, trustDomain, clusterId, network, clusterDomain, namespaces, nodes, services, policies);
    }
}
