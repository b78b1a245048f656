package io.culvert.proxy.routing;

import io.culvert.xds.mesh.MeshSnapshot;
import io.culvert.xds.mesh.PortMap;
import io.culvert.xds.mesh.Service;
import io.culvert.xds.mesh.Workload;
import java.util.List;
import java.util.Optional;

/**
 * Which service an inbound connection was probably made to; for telemetry only (ztunnel state.rs:
 * guess_inbound_service).
 */
public final class ServiceGuess {

    private ServiceGuess() {}

    /**
     * The service that the caller's {@code forwarded} header names, else the first that sends its traffic to this port.
     *
     * @param among the service that was asked for by name, or all that the workload serves
     * @param forwardedHost empty if the header says nothing
     * @param port where the connection goes on the pod
     */
    public static Optional<Service> of(
            MeshSnapshot mesh, List<Service> among, Workload local, String forwardedHost, int port) {
        for (Service service : among) {
            if (!forwardedHost.isEmpty() && service.hostname().equals(forwardedHost)) {
                return Optional.of(service);
            }
        }
        for (Service service : among) {
            PortMap own = mesh.endpointPorts(service, local.uid());
            if (targets(service.ports(), port) || (own != null && targets(own, port))) {
                return Optional.of(service);
            }
        }
        return Optional.empty();
    }

    private static boolean targets(PortMap ports, int port) {
        boolean[] found = new boolean[1];
        ports.forEach((servicePort, targetPort) -> found[0] |= targetPort == port);
        return found[0];
    }
}
