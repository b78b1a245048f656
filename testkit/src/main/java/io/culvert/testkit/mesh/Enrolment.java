package io.culvert.testkit.mesh;

import io.culvert.testkit.spec.PodSpec;
import java.io.IOException;

/** How pods of one node get their traffic redirected to its proxy. */
interface Enrolment extends AutoCloseable {
    /**
     * What a runtime does once a pod's network is there: returns when the pod may start.
     *
     * @throws IOException if the pod must not start; the message says why
     */
    void add(MeshPod pod) throws IOException;

    /** What a runtime does when a pod ends. */
    void remove(MeshPod pod) throws IOException;

    /** Whether the pod's traffic is redirected by now, as far as can be told from outside. */
    boolean isEnrolled(PodSpec pod);

    @Override
    void close();
}
