package io.culvert.proxy.telemetry;

import io.culvert.proxy.address.IpPort;
import io.culvert.proxy.outcome.Outcome;
import io.culvert.proxy.outcome.ProxyError;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Opens connection scopes, and tells of connections that were refused before they had one. One per process; any loop.
 */
public final class ConnectionTelemetry {

    private final TrafficMetrics metrics;
    private final AccessLog accessLog;
    private final LongSupplier ticker;

    /**
     * Joins metrics and access log.
     *
     * @param ticker nanoseconds of a monotonic clock
     */
    public ConnectionTelemetry(TrafficMetrics metrics, AccessLog accessLog, LongSupplier ticker) {
        this.metrics = metrics;
        this.accessLog = accessLog;
        this.ticker = ticker;
    }

    /**
     * Counts the connection as opened; on the destination side before policy is asked, so that a denied one counts too.
     */
    public ConnectionScope opened(ConnectionFacts facts) {
        return openedAt(facts, ticker.getAsLong());
    }

    /** As {@link #opened}, for a connection whose duration began at an earlier tick. */
    public ConnectionScope openedAt(ConnectionFacts facts, long openedNanos) {
        TrafficSeries series = metrics.hold(facts);
        series.opened.increment();
        accessLog.opened(facts);
        return new ConnectionScope(this, facts, series, openedNanos);
    }

    /** A connection that was refused before it was counted: one warning, no connection metrics. */
    public void deniedEarly(Reporter reporter, IpPort source, IpPort destination, ProxyError error) {
        accessLog.deniedEarly(reporter, source, destination, error);
    }

    /** Gauges of accepted sockets. */
    public TrafficMetrics metrics() {
        return metrics;
    }

    void ended(ConnectionScope scope, Outcome outcome) {
        long now = ticker.getAsLong();
        metrics.release(scope.series(), now);
        accessLog.ended(scope, outcome, TimeUnit.NANOSECONDS.toMillis(now - scope.openedNanos()));
    }
}
