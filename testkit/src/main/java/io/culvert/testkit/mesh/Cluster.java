package io.culvert.testkit.mesh;

import io.culvert.testkit.kube.KubeApi;
import io.culvert.testkit.spec.MeshSpec;
import io.culvert.testkit.spec.PodSpec;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.List;

/** What Kubernetes knows of a mesh, as far as anybody asks: the place of an API server. */
interface Cluster extends AutoCloseable {
    /** Namespaces and their labels are as in {@code mesh} now. */
    void namespaces(MeshSpec mesh);

    /** The pod object exists and is bound to its node; it has no address yet. */
    void scheduled(String node, PodSpec pod);

    /** The pod has these addresses, and its containers run. */
    void running(PodSpec pod, List<InetAddress> addresses);

    /** The pod's sandbox could not be made. */
    void failed(PodSpec pod, String reason);

    /** Labels and annotations of the pod are as in {@code pod} now. */
    void relabelled(PodSpec pod);

    void deleted(PodSpec pod);

    /** Whether the agent has marked the pod as redirected. */
    boolean isAnnotated(PodSpec pod);

    /** How an agent finds the API. */
    Path kubeconfig();

    KubeApi api();

    @Override
    void close();

    /** Nobody asks. */
    final class Absent implements Cluster {
        @Override
        public void namespaces(MeshSpec mesh) {}

        @Override
        public void scheduled(String node, PodSpec pod) {}

        @Override
        public void running(PodSpec pod, List<InetAddress> addresses) {}

        @Override
        public void failed(PodSpec pod, String reason) {}

        @Override
        public void relabelled(PodSpec pod) {}

        @Override
        public void deleted(PodSpec pod) {}

        @Override
        public boolean isAnnotated(PodSpec pod) {
            return false;
        }

        @Override
        public Path kubeconfig() {
            throw none();
        }

        @Override
        public KubeApi api() {
            throw none();
        }

        private static MeshFailure none() {
            return new MeshFailure("this mesh serves no Kubernetes API, as it runs without agents");
        }

        @Override
        public void close() {}
    }
}
