package io.culvert.testkit.mesh;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.culvert.linux.Netns;
import io.culvert.testkit.kube.KubeApi;
import io.culvert.testkit.kube.KubeKind;
import io.culvert.testkit.kube.KubeObjects;
import io.culvert.testkit.listen.Listening;
import io.culvert.testkit.spec.AddressPlan;
import io.culvert.testkit.spec.Labels;
import io.culvert.testkit.spec.MeshSpec;
import io.culvert.testkit.spec.PodSpec;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** A Kubernetes API that is served, in the fabric, for agents to watch and to write to. */
final class KubeCluster implements Cluster {
    /** The API server's customary port. */
    private static final int PORT = 6443;

    private final KubeApi api;
    private final Path kubeconfig;

    /** By UID: which node a pod is bound to. */
    private final Map<String, String> nodes = new ConcurrentHashMap<>();

    private KubeCluster(KubeApi api, Path kubeconfig) {
        this.api = api;
        this.kubeconfig = kubeconfig;
    }

    /** Serves what {@code mesh} has by now: namespaces, nodes, and pods that run. */
    static KubeCluster serve(Netns netns, AddressPlan plan, MeshSpec mesh, Path directory) throws IOException {
        KubeApi api = KubeApi.start(
                Listening.in(netns, new InetSocketAddress(plan.kubeApi().v4(), PORT)));
        KubeCluster cluster = new KubeCluster(api, directory.resolve("kubeconfig"));
        try {
            api.writeKubeconfig(cluster.kubeconfig);
            api.putAll(KubeObjects.of(mesh, plan));
            return cluster;
        } catch (IOException failure) {
            api.close();
            throw failure;
        }
    }

    @Override
    public KubeApi api() {
        return api;
    }

    @Override
    public void namespaces(MeshSpec mesh) {
        mesh.namespaces().forEach(namespace -> api.put(KubeObjects.namespace(namespace)));
    }

    @Override
    public void scheduled(String node, PodSpec pod) {
        nodes.put(pod.uid(), node);
        api.put(KubeObjects.pod(node, pod, List.of()));
    }

    @Override
    public void running(PodSpec pod, List<InetAddress> addresses) {
        JsonObject status = KubeObjects.pod(nodeOf(pod), pod, addresses).getAsJsonObject("status");
        boolean _ = api.update(KubeKind.POD, pod.namespace(), pod.name(), object -> {
            object.add("status", status); // The agent's annotation stays.
            return object;
        });
    }

    @Override
    public void failed(PodSpec pod, String reason) {
        boolean _ = api.update(KubeKind.POD, pod.namespace(), pod.name(), object -> {
            JsonObject status = object.getAsJsonObject("status");
            status.addProperty("phase", "Failed");
            status.addProperty("reason", "FailedCreatePodSandBox");
            status.addProperty("message", reason);
            return object;
        });
    }

    @Override
    public void relabelled(PodSpec pod) {
        JsonElement labels = KubeObjects.pod(nodeOf(pod), pod, List.of())
                .getAsJsonObject("metadata")
                .get("labels");
        boolean _ = api.update(KubeKind.POD, pod.namespace(), pod.name(), object -> {
            object.getAsJsonObject("metadata").add("labels", labels);
            return object;
        });
    }

    @Override
    public void deleted(PodSpec pod) {
        nodes.remove(pod.uid());
        api.remove(KubeKind.POD, pod.namespace(), pod.name());
    }

    @Override
    public boolean isAnnotated(PodSpec pod) {
        return api.get(KubeKind.POD, pod.namespace(), pod.name())
                .flatMap(object -> Optional.ofNullable(object.getAsJsonObject("metadata")))
                .flatMap(metadata -> Optional.ofNullable(metadata.getAsJsonObject("annotations")))
                .flatMap(annotations -> Optional.ofNullable(annotations.get(Labels.REDIRECTION)))
                .map(value -> value.getAsString().equals("enabled"))
                .orElse(false);
    }

    @Override
    public Path kubeconfig() {
        return kubeconfig;
    }

    private String nodeOf(PodSpec pod) {
        return Optional.ofNullable(nodes.get(pod.uid()))
                .orElseThrow(() -> new MeshFailure("pod " + pod.key() + " is bound to no node"));
    }

    @Override
    public void close() {
        api.close();
    }
}
