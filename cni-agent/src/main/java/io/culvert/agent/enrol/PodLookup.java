package io.culvert.agent.enrol;

import io.culvert.agent.pod.Cluster;
import io.culvert.agent.pod.PodFacts;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;

/**
 * Finds the pod that a runtime asks about: in the watched cache, or at the API server where the cache does not know it
 * yet, or knows an older pod by the same name.
 */
final class PodLookup {
    /** On the API's copy of a static pod: the UID by which the kubelet, and so the runtime, knows it. */
    private static final String MIRROR = "kubernetes.io/config.mirror";

    private final Cluster cluster;

    PodLookup(Cluster cluster) {
        this.cluster = cluster;
    }

    /**
     * The pod that is meant.
     *
     * @throws IOException where there is no such pod, or the API server cannot be asked
     */
    PodFacts pod(AddRequest request) throws IOException {
        Optional<PodFacts> cached = cluster.findPod(request.pod()).filter(pod -> isMeant(pod, request));
        if (cached.isPresent()) {
            return cached.get();
        }
        PodFacts pod = cluster.fetchPod(request.pod())
                .orElseThrow(() -> new IOException("the API server knows no pod " + request.pod()));
        if (!isMeant(pod, request)) {
            throw new IOException("the API server knows pod " + pod + ", which is not the pod that the runtime starts ("
                    + request.statedUid() + ")");
        }
        return pod;
    }

    /** A pod whose sandbox is being made does not run yet, and has no terminal phase. */
    private static boolean isMeant(PodFacts pod, AddRequest request) {
        String stated = request.statedUid();
        boolean same = stated.isEmpty()
                || stated.equals(pod.uid().value())
                || stated.equals(pod.annotations().get(MIRROR));
        return same && !pod.terminal();
    }

    /**
     * The labels by which its pods are judged.
     *
     * @throws IOException where there is no such namespace, or the API server cannot be asked
     */
    Map<String, String> namespaceLabels(String name) throws IOException {
        Optional<Map<String, String>> cached = cluster.findNamespace(name);
        if (cached.isPresent()) {
            return cached.get();
        }
        return cluster.fetchNamespace(name)
                .orElseThrow(() -> new IOException("the API server knows no namespace " + name));
    }
}
