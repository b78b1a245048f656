package io.culvert.agent.netns;

import io.culvert.agent.pod.PodUid;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The pods that the proxy must know, each with its namespace once that is found
 * [istio cni/pkg/nodeagent/pod_cache.go podNetnsCache]. An entry leaves only by {@link #remove}, which its owner calls
 * when the rules in the pod are gone: otherwise nobody could take them out any more.
 *
 * <p>Any thread; one lock, held for a map operation and never across a syscall other than close. Bounded by the pods of
 * the node.
 */
public final class NetnsCache {
    private final Map<PodUid, KnownPod> pods = new HashMap<>();

    /**
     * Makes sure that the pod has an entry, if only an empty one: a snapshot then says Keep, and the proxy loses
     * nothing.
     */
    public synchronized void expect(PodUid uid) {
        pods.putIfAbsent(uid, new KnownPod.Missing(uid));
    }

    /**
     * Records the pod's namespace. The same namespace as before keeps the old handle, so that what is in flight stays
     * valid; another one replaces it.
     *
     * @param fresh ownership passes to the cache
     * @return a claim for the caller
     */
    public synchronized NetnsRef put(PodUid uid, WorkloadIdentity identity, NetnsRef fresh) {
        if (pods.get(uid) instanceof KnownPod.Found found) {
            if (found.netns().id().equals(fresh.id())) {
                fresh.close();
                pods.put(uid, new KnownPod.Found(uid, identity, found.netns()));
                return found.netns().share();
            }
            found.netns().close();
        }
        pods.put(uid, new KnownPod.Found(uid, identity, fresh));
        return fresh.share();
    }

    /** A claim for the caller, or empty where the pod or its namespace is unknown. */
    public synchronized Optional<NetnsRef> find(PodUid uid) {
        return pods.get(uid) instanceof KnownPod.Found found
                ? Optional.of(found.netns().share())
                : Optional.empty();
    }

    public synchronized boolean contains(PodUid uid) {
        return pods.containsKey(uid);
    }

    /** The pod is no longer the proxy's. */
    public synchronized void remove(PodUid uid) {
        if (pods.remove(uid) instanceof KnownPod.Found found) {
            found.netns().close();
        }
    }

    /** Everything, with a claim of the caller's own for every namespace. */
    public synchronized List<KnownPod> snapshot() {
        List<KnownPod> copy = new ArrayList<>(pods.size());
        for (KnownPod pod : pods.values()) {
            copy.add(
                    switch (pod) {
                        case KnownPod.Found found ->
                            new KnownPod.Found(
                                    found.uid(), found.identity(), found.netns().share());
                        case KnownPod.Missing missing -> missing;
                    });
        }
        return copy;
    }

    /** Pods that still lack a namespace. */
    public synchronized List<PodUid> missing() {
        return pods.values().stream()
                .filter(KnownPod.Missing.class::isInstance)
                .map(KnownPod::uid)
                .toList();
    }

    /** Gives every handle back, at the end of the program. */
    public synchronized void clear() {
        List.copyOf(pods.keySet()).forEach(this::remove);
    }
}
