package io.culvert.proxy;

import io.culvert.proxy.telemetry.metrics.Exposition;
import io.culvert.proxy.telemetry.metrics.LabelledCounters;
import io.culvert.proxy.telemetry.metrics.Labels;
import io.culvert.proxy.telemetry.metrics.MetricSource;
import io.culvert.xds.AdsCounters;
import io.culvert.xds.AdsStatus;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;

/**
 * The {@code istio_xds_*} families (ztunnel xds/metrics.rs), and ours of how fresh and how complete the mesh state is.
 * What would make a new series with every push, versions and reasons, is in the admin server's {@code /debug/xds}
 * alone.
 */
final class XdsMetrics implements AdsCounters, MetricSource {

    private static final double NANOS_PER_SECOND = TimeUnit.SECONDS.toNanos(1);

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

    private final LongSupplier ticker;
    private final Supplier<AdsStatus> status;
    /** Nanoseconds of the ticker, by type URL: an age must not jump with the wall clock. */
    private final Map<String, Long> lastMessages = new ConcurrentHashMap<>();

    XdsMetrics(LongSupplier ticker, Supplier<AdsStatus> status) {
        this.ticker = ticker;
        this.status = status;
    }

    @Override
    public void connectionTerminated(Termination reason) {
        terminations.add(1, reason.label());
    }

    @Override
    public void messageReceived(String typeUrl, long payloadBytes) {
        messages.add(1, typeUrl);
        bytes.add(payloadBytes, typeUrl);
        lastMessages.put(typeUrl, ticker.getAsLong());
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
        freshness(out);
        AdsStatus now = status.get();
        boolean connected = now.connection() == AdsStatus.Connection.CONNECTED;
        out.family("culvert_xds_connected", "gauge", "Whether there is a stream to the control plane (unstable).");
        out.sample(
                "culvert_xds_connected",
                new Labels().add("server", now.server()).toString(),
                connected ? 1 : 0);
        gauge(out, now, "resources_held", "Resources in use", AdsStatus.TypeStatus::held);
        gauge(
                out,
                now,
                "resources_unusable",
                "Resources rejected and not mended since",
                AdsStatus.TypeStatus::rejected);
        counter(out, now, "nacks", "Responses that were NACKed", AdsStatus.TypeStatus::nacks);
        counter(out, now, "resources_added", "Resources taken, new or changed", AdsStatus.TypeStatus::added);
        counter(out, now, "resources_removed", "Names that the server removed", AdsStatus.TypeStatus::removed);
        counter(out, now, "resyncs", "Streams that asked for everything anew", AdsStatus.TypeStatus::resyncs);
    }

    private void freshness(Exposition out) {
        if (lastMessages.isEmpty()) {
            return;
        }
        String name = "culvert_xds_message_age_seconds";
        out.family(name, "gauge", "Time since the last message from the control plane (unstable).", "seconds");
        long now = ticker.getAsLong();
        new TreeMap<>(lastMessages).forEach((url, at) -> out.sample(name, url(url), (now - at) / NANOS_PER_SECOND));
    }

    private static String url(String url) {
        return new Labels().add("url", url).toString();
    }

    private static void gauge(
            Exposition out, AdsStatus status, String what, String help, ToLongFunction<AdsStatus.TypeStatus> value) {
        family(out, status, "culvert_xds_" + what, "gauge", "", help, value);
    }

    private static void counter(
            Exposition out, AdsStatus status, String what, String help, ToLongFunction<AdsStatus.TypeStatus> value) {
        family(out, status, "culvert_xds_" + what, "counter", "_total", help, value);
    }

    private static void family(
            Exposition out,
            AdsStatus status,
            String name,
            String type,
            String suffix,
            String help,
            ToLongFunction<AdsStatus.TypeStatus> value) {
        if (status.types().isEmpty()) {
            return;
        }
        out.family(name, type, help + " (unstable).");
        new TreeMap<>(status.types()).forEach((url, of) -> out.sample(name + suffix, url(url), value.applyAsLong(of)));
    }
}
