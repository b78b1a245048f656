package io.culvert.agent.netns;

import io.culvert.agent.pod.PodUid;

/** One pod of the cache, as a snapshot tells the proxy. */
public sealed interface KnownPod {
    PodUid uid();

    /** The namespace is known; the holder of this record closes the claim. */
    record Found(PodUid uid, WorkloadIdentity identity, NetnsRef netns) implements KnownPod {}

    /** The pod belongs to the mesh, but its namespace has not been found (again) yet. */
    record Missing(PodUid uid) implements KnownPod {}
}
