package io.culvert.proxy.routing;

import io.culvert.xds.identity.Identity;
import io.culvert.xds.mesh.Service;
import io.culvert.xds.mesh.Workload;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A workload that was picked, the port to reach it on, and the service through which it was found. */
final class Upstream {

    private final Workload workload;
    private final int port;
    private final @Nullable Service service;

    Upstream(Workload workload, int port, @Nullable Service service) {
        this.workload = workload;
        this.port = port;
        this.service = service;
    }

    Workload workload() {
        return workload;
    }

    int port() {
        return port;
    }

    /** Null if it was addressed itself. */
    @Nullable
    Service service() {
        return service;
    }

    /** Whom the peer may be: what the service allows, then the workload itself. */
    List<Identity> identities() {
        List<Identity> result = serviceIdentities(service);
        result.add(workload.identity());
        return result;
    }

    /** The service's subject alternative names; one that is no SPIFFE identity of ours cannot match and is left out. */
    static List<Identity> serviceIdentities(@Nullable Service service) {
        List<Identity> result = new ArrayList<>();
        if (service != null) {
            for (String name : service.subjectAltNames()) {
                Identity.parse(name).ifPresent(result::add);
            }
        }
        return result;
    }
}
