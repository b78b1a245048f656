package io.culvert.proxy.routing;

import io.culvert.xds.mesh.Service;
import io.culvert.xds.mesh.Workload;
import org.jspecify.annotations.Nullable;

/** Whom a connection is for, as telemetry tells it: the next hop's workload, and the service that was asked for. */
public final class Destination {

    static final Destination UNKNOWN = new Destination(null, null);

    private final @Nullable Workload workload;
    private final @Nullable Service service;

    Destination(@Nullable Workload workload, @Nullable Service service) {
        this.workload = workload;
        this.service = service;
    }

    /** The waypoint or gateway where there is one; null if the address is nobody's. */
    public @Nullable Workload workload() {
        return workload;
    }

    /** Null if the call was not for a service. */
    public @Nullable Service service() {
        return service;
    }

    @Override
    public String toString() {
        return "workload " + workload + ", service " + service;
    }
}
