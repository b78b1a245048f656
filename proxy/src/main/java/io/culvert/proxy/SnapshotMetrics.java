package io.culvert.proxy;

import io.culvert.proxy.telemetry.metrics.Exposition;
import io.culvert.proxy.telemetry.metrics.MetricSource;
import io.culvert.xds.snapshot.SnapshotCounters;
import java.time.Duration;
import java.time.InstantSource;

/** How old the state snapshot is, whether it is all that there is, and how its writing goes. */
record SnapshotMetrics(ControlSide control, SnapshotCounters counters, InstantSource clock) implements MetricSource {
    private static final String AGE = "culvert_state_snapshot_age_seconds";
    private static final String SERVING = "culvert_state_snapshot_serving";
    private static final String BYTES = "culvert_state_snapshot_bytes";
    private static final String WRITES = "culvert_state_snapshot_writes";
    private static final String GIVEN_UP = "culvert_state_snapshot_given_up";

    @Override
    public void write(Exposition out) {
        if (counters.bytes() > 0) {
            out.family(AGE, "gauge", "How long ago the state snapshot was the control plane's state.", "seconds");
            out.sample(
                    AGE, "", Duration.between(counters.asOf(), clock.instant()).toMillis() / 1000.0);
            out.family(BYTES, "gauge", "Size of the state snapshot.", "bytes");
            out.sample(BYTES, "", counters.bytes());
        }
        out.family(SERVING, "gauge", "1 while pods are served by the snapshot, without the control plane.");
        out.sample(SERVING, "", control.servingSnapshot() ? 1L : 0L);
        out.family(WRITES, "counter", "Writes of the state snapshot.");
        out.sample(WRITES + "_total", "{result=\"written\"}", counters.writes());
        out.sample(WRITES + "_total", "{result=\"failed\"}", counters.failures());
        out.family(GIVEN_UP, "gauge", "1 if changes were lost to the snapshot, which ages until all is told anew.");
        out.sample(GIVEN_UP, "", counters.givenUp() ? 1L : 0L);
    }
}
