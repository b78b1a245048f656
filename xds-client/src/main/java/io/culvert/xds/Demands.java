package io.culvert.xds;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What has been asked for by name and not been answered yet. A key is answered when a response has a resource of that
 * name or alias, or says that there is none: istiod answers a virtual address by the service's name, with the address
 * as an alias. Used by the control thread.
 */
final class Demands {
    /** Keys that wait at one time. Each is a connection's first packet to an address that nobody knows here. */
    static final int PENDING_MAX = 4096;

    private final Map<String, List<OnDemand.Listener>> pending = new LinkedHashMap<>();

    /**
     * Waits for a key.
     *
     * @return whether it must be asked for: nobody waits for it yet
     */
    boolean add(String key, OnDemand.Listener listener) {
        List<OnDemand.Listener> waiting = pending.get(key);
        if (waiting != null) {
            waiting.add(listener);
            return false;
        }
        pending.put(key, new ArrayList<>(List.of(listener)));
        return true;
    }

    boolean isFull() {
        return pending.size() >= PENDING_MAX;
    }

    boolean waitsFor(String key) {
        return pending.containsKey(key);
    }

    Set<String> keys() {
        return pending.keySet();
    }

    /** Those whose key this response answers; they wait no longer. */
    List<OnDemand.Listener> answeredBy(Push push) {
        List<OnDemand.Listener> answered = new ArrayList<>();
        if (pending.isEmpty()) {
            return answered;
        }
        take(push.removed(), answered);
        push.forEach(resource -> {
            take(resource.getName(), answered);
            take(resource.getAliasesList(), answered);
        });
        return answered;
    }

    private void take(List<String> keys, List<OnDemand.Listener> into) {
        for (String key : keys) {
            take(key, into);
        }
    }

    private void take(String key, List<OnDemand.Listener> into) {
        List<OnDemand.Listener> waiting = pending.remove(key);
        if (waiting != null) {
            into.addAll(waiting);
        }
    }
}
