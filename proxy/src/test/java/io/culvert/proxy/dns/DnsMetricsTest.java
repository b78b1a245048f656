package io.culvert.proxy.dns;

import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.proxy.telemetry.metrics.MetricsRegistry;
import io.culvert.xds.mesh.Workload;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The metrics, against those of a real ztunnel that was asked the same. */
class DnsMetricsTest {

    private static final long MICRO = 1_000;

    private final DnsMetrics metrics = new DnsMetrics();
    private final Workload asking = new MeshForDns().client();

    private List<String> lines() {
        String text = new String(new MetricsRegistry().add(metrics).scrape(), StandardCharsets.UTF_8);
        return text.lines().filter(line -> !line.equals("# EOF")).toList();
    }

    /** Times differ from one run to the next. */
    private static List<String> timeless(List<String> lines) {
        return lines.stream()
                .map(line -> line.contains("_seconds_sum{") ? line.substring(0, line.lastIndexOf(' ')) : line)
                .toList();
    }

    private static List<String> recorded() throws IOException {
        try (InputStream in = DnsMetricsTest.class.getResourceAsStream("/golden/ztunnel/dns-metrics.txt")) {
            assertThat(in).isNotNull();
            return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().toList();
        }
    }

    private void forward(int type, boolean failed, long micros) {
        metrics.forwarded(new RecordType(type), Client.Protocol.UDP, asking, failed, micros * MICRO, 0);
    }

    @Test
    void areThoseOfTheOriginalForTheSameQuestions() throws IOException {
        metrics.asked(RecordType.A, Client.Protocol.UDP, asking, 0);
        metrics.asked(RecordType.AAAA, Client.Protocol.UDP, asking, 0);
        forward(1, true, 100);
        forward(1, true, 149);
        forward(65, true, 40);
        forward(65_280, true, 93);
        assertThat(timeless(lines())).containsExactlyInAnyOrderElementsOf(timeless(recorded()));
    }

    @Test
    void printSmallSumsWithoutAnExponent() {
        forward(1, false, 40);
        assertThat(lines()).anySatisfy(line -> assertThat(line).endsWith("_revision=\"v1\"} 0.00004"));
    }

    @Test
    void countTimesByTheirUpperBounds() {
        for (long micros : new long[] {500, 501, 10_000, 5_000_000, 5_000_001}) {
            forward(1, false, micros);
        }
        Map<String, Integer> expected =
                Map.of("0.0005", 1, "0.001", 2, "0.01", 3, "0.1", 3, "1.0", 3, "5.0", 4, "+Inf", 5);
        expected.forEach((bound, count) -> assertThat(lines())
                .anySatisfy(line ->
                        assertThat(line).contains("{le=\"" + bound + "\",").endsWith("} " + count)));
    }

    @Test
    void areBoundedAndDropWhatNobodyUses() {
        for (int i = 0; i < DnsMetrics.SERIES_MAX + 10; i++) {
            Workload other = Workload.builder()
                    .uid("w" + i)
                    .name("w")
                    .namespace("ns")
                    .canonicalName("c" + i)
                    .build();
            metrics.asked(RecordType.A, Client.Protocol.UDP, other, i);
        }
        assertThat(lines())
                .hasSize(DnsMetrics.SERIES_MAX + 3)
                .anySatisfy(line -> assertThat(line)
                        .contains("request_query_type=\"unknown\"")
                        .endsWith(" 10"));
        metrics.expireIdle(0, DnsMetrics.SERIES_MAX + 10);
        assertThat(lines()).isEmpty();
    }
}
