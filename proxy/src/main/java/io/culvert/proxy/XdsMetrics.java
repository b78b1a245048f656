package io.culvert.proxy;

import io.culvert.proxy.telemetry.metrics.Exposition;
import io.culvert.proxy.telemetry.metrics.LabelledCounters;
import io.culvert.proxy.telemetry.metrics.MetricSource;
import io.culvert.xds.AdsCounters;
import java.util.List;

/** The {@code istio_xds_*} families (ztunnel xds/metrics.rs), and ours of rejected resources. */
final class XdsMetrics implements AdsCounters, MetricSource {

    private final LabelledCounters terminations = new LabelledCounters(
            "istio_xds_connection_terminations",
            "The total number of completed connections to xds server (unstable).",
            "",
            List.of("reason"));
    private final LabelledCounters messages = new LabelledCounters(
            "istio_xds_message", "Total number of messages received (unstable).", "", List.of("url"));
    private final LabelledCounters bytes = new LabelledCounters(
            "istio_xds_message_bytes", "Total number of bytes received (unstable).", "bytes", List.of("url"));
    private final LabelledCounters rejected = new LabelledCounters(
            "culvert_xds_resources_rejected",
            "Resources that could not be used and were NACKed by name (unstable).",
            "",
            List.of("url"));

    @Override
    public void connectionTerminated(Termination reason) {
        terminations.add(1, reason.label());
    }

    @Override
    public void messageReceived(String typeUrl, long payloadBytes) {
        messages.add(1, typeUrl);
        bytes.add(payloadBytes, typeUrl);
    }

    @Override
    public void resourcesRejected(String typeUrl, int count) {
        rejected.add(count, typeUrl);
    }

    @Override
    public void write(Exposition out) {
        terminations.write(out);
        messages.write(out);
        bytes.write(out);
        rejected.write(out);
    }
}
