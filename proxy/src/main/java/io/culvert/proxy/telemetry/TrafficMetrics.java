package io.culvert.proxy.telemetry;

import io.culvert.proxy.outcome.ResponseFlag;
import io.culvert.proxy.telemetry.metrics.Exposition;
import io.culvert.proxy.telemetry.metrics.MetricSource;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * The {@code istio_tcp_*} families: one {@link TrafficSeries} per label set, held by its connections.
 *
 * <p>The number of series is bounded by {@link #SERIES_MAX}: a label set beyond it is counted under one overflow set
 * whose labels are all unknown, so that nothing is lost from the sums. Series that no connection has held for a while
 * are dropped by {@link #expireIdle}; ztunnel keeps them for ever.
 */
public final class TrafficMetrics implements MetricSource {

    /** About 2 KiB each with their adders: 40 MiB at the bound, which a node of 250 pods does not come near. */
    static final int SERIES_MAX = 20_000;

    private static final ResponseFlag[] FLAGS = ResponseFlag.values();

    private final ConcurrentHashMap<TrafficLabels, TrafficSeries> series = new ConcurrentHashMap<>();
    private final Sockets sourceSockets = new Sockets();
    private final Sockets destinationSockets = new Sockets();
    private final LongAdder overflowed = new LongAdder();

    /** The series of a connection's labels, held until {@link #release}. Any loop. */
    TrafficSeries hold(ConnectionFacts facts) {
        TrafficLabels labels = TrafficLabels.of(facts);
        if (series.size() >= SERIES_MAX && !series.containsKey(labels)) {
            overflowed.increment();
            labels = TrafficLabels.of(
                    ConnectionFacts.builder(facts.reporter(), facts.sourceAddress(), facts.destinationAddress())
                            .build());
        }
        TrafficLabels key = labels;
        return series.compute(key, (ignored, present) -> (present == null ? new TrafficSeries(key) : present).hold());
    }

    void release(TrafficSeries held, long nowNanos) {
        series.computeIfPresent(held.labels(), (ignored, present) -> present.release(nowNanos));
    }

    /** A socket was accepted; balanced by {@link #socketClosed}. From accept to the end of all work for it. */
    public void socketOpened(Reporter reporter) {
        sockets(reporter).opened.increment();
    }

    public void socketClosed(Reporter reporter) {
        sockets(reporter).closed.increment();
    }

    private Sockets sockets(Reporter reporter) {
        return switch (reporter) {
            case SOURCE -> sourceSockets;
            case DESTINATION -> destinationSockets;
        };
    }

    /** Drops series without a connection for longer than {@code seconds}. For a timer on the control thread. */
    public int expireIdle(long seconds, long nowNanos) {
        long limit = TimeUnit.SECONDS.toNanos(seconds);
        int before = series.size();
        series.forEach((labels, ignored) -> series.computeIfPresent(
                labels, (key, present) -> present.idleLongerThan(limit, nowNanos) ? null : present));
        return before - series.size();
    }

    @Override
    public void write(Exposition out) {
        if (!series.isEmpty()) {
            writeTraffic(out);
        }
        if (sourceSockets.opened.sum() + destinationSockets.opened.sum() > 0) {
            writeSockets(out);
        }
        if (overflowed.sum() > 0) {
            out.family(
                    "culvert_tcp_series_overflow",
                    "counter",
                    "Connections counted without labels because there were too many label sets (unstable).");
            out.sample("culvert_tcp_series_overflow_total", "", overflowed.sum());
        }
    }

    private void writeTraffic(Exposition out) {
        out.family("istio_tcp_connections_opened", "counter", "The total number of TCP connections opened.");
        series.values().forEach(one -> sample(out, "istio_tcp_connections_opened_total", one, one.opened));
        out.family("istio_tcp_connections_closed", "counter", "The total number of TCP connections closed.");
        writeByFlag(out, "istio_tcp_connections_closed_total", TrafficSeries::closedCount);
        out.family(
                "istio_tcp_received_bytes",
                "counter",
                "The size of total bytes received during request in case of a TCP connection.");
        series.values().forEach(one -> sample(out, "istio_tcp_received_bytes_total", one, one.receivedBytes));
        out.family(
                "istio_tcp_sent_bytes",
                "counter",
                "The size of total bytes sent during response in case of a TCP connection.");
        series.values().forEach(one -> sample(out, "istio_tcp_sent_bytes_total", one, one.sentBytes));
        out.family(
                "istio_tcp_connections_failed",
                "counter",
                "The total number of TCP connections that failed to establish (unstable).");
        writeByFlag(out, "istio_tcp_connections_failed_total", TrafficSeries::failedCount);
    }

    private void writeSockets(Exposition out) {
        out.family("istio_tcp_sockets_open", "gauge", "The current number of open TCP sockets (unstable).");
        for (Reporter reporter : Reporter.values()) {
            long opened = sockets(reporter).opened.sum();
            if (opened > 0) {
                long open = opened - sockets(reporter).closed.sum();
                out.sample("istio_tcp_sockets_open", "{reporter=\"" + reporter.label() + "\"}", open);
            }
        }
    }

    private void writeByFlag(Exposition out, String name, CountByFlag counts) {
        for (TrafficSeries one : series.values()) {
            for (ResponseFlag flag : FLAGS) {
                LongAdder count = counts.of(one, flag);
                if (count != null) {
                    out.sample(name, one.labels().render(flag), count.sum());
                }
            }
        }
    }

    private static void sample(Exposition out, String name, TrafficSeries one, LongAdder value) {
        out.sample(name, one.labels().render(ResponseFlag.NONE), value.sum());
    }

    /** Two adders rather than one: whether any socket was ever opened decides whether the sample exists. */
    private static final class Sockets {
        final LongAdder opened = new LongAdder();
        final LongAdder closed = new LongAdder();
    }

    @FunctionalInterface
    private interface CountByFlag {
        @Nullable
        LongAdder of(TrafficSeries series, ResponseFlag flag);
    }
}
