package io.culvert.proxy.telemetry;

import io.culvert.proxy.outcome.ResponseFlag;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * The counters of one label set. A connection holds its series, so that counting costs an adder and no look-up. Shared
 * by all loops; only adders are touched.
 */
final class TrafficSeries {

    private final TrafficLabels labels;
    final LongAdder opened = new LongAdder();
    /** Request direction: downstream to upstream, whoever reports. */
    final LongAdder receivedBytes = new LongAdder();
    /** Response direction: upstream to downstream. */
    final LongAdder sentBytes = new LongAdder();

    private final ConcurrentHashMap<ResponseFlag, LongAdder> closed = new ConcurrentHashMap<>(2);
    private final ConcurrentHashMap<ResponseFlag, LongAdder> failed = new ConcurrentHashMap<>(2);

    /** Connections that hold this series. Guarded by the map entry that the series lives in. */
    private int holders;

    /** When the last holder let go, in ticks of the ticker. Guarded likewise. */
    private long idleSinceNanos;

    TrafficSeries(TrafficLabels labels) {
        this.labels = labels;
    }

    TrafficLabels labels() {
        return labels;
    }

    void closed(ResponseFlag flag) {
        adder(closed, flag).increment();
        if (flag != ResponseFlag.NONE) {
            adder(failed, flag).increment();
        }
    }

    @Nullable
    LongAdder closedCount(ResponseFlag flag) {
        return closed.get(flag);
    }

    @Nullable
    LongAdder failedCount(ResponseFlag flag) {
        return failed.get(flag);
    }

    TrafficSeries hold() {
        holders++;
        return this;
    }

    TrafficSeries release(long nowNanos) {
        holders--;
        idleSinceNanos = nowNanos;
        return this;
    }

    boolean idleLongerThan(long nanos, long nowNanos) {
        return holders == 0 && nowNanos - idleSinceNanos > nanos;
    }

    private static LongAdder adder(ConcurrentHashMap<ResponseFlag, LongAdder> adders, ResponseFlag flag) {
        LongAdder present = adders.get(flag);
        return present != null ? present : adders.computeIfAbsent(flag, ignored -> new LongAdder());
    }
}
