package io.culvert.proxy.routing;

import io.culvert.proxy.address.IpPort;
import io.culvert.proxy.outcome.ProxyError;
import io.culvert.xds.identity.Identity;
import io.culvert.xds.mesh.GatewayAddress;
import io.culvert.xds.mesh.IpAddress;
import io.culvert.xds.mesh.MeshSnapshot;
import io.culvert.xds.mesh.Service;
import io.culvert.xds.mesh.TunnelProtocol;
import io.culvert.xds.mesh.WeightedWaypoint;
import io.culvert.xds.mesh.Workload;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Decides where an outbound connection goes (ztunnel proxy/outbound.rs: build_request). In this order:
 *
 * <ol>
 *   <li>a service with a waypoint: to its waypoint, authority the address that was asked for;
 *   <li>an endpoint of the service, or the workload that owns the address; if there is none: refuse if it is a service
 *       that should have endpoints, else pass through;
 *   <li>an endpoint on another network: through its gateway;
 *   <li>a workload that was addressed itself and has a waypoint: to its waypoint, unless the caller is that waypoint;
 *   <li>directly, by tunnel or in the clear as the workload takes it.
 * </ol>
 *
 * The source's own waypoint never matters, and there is no short cut for the same node. Pure: same arguments, same
 * answer. Where the next hop is known by host name only, the decision is what to ask, and how to go on.
 */
public final class OutboundRouter {

    private final String network;
    private final ProxyPorts ports;

    /**
     * A router for one proxy.
     *
     * @param network the network of this proxy; empty if it has no name
     */
    public OutboundRouter(String network, ProxyPorts ports) {
        this.network = network;
        this.ports = ports;
    }

    /** The network of this proxy; empty if it has no name. */
    public String network() {
        return network;
    }

    /** Whether a captured connection would come straight back to us. To be asked before anything is looked up. */
    public boolean isSelfCall(IpPort target) {
        return target.ip().isLoopback() && ports.isIllegal(target.port());
    }

    /**
     * The decision.
     *
     * @param source the workload of the pod that the connection was taken in
     * @param sourceAddress the connection's peer address
     * @param target the original destination
     */
    public OutboundDecision decide(
            MeshSnapshot mesh, Workload source, IpAddress sourceAddress, IpPort target, RandomGenerator random) {
        return decide(mesh, source, sourceAddress, target, random, Shunned.NOBODY);
    }

    /** As above, keeping away from some endpoints while there are others. */
    public OutboundDecision decide(
            MeshSnapshot mesh,
            Workload source,
            IpAddress sourceAddress,
            IpPort target,
            RandomGenerator random,
            Shunned shunned) {
        UpstreamFinder finder = new UpstreamFinder(mesh, source, random, shunned);
        Service service = finder.serviceAddressed(network, target.ip());
        GatewayAddress serviceWaypoint = service == null ? null : waypoint(service, random);
        if (service != null && serviceWaypoint != null) {
            return viaServiceWaypoint(finder, source, service, serviceWaypoint, target);
        }
        Upstream upstream = finder.find(source.network(), target, LoadBalancer.Purpose.STANDARD);
        if (upstream == null) {
            return service != null && !UpstreamFinder.isPassthrough(service)
                    ? refused(new ProxyError.NoHealthyUpstream(target))
                    : new OutboundDecision.Tcp(target, Destination.UNKNOWN);
        }
        Workload workload = upstream.workload();
        if (!workload.network().equals(source.network())) {
            return service == null
                    ? refused(new ProxyError.NoServiceForTarget(target))
                    : viaGateway(finder, service, upstream, target);
        }
        GatewayAddress waypoint = workload.waypoint();
        if (service == null && waypoint != null && !calledByItsWaypoint(finder, waypoint, source, sourceAddress)) {
            return viaWorkloadWaypoint(finder, waypoint, target);
        }
        return direct(upstream, target);
    }

    /** Weighted waypoints in proportion to their weights, else the plain one. */
    private static @Nullable GatewayAddress waypoint(Service service, RandomGenerator random) {
        long total = 0;
        for (WeightedWaypoint one : service.weightedWaypoints()) {
            total += Integer.toUnsignedLong(one.weight());
        }
        if (total == 0) {
            return service.waypoint();
        }
        long ticket = random.nextLong(total);
        for (WeightedWaypoint one : service.weightedWaypoints()) {
            ticket -= Integer.toUnsignedLong(one.weight());
            if (ticket < 0) {
                return one.destination();
            }
        }
        throw new IllegalStateException("a ticket beyond the sum of weights");
    }

    private OutboundDecision viaServiceWaypoint(
            UpstreamFinder finder, Workload source, Service service, GatewayAddress reference, IpPort target) {
        Upstream waypoint = finder.behind(reference, LoadBalancer.Purpose.WAYPOINT);
        if (waypoint == null) {
            return refused(new ProxyError.UnknownWaypoint(reference.destination()));
        }
        if (!waypoint.workload().network().equals(source.network())) {
            return viaGateway(finder, service, waypoint, target);
        }
        return toWaypoint(waypoint, reference, service, target);
    }

