package io.culvert.proxy.routing;

import io.culvert.xds.mesh.EndpointVisitor;
import io.culvert.xds.mesh.LoadBalancing;
import io.culvert.xds.mesh.Locality;
import io.culvert.xds.mesh.MeshSnapshot;
import io.culvert.xds.mesh.PortMap;
import io.culvert.xds.mesh.Service;
import io.culvert.xds.mesh.Workload;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Picks an endpoint of a service (ztunnel state.rs: load_balance).
 *
 * <p>Candidates are filtered, then ranked by how many leading preferences they share with the client, then picked at
 * random by capacity among the best. When NETWORK is the first preference it weighs as much as all others together, and
 * a mismatch does not stop the comparison: the other scopes still count. Endpoints that are {@link Shunned} are as good
 * as absent while there are others, whatever the rank of those.
 *
 * <p>Endpoints are looked at twice, and nothing is kept of them in between: a pick makes three objects, whatever the
 * number of endpoints.
 */
final class LoadBalancer {

    /** What the pick is for: an ordinary call is stricter about ports than a hop to a waypoint. */
    enum Purpose {
        STANDARD,
        WAYPOINT
    }

    /** Who is chosen from, in the order in which it is tried: only where nobody is left the next counts. */
    private enum Choice {
        /** Neither tried by this connection nor ejected. */
        WELL,
        UNTRIED,
        ANYBODY
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
            RandomGenerator random,
            Shunned shunned) {
        if (purpose == Purpose.STANDARD && !service.ports().contains(servicePort)) {
            return null;
        }
        Best best = new Best(client, service, servicePort, purpose, shunned);
        mesh.visitEndpoints(service, best);
        while (best.weight == 0 && best.choosesFromMore()) {
            mesh.visitEndpoints(service, best);
        }
        if (best.weight == 0) {
            return null;
        }
        Ticket ticket = new Ticket(best, random.nextLong(best.weight));
        mesh.visitEndpoints(service, ticket);
        Upstream picked = ticket.picked();
        return picked.port() == 0 ? null : picked;
    }

    /** The first look: how good the best endpoints are, and what they weigh together. */
    private static final class Best implements EndpointVisitor {
        final Workload client;
        final Service service;
        final int servicePort;
        final Purpose purpose;
        final Shunned shunned;
        Choice choice;
        int rank = UNACCEPTABLE;
        long weight;

        Best(Workload client, Service service, int servicePort, Purpose purpose, Shunned shunned) {
            this.client = client;
            this.service = service;
            this.servicePort = servicePort;
            this.purpose = purpose;
            this.shunned = shunned;
            this.choice = shunned.isEmpty() ? Choice.ANYBODY : Choice.WELL;
        }

        /** Widens the choice; false if everybody was in it. */
        boolean choosesFromMore() {
            rank = UNACCEPTABLE;
            Choice before = choice;
            choice = switch (before) {
                case WELL -> Choice.UNTRIED;
                case UNTRIED, ANYBODY -> Choice.ANYBODY;
            };
            return before != Choice.ANYBODY;
        }

        @Override
        public boolean visit(Workload workload, PortMap port) {
            int candidate = rankOf(workload, port);
            if (candidate > rank) {
                rank = candidate;
                weight = 0;
            }
            if (candidate == rank && candidate != UNACCEPTABLE) {
                weight += Integer.toUnsignedLong(workload.capacity());
            }
            return true;
        }

        private boolean isChosenFrom(Workload workload, PortMap port) {
            if (choice == Choice.ANYBODY) {
                return true;
            }
            int target = targetPort(service, servicePort, port, workload);
            return !shunned.wasTried(workload, target)
                    && (choice == Choice.UNTRIED || !shunned.isEjected(workload, target));
        }

        int rankOf(Workload workload, PortMap port) {
            return isChosenFrom(workload, port) && usable(client, service, servicePort, port, workload, purpose)
                    ? LoadBalancer.rank(service.loadBalancing(), client, workload)
                    : UNACCEPTABLE;
        }
    }

    /** The second look, at the same endpoints in the same order: whose share of the weight the ticket falls into. */
    private static final class Ticket implements EndpointVisitor {
        private final Best best;
        private long ticket;
        private @Nullable Upstream picked;

        Ticket(Best best, long ticket) {
            this.best = best;
            this.ticket = ticket;
        }

        @Override
        public boolean visit(Workload workload, PortMap port) {
            if (best.rankOf(workload, port) != best.rank) {
                return true;
            }
            ticket -= Integer.toUnsignedLong(workload.capacity());
            if (ticket >= 0) {
                return true;
            }
            picked = new Upstream(workload, targetPort(best.service, best.servicePort, port, workload), best.service);
            return false;
        }

        Upstream picked() {
            if (picked == null) {
                throw new IllegalStateException("a ticket beyond the sum of weights");
            }
            return picked;
        }
    }

    private static boolean usable(
            Workload client, Service service, int servicePort, PortMap port, Workload workload, Purpose purpose) {
        boolean unaddressed = !workload.hasAddress() && workload.hostname().isEmpty();
        boolean behindGateway = !workload.network().equals(client.network()) && workload.networkGateway() != null;
        if (unaddressed && !behindGateway) {
            return false;
        }
        return switch (purpose) {
            case STANDARD -> service.ports().target(servicePort) != 0 || port.contains(servicePort);
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
    private static int targetPort(Service service, int servicePort, PortMap port, Workload workload) {
        int own = port.target(servicePort);
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
}
