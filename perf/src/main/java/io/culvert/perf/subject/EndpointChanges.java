package io.culvert.perf.subject;

import io.culvert.proto.workload.Address;
import io.culvert.testkit.controlplane.ControlPlane;
import io.culvert.testkit.controlplane.ResourceType;
import io.culvert.testkit.spec.MeshResources;
import io.culvert.testkit.spec.ScaleMesh;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Endpoints that become unhealthy and healthy again at a steady rate, each told to both proxies. They belong to a mesh
 * of their own beside that of the load, so that no request depends on them; with the last of them it is gone again.
 */
public final class EndpointChanges implements AutoCloseable {
    /** istiod gathers changes for so long before it tells them (PILOT_DEBOUNCE_AFTER). */
    static final int PUSH_MILLIS = 100;

    private static final int STOP_SECONDS = 10;

    private final ControlPlane controlPlane;
    private final ScaleMesh mesh;
    private final int perPush;
    private final AtomicLong made = new AtomicLong();
    private final ScheduledExecutorService pusher = Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().name("changes").daemon(true).factory());

    private EndpointChanges(ControlPlane controlPlane, ScaleMesh mesh, int perPush) {
        this.controlPlane = controlPlane;
        this.mesh = mesh;
        this.perPush = perPush;
    }

    /** Adds the mesh, and begins. */
    static EndpointChanges start(ControlPlane controlPlane, ScaleMesh mesh, int perSecond) {
        EndpointChanges changes = new EndpointChanges(controlPlane, mesh, perSecond * PUSH_MILLIS / 1_000);
        controlPlane.edit(edit -> mesh.addresses().forEach(edit::put));
        var _ = changes.pusher.scheduleAtFixedRate(changes::push, 0, PUSH_MILLIS, TimeUnit.MILLISECONDS);
        return changes;
    }

    private void push() {
        long from = made.get();
        controlPlane.edit(edit -> {
            for (long next = from; next < from + perPush; next++) {
                boolean healthy = next / mesh.workloads() % 2 == 1;
                edit.put(mesh.changed((int) (next % mesh.workloads()), healthy));
            }
        });
        made.addAndGet(perPush);
    }

    /** How many were told so far. */
    public long made() {
        return made.get();
    }

    @Override
    public void close() {
        pusher.shutdownNow();
        try {
            if (!pusher.awaitTermination(STOP_SECONDS, TimeUnit.SECONDS)) {
                throw new IllegalStateException("the last push did not end within " + STOP_SECONDS + " s");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        controlPlane.edit(edit -> mesh.addresses()
                .forEach((Address address) -> edit.remove(ResourceType.ADDRESS, MeshResources.name(address))));
    }
}