    private static OutboundDecision viaWorkloadWaypoint(
            UpstreamFinder finder, GatewayAddress reference, IpPort target) {
        Upstream waypoint = finder.behind(reference, LoadBalancer.Purpose.WAYPOINT);
        return waypoint == null
                ? refused(new ProxyError.UnknownWaypoint(reference.destination()))
                : toWaypoint(waypoint, reference, null, target);
    }

    /**
     * By tunnel whatever the waypoint's workload says of its protocol; the authority stays what the client asked for.
     */
    private static OutboundDecision toWaypoint(
            Upstream waypoint, GatewayAddress reference, @Nullable Service service, IpPort target) {
        IpAddress asked = asked(reference, target);
        IpAddress ip = AddressChoice.choose(waypoint.workload(), waypoint.service(), asked);
        return ip == null
                ? unaddressed(waypoint, asked, found -> toWaypointAt(found, waypoint, service, target))
                : toWaypointAt(ip, waypoint, service, target);
    }

    private static OutboundDecision toWaypointAt(
            IpAddress ip, Upstream waypoint, @Nullable Service service, IpPort target) {
        return new OutboundDecision.Hbone(
                new IpPort(ip, waypoint.port()),
                target,
                waypoint.identities(),
                new Destination(waypoint.workload(), service));
    }

    private static OutboundDecision viaGateway(UpstreamFinder finder, Service service, Upstream remote, IpPort target) {
        GatewayAddress reference = remote.workload().networkGateway();
        if (reference == null) {
            return refused(new ProxyError.NoRoutingDestination(remote.workload().name()));
        }
        Upstream gateway = finder.behind(reference, LoadBalancer.Purpose.STANDARD);
        if (gateway == null) {
            return refused(new ProxyError.UnknownNetworkGateway(reference.destination()));
        }
        IpAddress asked = asked(reference, target);
        IpAddress ip = AddressChoice.choose(gateway.workload(), gateway.service(), asked);
        return ip == null
                ? unaddressed(gateway, asked, found -> viaGatewayAt(found, gateway, remote, service, target))
                : viaGatewayAt(ip, gateway, remote, service, target);
    }

    private static OutboundDecision viaGatewayAt(
            IpAddress ip, Upstream gateway, Upstream remote, Service service, IpPort target) {
        return new OutboundDecision.DoubleHbone(
                new IpPort(ip, gateway.port()),
                service.hostname() + ":" + target.port(),
                gateway.identities(),
                Upstream.serviceIdentities(remote.service()),
                new Destination(gateway.workload(), service));
    }

    /** The family to prefer: a gateway given by address has one of its own. */
    private static IpAddress asked(GatewayAddress reference, IpPort target) {
        return switch (reference) {
            case GatewayAddress.ByAddress by -> by.address().address();
            case GatewayAddress.ByHostname ignored -> target.ip();
        };
    }

    private static boolean calledByItsWaypoint(
            UpstreamFinder finder, GatewayAddress waypoint, Workload source, IpAddress sourceAddress) {
        Identity caller = source.identity();
        return finder.anyBehind(
                waypoint,
                behind -> behind.owns(sourceAddress) && behind.identity().equals(caller));
    }

    private static OutboundDecision direct(Upstream upstream, IpPort target) {
        Workload workload = upstream.workload();
        IpAddress ip = AddressChoice.choose(workload, upstream.service(), target.ip());
        return ip == null
                ? unaddressed(upstream, target.ip(), found -> directTo(found, upstream))
                : directTo(ip, upstream);
    }

    private static OutboundDecision directTo(IpAddress ip, Upstream upstream) {
        Workload workload = upstream.workload();
        Destination destination = new Destination(workload, upstream.service());
        IpPort application = new IpPort(ip, upstream.port());
        return workload.tunnelProtocol() == TunnelProtocol.HBONE
                ? new OutboundDecision.Hbone(
                        new IpPort(ip, ProxyPorts.INBOUND_HBONE), application, upstream.identities(), destination)
                : new OutboundDecision.Tcp(application, destination);
    }

    /** It has no address of its own that could be dialled: ask for that of its name, if it has one. */
    private static OutboundDecision unaddressed(Upstream upstream, IpAddress asked, OutboundDecision.Onwards onwards) {
        Workload workload = upstream.workload();
        return workload.hostname().isEmpty()
                ? refused(new ProxyError.NoRoutingDestination(workload.name()))
                : new OutboundDecision.Unresolved(workload, upstream.port(), asked, onwards);
    }

    private static OutboundDecision refused(ProxyError error) {
        return new OutboundDecision.Refused(error);
    }
}
