package io.culvert.testkit.mesh;

import io.culvert.testkit.spec.MeshSpec;
import io.culvert.testkit.spec.NodeSpec;
import io.culvert.testkit.spec.PodSpec;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.UnaryOperator;

/** Changed copies of descriptions. */
final class PodSpecs {
    private PodSpecs() {}

    /**
     * The UID of the {@code n}th pod of a run. As in Kubernetes no pod ever has the UID of another: the agents of two
     * meshes on one machine see each other's processes, and a pod that comes back is not the one that left.
     */
    static String freshUid(String runPrefix, int n) {
        return UUID.nameUUIDFromBytes((runPrefix + "/" + n).getBytes(StandardCharsets.UTF_8))
                .toString();
    }

    static PodSpec withUid(PodSpec pod, String uid) {
        return copy(pod, uid, pod.labels(), pod.ready());
    }

    static PodSpec withReady(PodSpec pod, boolean ready) {
        return copy(pod, pod.uid(), pod.labels(), ready);
    }

    static PodSpec withLabel(PodSpec pod, String key, String value) {
        Map<String, String> labels = new HashMap<>(pod.labels());
        if (value.isEmpty()) {
            labels.remove(key);
        } else {
            labels.put(key, value);
        }
        return copy(pod, pod.uid(), labels, pod.ready());
    }

    private static PodSpec copy(PodSpec pod, String uid, Map<String, String> labels, boolean ready) {
        return new PodSpec(
                pod.namespace(),
                pod.name(),
                uid,
                pod.serviceAccount(),
                labels,
                pod.annotations(),
                pod.hostNetwork(),
                pod.ports(),
                pod.addresses(),
                pod.workloadType(),
                pod.workloadName(),
                ready);
    }

    /** The mesh with one more pod on a node. */
    static MeshSpec add(MeshSpec mesh, String nodeName, PodSpec pod) {
        return withNodes(mesh, node -> {
            List<PodSpec> pods = new ArrayList<>(node.pods());
            if (node.name().equals(nodeName)) {
                pods.add(pod);
            }
            return new NodeSpec(node.name(), node.labels(), pods);
        });
    }

    /** The mesh with {@code changed} in the place of the pod of the same name. */
    static MeshSpec replace(MeshSpec mesh, PodSpec changed) {
        return withNodes(
                mesh,
                node -> new NodeSpec(
                        node.name(),
                        node.labels(),
                        node.pods().stream()
                                .map(pod -> pod.key().equals(changed.key()) ? changed : pod)
                                .toList()));
    }

    private static MeshSpec withNodes(MeshSpec mesh, UnaryOperator<NodeSpec> change) {
        return new MeshSpec(
                mesh.name(),
                mesh.trustDomain(),
                mesh.clusterId(),
                mesh.network(),
                mesh.clusterDomain(),
                mesh.namespaces(),
                mesh.nodes().stream().map(change).toList(),
                mesh.services(),
                mesh.policies());
    }
}
