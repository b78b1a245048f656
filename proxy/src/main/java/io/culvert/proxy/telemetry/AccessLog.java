package io.culvert.proxy.telemetry;

import io.culvert.proxy.address.IpPort;
import io.culvert.proxy.outcome.Outcome;
import io.culvert.proxy.outcome.OutcomeTable;
import io.culvert.proxy.outcome.ProxyError;
import io.culvert.proxy.telemetry.log.LogLevel;
import io.culvert.proxy.telemetry.log.LogLine;
import io.culvert.proxy.telemetry.log.LogSink;

/**
 * The access log: one line per connection at its end, target {@code access}, field for field as ztunnel's
 * {@code proxy/metrics.rs:ConnectionResult} writes it. Lines are made on the data loop, straight into bytes.
 */
public final class AccessLog {

    private static final String TARGET = "access";

    private final LogSink sink;

    public AccessLog(LogSink sink) {
        this.sink = sink;
    }

    void opened(ConnectionFacts facts) {
        if (sink.enabled(TARGET, LogLevel.DEBUG)) {
            LogLine line = sink.line(LogLevel.DEBUG, TARGET, "connection opened");
            ends(line, facts);
            sink.offer(line);
        }
    }

    void ended(ConnectionScope scope, Outcome outcome, long durationMillis) {
        LogLevel level = switch (outcome) {
            case Outcome.Completed ignored -> LogLevel.INFO;
            case Outcome.Failed ignored -> LogLevel.ERROR;
        };
        if (!sink.enabled(TARGET, level)) {
            return;
        }
        LogLine line = sink.line(level, TARGET, "connection complete");
        ends(line, scope.facts());
        line.number("bytes_sent", scope.bytesSent());
        line.number("bytes_recv", scope.bytesReceived());
        line.text("duration", durationMillis + "ms");
        if (outcome instanceof Outcome.Failed failed) {
            line.text("error", OutcomeTable.of(failed.error()).text());
        }
        sink.offer(line);
    }

    void deniedEarly(Reporter reporter, IpPort source, IpPort destination, ProxyError error) {
        if (!sink.enabled(TARGET, LogLevel.WARN)) {
            return;
        }
        LogLine line = sink.line(LogLevel.WARN, TARGET, "connection failed");
        line.bare("src.addr", source.toString());
        line.bare("dst.addr", destination.toString());
        line.text("direction", reporter.direction());
        line.text("error", OutcomeTable.of(error).text());
        sink.offer(line);
    }

    private static void ends(LogLine line, ConnectionFacts facts) {
        boolean mutual = facts.security() == SecurityPolicy.MUTUAL_TLS;
        line.bare("src.addr", facts.sourceAddress().toString());
        textIfKnown(line, "src.workload", facts.source().logName());
        textIfKnown(line, "src.namespace", facts.source().namespace());
        textIfKnown(line, "src.identity", mutual ? facts.sourceIdentity() : "");
        textIfKnown(line, "src.cluster", facts.source().cluster());
        line.bare("dst.addr", facts.destinationAddress().toString());
        if (!facts.hboneAddress().isEmpty()) {
            line.bare("dst.hbone_addr", facts.hboneAddress());
        }
        textIfKnown(line, "dst.service", facts.service().hostname());
        textIfKnown(line, "dst.workload", facts.destination().logName());
        textIfKnown(line, "dst.namespace", facts.destination().namespace());
        textIfKnown(line, "dst.identity", mutual ? facts.destinationIdentity() : "");
        textIfKnown(line, "dst.cluster", facts.destination().cluster());
        line.text("direction", facts.reporter().direction());
    }

    private static void textIfKnown(LogLine line, String key, String value) {
        if (!value.isEmpty()) {
            line.text(key, value);
        }
    }
}
