package io.culvert.proxy.routing;

import io.culvert.proxy.outcome.ProxyError;
import io.culvert.xds.mesh.MeshListener;
import io.culvert.xds.mesh.MeshSnapshot;
import io.culvert.xds.mesh.MeshState;
import io.culvert.xds.mesh.Workload;
import io.culvert.xds.mesh.WorkloadsChange;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Future;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Finds the workload of a pod by what the node agent said of it; waits for the control plane where it is not known yet,
 * as it is for a pod that was enrolled a moment ago (ztunnel proxy.rs: LocalWorkloadInformation).
 *
 * <p>{@link #find} is called on a data loop and answers on that loop, at once if it can. The control thread wakes the
 * waiting by one posted task each. A waiter belongs to its loop; only the set of them is shared.
 */
public final class LocalWorkloads {

    /** How long a connection waits for its pod's workload. */
    public static final long WAIT_SECONDS = 5;

    private final MeshState mesh;
    private final Set<Waiter> waiting = ConcurrentHashMap.newKeySet();

    public LocalWorkloads(MeshState mesh) {
        this.mesh = mesh;
        mesh.addListener(new MeshListener() {
            @Override
            public void workloadsChanged(WorkloadsChange change) {
                wake(change.snapshot());
            }
        });
    }

    /** Takes the answer, on the loop that asked. */
    public interface Listener {
        void found(Workload workload);

        void failed(ProxyError error);
    }

    /**
     * Answers at once if the workload is known, else when it comes or the wait is over. The answer may come before this
     * returns.
     *
     * @param loop the caller's own
     */
    public void find(WorkloadRef ref, EventExecutor loop, Listener listener) {
        Workload known = lookUp(mesh.snapshot(), ref);
        if (known != null) {
            listener.found(known);
            return;
        }
        Waiter waiter = new Waiter(ref, loop, listener);
        waiting.add(waiter);
        waiter.arm();
        // It may have come between the look and the entry in the set; its wake-up is lost then.
        Workload meanwhile = lookUp(mesh.snapshot(), ref);
        if (meanwhile != null) {
            waiter.settle(meanwhile);
        }
    }

    /** The workload if it is known now. */
    public @Nullable Workload known(WorkloadRef ref) {
        return lookUp(mesh.snapshot(), ref);
    }

    /** Connections that wait now. */
    public int waiting() {
        return waiting.size();
    }

    private static @Nullable Workload lookUp(MeshSnapshot snapshot, WorkloadRef ref) {
        return snapshot.localWorkload(ref.name(), ref.namespace(), ref.serviceAccount());
    }

    private void wake(MeshSnapshot snapshot) {
        for (Waiter waiter : waiting) {
            Workload found = lookUp(snapshot, waiter.ref);
            if (found != null) {
                waiter.loop.execute(() -> waiter.settle(found));
            }
        }
    }

    private final class Waiter {
        final WorkloadRef ref;
        final EventExecutor loop;
        private final Listener listener;
        private @Nullable Future<?> timer;
        private boolean settled;

        Waiter(WorkloadRef ref, EventExecutor loop, Listener listener) {
            this.ref = ref;
            this.loop = loop;
            this.listener = listener;
        }

        void arm() {
            timer = loop.schedule(this::expire, WAIT_SECONDS, TimeUnit.SECONDS);
        }

        void settle(Workload found) {
            if (done()) {
                listener.found(found);
            }
        }

        private void expire() {
            if (done()) {
                listener.failed(new ProxyError.UnknownLocalWorkload(ref.toString()));
            }
        }

        private boolean done() {
            boolean first = !settled;
            settled = true;
            waiting.remove(this);
            if (timer != null) {
                timer.cancel(false);
            }
            return first;
        }
    }
}
