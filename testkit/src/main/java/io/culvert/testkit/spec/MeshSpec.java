package io.culvert.testkit.spec;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A whole mesh: what is there, and nothing of how it is run. Immutable; a change is a new value.
 *
 * @param name a short DNS label, part of derived UIDs
 * @param trustDomain of every identity
 * @param clusterId first part of every workload's UID
 * @param network of every address; often empty
 * @param clusterDomain suffix of service host names, after {@code svc.}
 */
public record MeshSpec(
        String name,
        String trustDomain,
        String clusterId,
        String network,
        String clusterDomain,
        List<NamespaceSpec> namespaces,
        List<NodeSpec> nodes,
        List<ServiceSpec> services,
        List<PolicySpec> policies) {
    /** Where the proxies themselves run, and whose policies may be global. */
    public static final String SYSTEM_NAMESPACE = "istio-system";

    public MeshSpec {
        Names.requireLabel("mesh", "name", name);
        Names.requireSubdomain("mesh", "trustDomain", trustDomain);
        Names.requireSubdomain("mesh", "clusterDomain", clusterDomain);
        namespaces = withImplied(namespaces);
        nodes = List.copyOf(nodes);
        services = List.copyOf(services);
        policies = List.copyOf(policies);
        MeshCheck.check(namespaces, nodes, services, policies);
    }

    /** The builder of a mesh, with Istio's defaults: {@code cluster.local}, cluster {@code Kubernetes}, no network. */
    public static MeshBuilder mesh(String name) {
        return new MeshBuilder(name);
    }

    /** {@code default} and the system namespace exist in every cluster. */
    private static List<NamespaceSpec> withImplied(List<NamespaceSpec> declared) {
        List<NamespaceSpec> all = new ArrayList<>(declared);
        Set<String> names = new HashSet<>();
        declared.forEach(namespace -> names.add(namespace.name()));
        Stream.of("default", SYSTEM_NAMESPACE)
                .filter(names::add)
                .forEach(implied -> all.add(new NamespaceSpec(implied, Map.of())));
        return List.copyOf(all);
    }

    public Stream<PodSpec> pods() {
        return nodes.stream().flatMap(node -> node.pods().stream());
    }

    public Optional<PodSpec> pod(String namespace, String podName) {
        return pods().filter(
                        pod -> pod.namespace().equals(namespace) && pod.name().equals(podName))
                .findFirst();
    }

    public Optional<NodeSpec> nodeOf(PodSpec pod) {
        return nodes.stream()
                .filter(node ->
                        node.pods().stream().anyMatch(other -> other.key().equals(pod.key())))
                .findFirst();
    }

    public Optional<ServiceSpec> service(String namespace, String serviceName) {
        return services.stream()
                .filter(service ->
                        service.namespace().equals(namespace) && service.name().equals(serviceName))
                .findFirst();
    }

    public NamespaceSpec namespace(String namespaceName) {
        return namespaces.stream()
                .filter(namespace -> namespace.name().equals(namespaceName))
                .findFirst()
                .orElseThrow(() -> new SpecException("namespace " + namespaceName, "is not declared"));
    }

    /**
     * Whether the pod belongs to the mesh by Istio's default selectors: its own label decides, else its namespace's;
     * never with the host's network or a sidecar (istio: cni/pkg/util/enablement_selector.go and the chart's defaults).
     */
    public boolean inMesh(PodSpec pod) {
        if (pod.hostNetwork() || pod.annotations().containsKey(Labels.SIDECAR_STATUS)) {
            return false;
        }
        String own = Objects.requireNonNullElse(pod.labels().get(Labels.DATAPLANE_MODE), "");
        if (own.equals(Labels.AMBIENT)) {
            return true;
        }
        return !own.equals(Labels.NONE) && namespace(pod.namespace()).mesh();
    }

    /** The network of a node's proxy and pods. */
    public String networkOf(NodeSpec node) {
        return node.labels().getOrDefault(Labels.NETWORK, network);
    }

    /** Every network that a node is on, the mesh's own first. */
    public Set<String> networks() {
        Set<String> all = new LinkedHashSet<>(Set.of(network));
        nodes.forEach(node -> all.add(networkOf(node)));
        return all;
    }

    /** The pod through which other networks reach this one. */
    public Optional<PodSpec> gatewayOf(String ofNetwork) {
        return nodes.stream()
                .filter(node -> networkOf(node).equals(ofNetwork))
                .flatMap(node -> node.pods().stream())
                .filter(pod -> pod.labels().containsKey(Labels.NETWORK_GATEWAY))
                .findFirst();
    }

    /** The SPIFFE identity of a service account, without the scheme: as policies write it. */
    public String principal(String namespace, String serviceAccount) {
        return trustDomain + "/ns/" + namespace + "/sa/" + serviceAccount;
    }

    public String hostname(ServiceSpec service) {
        return service.name() + "." + service.namespace() + ".svc." + clusterDomain;
    }

    /** Everything said so far, to be changed and built again. */
    public MeshBuilder toBuilder() {
        return new MeshBuilder(this);
    }
}
