package io.culvert.testkit.mesh;

import io.culvert.testkit.spec.PodSpec;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;

/** Redirection by the testkit itself: rules into the pod's namespace, and the namespace to the proxy. */
final class TestkitEnrolment implements Enrolment {
    private final ZdsServer zds;
    private final Predicate<PodSpec> inMesh;
    private final Set<String> enrolled = ConcurrentHashMap.newKeySet();

    private TestkitEnrolment(ZdsServer zds, Predicate<PodSpec> inMesh) {
        this.zds = zds;
        this.inMesh = inMesh;
    }

    /** @param inMesh which pods are to be redirected, by their labels */
    static TestkitEnrolment listen(Path zdsSocket, Predicate<PodSpec> inMesh) throws IOException {
        return new TestkitEnrolment(ZdsServer.listen(zdsSocket), inMesh);
    }

    @Override
    public void add(MeshPod pod) throws IOException {
        if (inMesh.test(pod.spec())) {
            PodRedirection.apply(pod.netns());
            zds.add(pod.spec(), pod.netns());
            enrolled.add(pod.spec().uid());
        }
    }

    @Override
    public void remove(MeshPod pod) throws IOException {
        if (enrolled.remove(pod.spec().uid())) {
            zds.remove(pod.spec());
        }
    }

    @Override
    public boolean isEnrolled(PodSpec pod) {
        return enrolled.contains(pod.uid());
    }

    @Override
    public void close() {
        zds.close();
    }

    /** Where there are no proxies: pods are as they are. */
    static final class Nobody implements Enrolment {
        @Override
        public void add(MeshPod pod) {}

        @Override
        public void remove(MeshPod pod) {}

        @Override
        public boolean isEnrolled(PodSpec pod) {
            return false;
        }

        @Override
        public void close() {}
    }
}
