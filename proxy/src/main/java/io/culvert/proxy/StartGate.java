package io.culvert.proxy;

import io.culvert.xds.channel.ControlLoop;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Opens the way to the node agent, once: when the control plane's whole state has been accepted, or, where a state
 * snapshot was restored, when the grace time is over. Lives on the control thread.
 */
final class StartGate {
    private static final Logger LOG = LoggerFactory.getLogger(StartGate.class);

    private final ControlLoop control;
    private final Runnable open;
    private boolean opened;
    private volatile boolean servingSnapshot;

    StartGate(ControlLoop control, Runnable open) {
        this.control = control;
        this.open = open;
    }

    /** The control plane's state is there. */
    void synced() {
        if (servingSnapshot) {
            LOG.info("the control plane has sent its state; the state snapshot is not needed any more");
        }
        servingSnapshot = false;
        openOnce();
    }

    /** The control plane had its time; there is a state of then. */
    void graceOver(Instant asOf) {
        if (!opened) {
            LOG.warn(
                    "STARTING WITHOUT THE CONTROL PLANE: its state of {} ({} ago) is used, as the state snapshot kept"
                            + " it, until it answers: policies and endpoints may have changed since",
                    asOf,
                    Duration.between(asOf, control.instant()).truncatedTo(ChronoUnit.SECONDS));
            servingSnapshot = true;
            openOnce();
        }
    }

    private void openOnce() {
        if (!opened) {
            opened = true;
            open.run();
        }
    }

    /** Whether pods are served by kept state alone. From any thread. */
    boolean servingSnapshot() {
        return servingSnapshot;
    }
}
