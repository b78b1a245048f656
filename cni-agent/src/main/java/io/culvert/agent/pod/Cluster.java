package io.culvert.agent.pod;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The cluster as this node sees it: its own pods, all namespaces, and one thing to write. The {@code find} methods
 * answer from the watched cache and never block; the {@code fetch} methods ask the API server.
 */
public interface Cluster {
    Optional<PodFacts> findPod(PodRef ref);

    /** Labels of a namespace, or empty where the cache does not know it. */
    Optional<Map<String, String>> findNamespace(String name);

    /** All pods of this node that the cache knows. */
    List<PodFacts> pods();

    /**
     * Asks the API server for a pod of this node.
     *
     * @return empty where the API server says that there is none
     * @throws IOException where it cannot be asked
     */
    Optional<PodFacts> fetchPod(PodRef ref) throws IOException;

    /**
     * Asks the API server for the labels of a namespace.
     *
     * @return labels, or empty where the API server says that there is no such namespace
     * @throws IOException where it cannot be asked
     */
    Optional<Map<String, String>> fetchNamespace(String name) throws IOException;

    /**
     * Writes the status annotation. A pod that is gone counts as written.
     *
     * @throws IOException where the API server refuses or cannot be asked
     */
    void annotate(PodFacts pod, Redirection redirection) throws IOException;
}
