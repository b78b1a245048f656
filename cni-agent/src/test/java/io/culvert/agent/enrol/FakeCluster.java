package io.culvert.agent.enrol;

import io.culvert.agent.pod.Cluster;
import io.culvert.agent.pod.ClusterListener;
import io.culvert.agent.pod.IstioKeys;
import io.culvert.agent.pod.PodFacts;
import io.culvert.agent.pod.PodRef;
import io.culvert.agent.pod.Redirection;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** A cluster in memory, whose cache is always up to date, and which tells its listener of every change at once. */
final class FakeCluster implements Cluster {
    private final Map<PodRef, PodFacts> pods = new ConcurrentHashMap<>();
    /** What only the API server knows yet. */
    private final Map<PodRef, PodFacts> unseen = new ConcurrentHashMap<>();

    private final Map<String, Map<String, String>> namespaces = new ConcurrentHashMap<>();
    private @Nullable ClusterListener listener;
    private boolean away;

    void listen(ClusterListener to) {
        listener = to;
    }

    /** The listener is gone. */
    void deaf() {
        listener = null;
    }

    void namespace(String name, Map<String, String> labels) {
        namespaces.put(name, labels);
        if (listener != null) {
            listener.namespaceChanged(name);
        }
    }

    void put(PodFacts pod) {
        pods.put(pod.ref(), pod);
        if (listener != null) {
            listener.podChanged(pod);
        }
    }

    void putUnseen(PodFacts pod) {
        unseen.put(pod.ref(), pod);
    }

    void delete(PodRef ref) {
        PodFacts last = pods.remove(ref);
        if (listener != null && last != null) {
            listener.podDeleted(last);
        }
    }

    /** The API server cannot be reached. */
    void away(boolean now) {
        away = now;
    }

    PodFacts pod(PodRef ref) {
        return findPod(ref).orElseThrow();
    }

    @Override
    public Optional<PodFacts> findPod(PodRef ref) {
        return Optional.ofNullable(pods.get(ref));
    }

    @Override
    public Optional<Map<String, String>> findNamespace(String name) {
        return Optional.ofNullable(namespaces.get(name));
    }

    @Override
    public List<PodFacts> pods() {
        return List.copyOf(pods.values());
    }

    @Override
    public Optional<PodFacts> fetchPod(PodRef ref) throws IOException {
        reach();
        return Optional.ofNullable(unseen.getOrDefault(ref, pods.get(ref)));
    }

    @Override
    public Optional<Map<String, String>> fetchNamespace(String name) throws IOException {
        reach();
        return findNamespace(name);
    }

    @Override
    public void annotate(PodFacts pod, Redirection redirection) throws IOException {
        reach();
        PodFacts now = pods.get(pod.ref());
        if (now == null || !now.uid().equals(pod.uid())) {
            return;
        }
        Map<String, String> annotations = new HashMap<>(now.annotations());
        switch (redirection) {
            case ABSENT -> annotations.remove(IstioKeys.REDIRECTION);
            case PENDING -> annotations.put(IstioKeys.REDIRECTION, "pending");
            case ENABLED -> annotations.put(IstioKeys.REDIRECTION, "enabled");
        }
        if (!annotations.equals(now.annotations())) {
            put(new PodFacts(
                    now.ref(),
                    now.uid(),
                    now.serviceAccount(),
                    now.labels(),
                    annotations,
                    now.hostNetwork(),
                    now.terminal(),
                    now.ips()));
        }
    }

    private void reach() throws IOException {
        if (away) {
            throw new IOException("the API server is away");
        }
    }
}
