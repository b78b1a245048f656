package io.culvert.agent.pod;

/** Told of what changed. Called on the informers' threads; must return at once. */
public interface ClusterListener {
    /** A pod of this node appeared or changed; the cache holds what it is now. */
    void podChanged(PodFacts pod);

    /** A pod of this node is gone from the API. */
    void podDeleted(PodFacts lastSeen);

    /** A namespace appeared, or its labels changed. */
    void namespaceChanged(String name);
}
