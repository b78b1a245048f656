package io.culvert.proxy.routing;

import io.culvert.xds.mesh.Workload;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;

/**
 * Endpoints that could not be reached a moment ago, as one loop's connections found out. They are not chosen for
 * {@code lastsNanos}, unless there is nobody else: an ejection can make a choice worse, never impossible.
 *
 * <p>Owned by one loop. Costs nothing while nobody fails: {@link #isEmpty()} is all that a choice asks then.
 */
public final class Ejections implements Shunned {

    /** The oldest goes when there are more: a node whose network is gone would otherwise remember the whole mesh. */
    static final int EJECTED_MAX = 1_024;

    private final LongSupplier nanoTicker;
    private final long lastsNanos;
    /** Until when, in the order in which they end. */
    private final Map<Endpoint, Long> until = new LinkedHashMap<>();

    private long lastEnd;

    private record Endpoint(String uid, int port) {}

    /** Written by the loop alone; metrics read it. */
    private final AtomicInteger size = new AtomicInteger();

    /**
     * Nobody is ejected yet.
     *
     * @param lastsNanos 0: nobody ever is
     */
    public Ejections(LongSupplier nanoTicker, long lastsNanos) {
        this.nanoTicker = nanoTicker;
        this.lastsNanos = lastsNanos;
    }

    /** The endpoint could not be reached just now. True if it was thought well until then. */
    public boolean failed(Workload endpoint, int port) {
        if (lastsNanos == 0) {
            return false;
        }
        Endpoint key = new Endpoint(endpoint.uid(), port);
        long now = nanoTicker.getAsLong();
        until.values().removeIf(end -> end - now <= 0);
        boolean isNew = until.remove(key) == null;
        if (until.size() >= EJECTED_MAX) {
            until.remove(until.keySet().iterator().next());
        }
        lastEnd = now + lastsNanos;
        until.put(key, lastEnd);
        size.setOpaque(until.size());
        return isNew;
    }

    /** It was reached after all. */
    public void succeeded(Workload endpoint, int port) {
        if (!until.isEmpty()) {
            until.remove(new Endpoint(endpoint.uid(), port));
            size.setOpaque(until.size());
        }
    }

    @Override
    public boolean isEmpty() {
        if (until.isEmpty()) {
            return true;
        }
        if (lastEnd - nanoTicker.getAsLong() > 0) {
            return false;
        }
        until.clear();
        size.setOpaque(0);
        return true;
    }

    @Override
    public boolean wasTried(Workload endpoint, int port) {
        return false;
    }

    @Override
    public boolean isEjected(Workload endpoint, int port) {
        Long end = until.get(new Endpoint(endpoint.uid(), port));
        return end != null && end - nanoTicker.getAsLong() > 0;
    }

    /** How many are ejected, or were until a moment ago. Any thread. */
    public int size() {
        return size.getOpaque();
    }
}
