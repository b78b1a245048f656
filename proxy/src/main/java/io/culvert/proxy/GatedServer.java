package io.culvert.proxy;

import io.culvert.proxy.inpod.PodProxy;
import io.culvert.proxy.lifecycle.Drain;
import io.culvert.proxy.lifecycle.DrainMode;
import io.culvert.proxy.pod.Pod;
import io.culvert.proxy.pod.PodLoop;
import io.culvert.proxy.relay.DataLoop;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the proxy serves in its own namespace, bound at start and served when the mesh's state is there: itself as a
 * workload of the mesh (shared mode), or the one workload that it is for (dedicated mode).
 *
 * <pre>
 *   BOUND (callers wait in the backlog) --state is there--> SERVING --drain--> ENDED
 *     \------------------------drain----------------------------------------> ENDED
 * </pre>
 *
 * Any thread.
 */
final class GatedServer implements Drain.Participant {

    private final Pod pod;
    private final List<PodLoop> shares;
    private final DataLoop listening;

    /** Until it serves or ends. */
    private @Nullable PodListeners bound;

    private @Nullable PodProxy serving;

    private GatedServer(Pod pod, List<PodLoop> shares, DataLoop listening, PodListeners bound) {
        this.pod = pod;
        this.shares = shares;
        this.listening = listening;
        this.bound = bound;
    }

    /**
     * Takes over bound listeners, and lets callers wait.
     *
     * @param shares one for each loop, in the order of the loops
     */
    static GatedServer of(Pod pod, List<PodLoop> shares, DataLoop listening, PodListeners bound) {
        return new GatedServer(pod, shares, listening, bound);
    }

    /** Takes connections from now on: who may come is known. After a drain it does nothing. */
    synchronized void serve() {
        PodListeners listeners = bound;
        if (listeners != null) {
            bound = null;
            serving = PodServer.start(pod, shares, listening, listeners);
        }
    }

    @Override
    public synchronized void drain(DrainMode mode, Runnable finished) {
        if (serving != null) {
            serving.stop(mode, finished);
            return;
        }
        if (bound != null) {
            bound.close();
            bound = null;
        }
        finished.run();
    }
}
