package io.culvert.testkit.kube;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.culvert.testkit.spec.AddressPlan;
import io.culvert.testkit.spec.Labels;
import io.culvert.testkit.spec.MeshSpec;
import io.culvert.testkit.spec.NamespaceSpec;
import io.culvert.testkit.spec.NodeSpec;
import io.culvert.testkit.spec.PodSpec;
import io.culvert.testkit.spec.WorkloadPort;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** A mesh as the API server holds it. */
public final class KubeObjects {
    private KubeObjects() {}

    static ObjectKey key(JsonObject object) {
        String kindName = Json.text(object, "kind");
        KubeKind kind = Stream.of(KubeKind.values())
                .filter(one -> one.kind().equals(kindName))
                .findFirst()
                .orElseThrow(
                        () -> new IllegalArgumentException("an object of kind '" + kindName + "' is not served here"));
        String name = Json.text(object, "metadata", "name");
        String namespace = Json.text(object, "metadata", "namespace");
        if (name.isEmpty() || kind.namespaced() == namespace.isEmpty()) {
            throw new IllegalArgumentException(
                    "a " + kindName + " without a name, or with a wrong namespace: " + object);
        }
        return new ObjectKey(kind, namespace, name);
    }

    /** Namespaces, nodes, the agent's daemon set, and all pods, running. */
    public static List<JsonObject> of(MeshSpec mesh, AddressPlan plan) {
        List<JsonObject> all = new ArrayList<>();
        mesh.namespaces().forEach(namespace -> all.add(namespace(namespace)));
        all.add(agentDaemonSet());
        for (NodeSpec node : mesh.nodes()) {
            all.add(node(node));
            node.pods().forEach(pod -> all.add(pod(node.name(), pod, plan.pod(node.name(), pod))));
        }
        return all;
    }

    public static JsonObject namespace(NamespaceSpec namespace) {
        Map<String, String> labels = new LinkedHashMap<>(namespace.labels());
        labels.put(Labels.NAMESPACE_NAME, namespace.name());
        JsonObject object = object("v1", "Namespace", "", namespace.name(), labels);
        Json.child(object, "status").addProperty("phase", "Active");
        return object;
    }

    public static JsonObject node(NodeSpec node) {
        Map<String, String> labels = new LinkedHashMap<>(node.labels());
        labels.put("kubernetes.io/hostname", node.name());
        return object("v1", "Node", "", node.name(), labels);
    }

    /** What the agent looks at to tell an upgrade from an uninstall (istio: cni/pkg/nodeagent/server.go). */
    public static JsonObject agentDaemonSet() {
        return object("apps/v1", "DaemonSet", MeshSpec.SYSTEM_NAMESPACE, "istio-cni-node", Map.of());
    }

    /**
     * A pod that runs, or is about to.
     *
     * @param addresses empty: it is scheduled and has no network yet; otherwise it runs and is as ready as it says
     */
    public static JsonObject pod(String node, PodSpec pod, List<InetAddress> addresses) {
        JsonObject object = object("v1", "Pod", pod.namespace(), pod.name(), pod.labels());
        JsonObject metadata = Json.child(object, "metadata");
        metadata.addProperty("uid", pod.uid());
        metadata.add("annotations", Json.of(pod.annotations()));
        JsonObject spec = Json.child(object, "spec");
        spec.addProperty("nodeName", node);
        spec.addProperty("serviceAccountName", pod.serviceAccount());
        spec.addProperty("hostNetwork", pod.hostNetwork());
        spec.add("containers", containers(pod));
        status(Json.child(object, "status"), pod, addresses);
        return object;
    }

    private static JsonArray containers(PodSpec pod) {
        JsonArray ports = new JsonArray();
        for (WorkloadPort port : pod.ports()) {
            JsonObject one = new JsonObject();
            one.addProperty("containerPort", port.port());
            ports.add(one);
        }
        JsonObject container = new JsonObject();
        container.addProperty("name", "app");
        container.addProperty("image", "testkit");
        container.add("ports", ports);
        JsonArray containers = new JsonArray();
        containers.add(container);
        return containers;
    }

    private static void status(JsonObject status, PodSpec pod, List<InetAddress> addresses) {
        boolean running = !addresses.isEmpty();
        status.addProperty("phase", running ? "Running" : "Pending");
        JsonObject ready = new JsonObject();
        ready.addProperty("type", "Ready");
        ready.addProperty("status", running && pod.ready() ? "True" : "False");
        JsonArray conditions = new JsonArray();
        conditions.add(ready);
        status.add("conditions", conditions);
        if (running) {
            status.addProperty("podIP", NetUtil.toAddressString(addresses.getFirst()));
            JsonArray ips = new JsonArray();
            for (InetAddress address : addresses) {
                JsonObject ip = new JsonObject();
                ip.addProperty("ip", NetUtil.toAddressString(address));
                ips.add(ip);
            }
            status.add("podIPs", ips);
        }
    }

    private static JsonObject object(
            String apiVersion, String kind, String namespace, String name, Map<String, String> labels) {
        JsonObject object = new JsonObject();
        object.addProperty("apiVersion", apiVersion);
        object.addProperty("kind", kind);
        JsonObject metadata = Json.child(object, "metadata");
        metadata.addProperty("name", name);
        if (!namespace.isEmpty()) {
            metadata.addProperty("namespace", namespace);
        }
        metadata.add("labels", Json.of(labels));
        return object;
    }
}
