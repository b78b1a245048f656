package io.culvert.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.proxy.telemetry.metrics.MetricsRegistry;
import io.culvert.xds.AdsCounters;
import io.culvert.xds.AdsStatus;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

class XdsMetricsTest {
    private static final String URL = "type.googleapis.com/istio.workload.Address";

    private final AtomicLong now = new AtomicLong();
    private final AtomicReference<AdsStatus> status = new AtomicReference<>(AdsStatus.NONE);
    private final XdsMetrics metrics = new XdsMetrics(now::get, status::get);

    private String scrape() {
        return new String(new MetricsRegistry().add(metrics).scrape(), StandardCharsets.UTF_8);
    }

    @Test
    void tellsTheAgeOfTheLastMessageWhateverTheWallClockDoes() {
        assertThat(scrape()).doesNotContain("age_seconds");
        metrics.messageReceived(URL, 100);
        now.addAndGet(TimeUnit.SECONDS.toNanos(90));
        assertThat(scrape()).contains("culvert_xds_message_age_seconds{url=\"" + URL + "\"} 90\n");
        metrics.messageReceived(URL, 100);
        assertThat(scrape())
                .contains("culvert_xds_message_age_seconds{url=\"" + URL + "\"} 0\n")
                .contains("istio_xds_message_total{url=\"" + URL + "\"} 2\n");
    }

    @Test
    void tellsWhetherAndToWhomItIsConnected() {
        assertThat(scrape()).contains("culvert_xds_connected{server=\"\"} 0\n");
        status.set(new AdsStatus(
                AdsStatus.Connection.CONNECTED,
                "10.0.0.1:15012",
                Instant.EPOCH,
                1,
                "",
                Map.of(),
                Map.of(URL, new AdsStatus.TypeStatus(7, 5, 1, 9, 2, 3, "v", "n", 4, Map.of()))));
        assertThat(scrape())
                .contains("culvert_xds_connected{server=\"10.0.0.1:15012\"} 1\n")
                .contains("culvert_xds_resources_held{url=\"" + URL + "\"} 7\n")
                .contains("culvert_xds_resources_unusable{url=\"" + URL + "\"} 4\n")
                .contains("culvert_xds_nacks_total{url=\"" + URL + "\"} 1\n")
                .contains("culvert_xds_resources_added_total{url=\"" + URL + "\"} 9\n")
                .contains("culvert_xds_resources_removed_total{url=\"" + URL + "\"} 2\n")
                .contains("culvert_xds_resyncs_total{url=\"" + URL + "\"} 3\n");
    }

    @Test
    void countsWhyStreamsEnded() {
        metrics.connectionTerminated(AdsCounters.Termination.RECONNECT);
        assertThat(scrape()).contains("istio_xds_connection_terminations_total{reason=\"Reconnect\"} 1\n");
    }
}
