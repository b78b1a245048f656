package io.culvert.proxy.routing;

import io.culvert.xds.mesh.Endpoint;
import io.culvert.xds.mesh.LoadBalancing;
import io.culvert.xds.mesh.Locality;
import io.culvert.xds.mesh.MeshSnapshot;
import io.culvert.xds.mesh.PortMap;
import io.culvert.xds.mesh.Service;
import io.culvert.xds.mesh.Workload;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Picks an endpoint of a service, without memory from one connection to the next (ztunnel state.rs: load_balance).
 *
 * <p>Candidates are filtered, then ranked by how many leading preferences they share with the client, then picked at
 * random by capacity among the best. When NETWORK is the first preference it weighs as much as all others together, and
 * a mismatch does not stop the comparison: the other scopes still count.
 */
final class LoadBalancer {

    /** What the pick is for: an ordinary call is stricter about ports than a hop to a waypoint. */
    enum Purpose {
        STANDARD,
        WAYPOINT
    }

    private static final int UNACCEPTABLE = -1;

    private LoadBalancer() {}

    /** The endpoint for a service port, or null: no endpoint that can take it. */
    static @Nullable Upstream pick(
            MeshSnapshot mesh,
            Workload client,
            Service service,
            int servicePort,
            Purpose purpose,
            RandomGenerator random) {
        if (purpose == Purpose.STANDARD && !service.ports().contains(servicePort)) {
            return null;
        }
        List<Upstream> best = new ArrayList<>();
        int bestRank = UNACCEPTABLE;
        for (Endpoint endpoint : service.endpoints()) {
            Workload workload = mesh.workloadByUid(endpoint.workloadUid());
            if (workload == null || !usable(client, service, servicePort, endpoint, workload, purpose)) {
                continue;
            }
            int rank = rank(service.loadBalancing(), client, workload);
            if (rank == UNACCEPTABLE || rank < bestRank) {
                continue;
            }
            if (rank > bestRank) {
                best.clear();
                bestRank = rank;
            }
            best.add(new Upstream(workload, targetPort(service, servicePort, endpoint, workload), service));
        }
        Upstream picked = weighted(best, random);
        return picked == null || picked.port() == 0 ? null : picked;
    }

    private static boolean usable(
            Workload client, Service service, int servicePort, Endpoint endpoint, Workload workload, Purpose purpose) {
        boolean unaddressed =
                workload.addresses().isEmpty() && workload.hostname().isEmpty();
        boolean behindGateway = !workload.network().equals(client.network()) && workload.networkGateway() != null;
        if (unaddressed && !behindGateway) {
            return false;
        }
        return switch (purpose) {
            case STANDARD ->
                service.ports().target(servicePort) != 0 || endpoint.port().contains(servicePort);
            case WAYPOINT -> service.ports().contains(servicePort) || workload.applicationTunnel() != null;
        };
    }

    private static int rank(@Nullable LoadBalancing balancing, Workload client, Workload endpoint) {
        if (balancing == null) {
            return 0;
        }
        return switch (balancing.mode()) {
            case STANDARD, PASSTHROUGH -> 0;
            case FAILOVER -> rank(balancing.routingPreference(), client, endpoint, false);
            case STRICT -> rank(balancing.routingPreference(), client, endpoint, true);
        };
    }

    private static int rank(
            List<LoadBalancing.Scope> preferences, Workload client, Workload endpoint, boolean allNeeded) {
        int rank = 0;
        int matched = 0;
        for (int i = 0; i < preferences.size(); i++) {
            boolean leadingNetwork = i == 0 && preferences.get(i) == LoadBalancing.Scope.NETWORK;
            if (shares(preferences.get(i), client, endpoint)) {
                matched++;
                rank += leadingNetwork ? preferences.size() : 1;
            } else if (!leadingNetwork) {
                break;
            }
        }
        return allNeeded && matched < preferences.size() ? UNACCEPTABLE : rank;
    }

    /** Plain equality: two unknown places are the same place. */
    private static boolean shares(LoadBalancing.Scope scope, Workload client, Workload endpoint) {
        Locality here = client.locality();
        Locality there = endpoint.locality();
        return switch (scope) {
            case REGION -> here.region().equals(there.region());
            case ZONE -> here.zone().equals(there.zone());
            case SUBZONE -> here.subzone().equals(there.subzone());
            case NODE -> client.node().equals(endpoint.node());
            case CLUSTER -> client.clusterId().equals(endpoint.clusterId());
            case NETWORK -> client.network().equals(endpoint.network());
        };
    }

    /**
     * The endpoint's own mapping, else the service's, else (behind an application tunnel with a port) the port itself;
     * 0: none.
     */
    private static int targetPort(Service service, int servicePort, Endpoint endpoint, Workload workload) {
        int own = endpoint.port().target(servicePort);
        if (own != PortMap.ABSENT) {
            return own;
        }
        int target = service.ports().target(servicePort);
        if (target > 0) {
            return target;
        }
        var tunnel = workload.applicationTunnel();
        return tunnel != null && tunnel.port() != 0 ? servicePort : 0;
    }

    private static @Nullable Upstream weighted(List<Upstream> candidates, RandomGenerator random) {
        long total = 0;
        for (Upstream candidate : candidates) {
            total += Integer.toUnsignedLong(candidate.workload().capacity());
        }
        if (total == 0) {
            return null;
        }
        long ticket = random.nextLong(total);
        for (Upstream candidate : candidates) {
            ticket -= Integer.toUnsignedLong(candidate.workload().capacity());
            if (ticket < 0) {
                return candidate;
            }
        }
        throw new IllegalStateException("a ticket beyond the sum of weights");
    }
}
