package io.culvert.proxy.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.proxy.address.IpPort;
import io.culvert.proxy.outcome.Outcome;
import io.culvert.proxy.outcome.ProxyError;
import io.culvert.proxy.telemetry.log.LogFilter;
import io.culvert.proxy.telemetry.log.LogFormat;
import io.culvert.proxy.telemetry.log.LogSink;
import io.culvert.proxy.telemetry.log.LogWriter;
import io.culvert.proxy.telemetry.metrics.MetricsRegistry;
import io.culvert.xds.mesh.Workload;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ConnectionScopeTest {

    private static final IpPort ADDRESS = IpPort.parse("10.0.0.1:1").orElseThrow();

    private final AtomicLong ticks = new AtomicLong();
    private final ByteArrayOutputStream log = new ByteArrayOutputStream();
    private final LogWriter writer = LogWriter.start(log, ticks::get);
    private final TrafficMetrics metrics = new TrafficMetrics();
    private final ConnectionTelemetry telemetry = new ConnectionTelemetry(
            metrics,
            new AccessLog(new LogSink(LogFormat.PLAIN, LogFilter.startup("info"), writer, () -> Instant.EPOCH)),
            ticks::get);

    @AfterEach
    void close() {
        writer.close();
    }

    private ConnectionScope open(Reporter reporter) {
        return telemetry.opened(
                ConnectionFacts.builder(reporter, ADDRESS, ADDRESS).build());
    }

    private String scrape() {
        return new String(new MetricsRegistry().add(metrics).scrape(), StandardCharsets.UTF_8);
    }

    private String logged() {
        writer.close();
        return log.toString(StandardCharsets.UTF_8);
    }

    @Test
    void onlyTheFirstEndCounts() {
        ConnectionScope scope = open(Reporter.SOURCE);
        scope.ended(Outcome.failed(new ProxyError.PolicyChanged()));
        scope.ended(Outcome.completed());
        assertThat(scrape().lines().filter(line -> line.startsWith("istio_tcp_connections_closed_total")))
                .singleElement()
                .satisfies(line ->
                        assertThat(line).contains("response_flags=\"DENY\"").endsWith(" 1"));
        assertThat(logged().lines()).hasSize(1);
    }

    @Test
    void countsBytesWhileTheConnectionRuns() {
        ConnectionScope scope = open(Reporter.DESTINATION);
        scope.requestBytes(7);
        scope.responseBytes(11);
        assertThat(scrape().lines().filter(line -> line.startsWith("istio_tcp_received_bytes_total")))
                .allMatch(line -> line.endsWith(" 7"));
        assertThat(scrape().lines().filter(line -> line.startsWith("istio_tcp_sent_bytes_total")))
                .allMatch(line -> line.endsWith(" 11"));
    }

    @Test
    void logsBytesFromTheLocalApplicationsView() {
        ConnectionScope outbound = open(Reporter.SOURCE);
        outbound.requestBytes(11);
        outbound.responseBytes(22);
        outbound.ended(Outcome.completed());
        ConnectionScope inbound = open(Reporter.DESTINATION);
        inbound.requestBytes(11);
        inbound.responseBytes(22);
        inbound.ended(Outcome.completed());
        assertThat(logged().lines())
                .satisfiesExactly(
                        first -> assertThat(first).contains("bytes_sent=11 bytes_recv=22"),
                        second -> assertThat(second).contains("bytes_sent=22 bytes_recv=11"));
    }

    @Test
    void aDrainedConnectionIsAnErrorInTheLogAndNoFailureInTheMetrics() {
        open(Reporter.SOURCE).ended(Outcome.failed(new ProxyError.Drained()));
        assertThat(scrape()).doesNotContain("istio_tcp_connections_failed_total");
        assertThat(logged()).contains("\terror\t").contains("connection closed due to connection drain");
    }

    @Test
    void leavesLocalityOutWhereNobodyIsKnown() {
        open(Reporter.SOURCE);
        assertThat(scrape()).doesNotContain("source_region");
        telemetry.opened(ConnectionFacts.builder(Reporter.SOURCE, ADDRESS, ADDRESS)
                .source(Workload.builder().name("a").build())
                .build());
        assertThat(scrape()).contains("source_region=\"unknown\",source_zone=\"unknown\",destination_region");
    }

    @Test
    void expiresSeriesThatNoConnectionHolds() {
        ConnectionScope held = open(Reporter.SOURCE);
        open(Reporter.DESTINATION).ended(Outcome.completed());
        ticks.addAndGet(TimeUnit.MINUTES.toNanos(10));
        assertThat(metrics.expireIdle(300, ticks.get())).isEqualTo(1);
        assertThat(scrape()).contains("reporter=\"source\"").doesNotContain("reporter=\"destination\"");
        held.ended(Outcome.completed());
        assertThat(metrics.expireIdle(300, ticks.get())).isZero();
    }

    @Test
    void boundsTheNumberOfSeriesAndLosesNoConnection() {
        for (int i = 0; i <= TrafficMetrics.SERIES_MAX + 10; i++) {
            telemetry
                    .opened(ConnectionFacts.builder(Reporter.SOURCE, ADDRESS, ADDRESS)
                            .source(Workload.builder().workloadName("w" + i).build())
                            .build())
                    .requestBytes(1);
        }
        assertThat(scrape()).contains("culvert_tcp_series_overflow_total 11");
    }

    @Test
    void aHostileLabelValueCannotBreakOutOfItsQuotes() {
        Baggage baggage = Baggage.parse(List.of("k8s.deployment.name=a\"} 1\nevil 2\\"));
        telemetry.opened(ConnectionFacts.builder(Reporter.DESTINATION, ADDRESS, ADDRESS)
                .source(PeerFacts.of(baggage))
                .build());
        assertThat(scrape())
                .contains("source_workload=\"a\\\"} 1\\nevil 2\\\\\"")
                .doesNotContain("\nevil");
    }
}
