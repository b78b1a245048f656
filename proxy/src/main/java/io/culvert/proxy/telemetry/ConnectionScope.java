package io.culvert.proxy.telemetry;

import io.culvert.proxy.outcome.Outcome;
import io.culvert.proxy.outcome.ResponseFlag;

/**
 * The telemetry of one connection, from opened to its one end. Lives on the connection's data loop and is used by it
 * alone.
 *
 * <p>Cost: one adder per written batch of bytes; one look-up at each end of its life; nothing allocated in between.
 */
public final class ConnectionScope {

    private final ConnectionTelemetry owner;
    private final ConnectionFacts facts;
    private final TrafficSeries series;
    private final long openedNanos;
    private long requestBytes;
    private long responseBytes;
    private boolean ended;

    ConnectionScope(ConnectionTelemetry owner, ConnectionFacts facts, TrafficSeries series, long openedNanos) {
        this.owner = owner;
        this.facts = facts;
        this.series = series;
        this.openedNanos = openedNanos;
    }

    /** Bytes written upstream: the request direction, whichever side reports. */
    public void requestBytes(long count) {
        requestBytes += count;
        series.receivedBytes.add(count);
    }

    /** Bytes written downstream. */
    public void responseBytes(long count) {
        responseBytes += count;
        series.sentBytes.add(count);
    }

    /** The end. Only the first call counts: whoever sees the end first names it. */
    public void ended(Outcome outcome) {
        if (ended) {
            return;
        }
        ended = true;
        ResponseFlag flag = outcome.flag();
        series.closed(flag);
        owner.ended(this, outcome);
    }

    public boolean isEnded() {
        return ended;
    }

    public ConnectionFacts facts() {
        return facts;
    }

    /** What the local application sent: the client's request outbound, the server's response inbound. */
    public long bytesSent() {
        return facts.reporter() == Reporter.SOURCE ? requestBytes : responseBytes;
    }

    /** What the local application received. */
    public long bytesReceived() {
        return facts.reporter() == Reporter.SOURCE ? responseBytes : requestBytes;
    }

    long openedNanos() {
        return openedNanos;
    }

    TrafficSeries series() {
        return series;
    }
}
