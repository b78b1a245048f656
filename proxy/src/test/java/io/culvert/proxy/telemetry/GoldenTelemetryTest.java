package io.culvert.proxy.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.proxy.address.IpPort;
import io.culvert.proxy.telemetry.log.LogFilter;
import io.culvert.proxy.telemetry.log.LogFormat;
import io.culvert.proxy.telemetry.log.LogSink;
import io.culvert.proxy.telemetry.log.LogWriter;
import io.culvert.proxy.telemetry.metrics.MetricsRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The same connections give the same lines and the same samples as the original's, but for times and ephemeral ports,
 * which are taken from it.
 */
class GoldenTelemetryTest {

    private static final Pattern TIME = Pattern.compile("(\\d{4}-\\d\\d-\\d\\dT[0-9:.]+Z)");
    private static final Pattern SOURCE = Pattern.compile("src\\.addr\"?[=:]\"?([0-9.]+:\\d+)");
    private static final Pattern DURATION = Pattern.compile("duration\"?[=:]\"(\\d+)ms\"");

    @ParameterizedTest
    @CsvSource({"a, PLAIN", "a, JSON", "b, PLAIN", "b, JSON"})
    void writesTheAccessLogOfTheOriginal(String node, LogFormat format) throws IOException {
        List<String> golden = resource("access-" + node + (format == LogFormat.JSON ? "-json.txt" : "-plain.txt"))
                .lines()
                .toList();
        List<GoldenScenario.Step> steps = node.equals("a") ? GoldenScenario.nodeA() : GoldenScenario.nodeB();
        assertThat(golden).hasSameSizeAs(steps);
        for (int i = 0; i < golden.size(); i++) {
            assertThat(play(steps.get(i), golden.get(i), format)).isEqualTo(golden.get(i) + "\n");
        }
    }

    private static String play(GoldenScenario.Step step, String golden, LogFormat format) {
        AtomicReference<Instant> now = new AtomicReference<>(Instant.parse(group(TIME, golden, "")));
        AtomicLong ticks = new AtomicLong();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (LogWriter writer = LogWriter.start(out, ticks::get)) {
            LogSink sink = new LogSink(format, LogFilter.startup("info"), writer, now::get);
            ConnectionTelemetry telemetry =
                    new ConnectionTelemetry(new TrafficMetrics(), new AccessLog(sink), ticks::get);
            long durationMs = Long.parseLong(group(DURATION, golden, "0"));
            step.play(
                    telemetry,
                    IpPort.parse(group(SOURCE, golden, "")).orElseThrow(),
                    () -> ticks.addAndGet(Duration.ofMillis(durationMs).toNanos()));
        }
        return out.toString(StandardCharsets.UTF_8);
    }

    private static String group(Pattern pattern, String text, String fallback) {
        Matcher matcher = pattern.matcher(text);
        return matcher.find() ? matcher.group(1) : fallback;
    }

    @ParameterizedTest
    @CsvSource({"a, 5", "b, 7"})
    void countsWhatTheOriginalCounts(String node, int sockets) throws IOException {
        List<String> golden = trafficLines(resource("metrics-" + node + ".txt"));
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        String ours;
        try (LogWriter writer = LogWriter.start(out, () -> 0)) {
            LogSink sink = new LogSink(LogFormat.PLAIN, LogFilter.startup("off"), writer, () -> Instant.EPOCH);
            TrafficMetrics metrics = new TrafficMetrics();
            ConnectionTelemetry telemetry = new ConnectionTelemetry(metrics, new AccessLog(sink), () -> 0);
            sockets(metrics, node, sockets);
            IpPort source = IpPort.parse("10.61.0.1:4711").orElseThrow();
            (node.equals("a") ? GoldenScenario.nodeA() : GoldenScenario.nodeB())
                    .forEach(step -> step.play(telemetry, source, () -> {}));
            ours = new String(new MetricsRegistry().add(metrics).scrape(), StandardCharsets.UTF_8);
        }
        // Label sets come in no particular order within a family; families and their heads do.
        assertThat(trafficLines(ours)).containsExactlyInAnyOrderElementsOf(golden);
        assertThat(heads(ours)).isEqualTo(heads(String.join("\n", golden)));
        assertThat(ours).endsWith("# EOF\n");
    }

    /** At the moment of the scrape: node a had none open, node b the three HBONE connections of the pool. */
    private static void sockets(TrafficMetrics metrics, String node, int opened) {
        Reporter reporter = node.equals("a") ? Reporter.SOURCE : Reporter.DESTINATION;
        int open = node.equals("a") ? 0 : 3;
        for (int i = 0; i < opened; i++) {
            metrics.socketOpened(reporter);
        }
        for (int i = open; i < opened; i++) {
            metrics.socketClosed(reporter);
        }
    }

    private static List<String> trafficLines(String text) {
        return text.lines().filter(line -> line.contains("istio_tcp_")).toList();
    }

    private static List<String> heads(String text) {
        return text.lines()
                .filter(line -> line.startsWith("# ") && line.contains("istio_tcp_"))
                .toList();
    }

    @Test
    @SuppressWarnings("StringConcatToTextBlock") // the very bytes are meant
    void announcesOpenConnectionsAtDebugOnly() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (LogWriter writer = LogWriter.start(out, () -> 0)) {
            LogSink sink = new LogSink(LogFormat.PLAIN, LogFilter.startup("access=debug"), writer, () -> Instant.EPOCH);
            ConnectionTelemetry telemetry = new ConnectionTelemetry(new TrafficMetrics(), new AccessLog(sink), () -> 0);
            IpPort address = IpPort.parse("10.0.0.1:1").orElseThrow();
            telemetry.opened(
                    ConnectionFacts.builder(Reporter.SOURCE, address, address).build());
        }
        assertThat(out.toString(StandardCharsets.UTF_8))
                .isEqualTo("1970-01-01T00:00:00.000000Z\tdebug\taccess\tconnection opened\t"
                        + "src.addr=10.0.0.1:1 dst.addr=10.0.0.1:1 direction=\"outbound\"\n");
    }

    private static String resource(String name) throws IOException {
        try (InputStream in = GoldenTelemetryTest.class.getResourceAsStream("/golden/ztunnel/" + name)) {
            return new String(Objects.requireNonNull(in, name).readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
