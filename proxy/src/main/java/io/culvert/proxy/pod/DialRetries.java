package io.culvert.proxy.pod;

import io.culvert.proxy.routing.Ejections;
import io.culvert.proxy.telemetry.metrics.Exposition;
import io.culvert.proxy.telemetry.metrics.MetricSource;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;

/**
 * How often an outbound connection tries another endpoint when the one that was chosen cannot be reached, and what came
 * of it. ztunnel tries one. Any thread.
 */
public final class DialRetries implements MetricSource {

    private final int most;
    private final Duration ejection;
    private final List<Ejections> loops = new CopyOnWriteArrayList<>();
    private final LongAdder served = new LongAdder();
    private final LongAdder gaveUp = new LongAdder();
    private final LongAdder ejected = new LongAdder();

    /**
     * By two settings.
     *
     * @param most further endpoints that one connection tries; 0: none
     * @param ejection how long one that failed is chosen only where there is no other; zero: not at all
     */
    public DialRetries(int most, Duration ejection) {
        this.most = most;
        this.ejection = ejection;
    }

    public int most() {
        return most;
    }

    /** The memory of one more loop. */
    public Ejections forLoop(LongSupplier nanoTicker) {
        Ejections made = new Ejections(nanoTicker, ejection.toNanos());
        loops.add(made);
        return made;
    }

    /** A loop keeps away from one more endpoint. */
    public void ejected() {
        ejected.increment();
    }

    /** A connection whose first endpoint failed has come to another, or to none. */
    public void ended(boolean wasServed) {
        (wasServed ? served : gaveUp).increment();
    }

    @Override
    public void write(Exposition out) {
        out.family(
                "culvert_dial_retries",
                "counter",
                "Connections that tried another endpoint when the first could not be reached (unstable).");
        out.sample("culvert_dial_retries_total", "{result=\"served\"}", served.sum());
        out.sample("culvert_dial_retries_total", "{result=\"gave_up\"}", gaveUp.sum());
        out.family(
                "culvert_endpoint_ejections",
                "counter",
                "Endpoints that a data loop kept away from because they could not be reached (unstable).");
        out.sample("culvert_endpoint_ejections_total", "", ejected.sum());
        out.family("culvert_endpoints_ejected", "gauge", "Endpoints that data loops keep away from now (unstable).");
        out.sample("culvert_endpoints_ejected", "", (long)
                loops.stream().mapToInt(Ejections::size).sum());
    }
}
