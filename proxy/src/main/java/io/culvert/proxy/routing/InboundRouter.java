package io.culvert.proxy.routing;

import io.culvert.proxy.address.IpPort;
import io.culvert.proxy.outcome.ProxyError;
import io.culvert.xds.mesh.ApplicationTunnel;
import io.culvert.xds.mesh.GatewayAddress;
import io.culvert.xds.mesh.IpAddress;
import io.culvert.xds.mesh.MeshSnapshot;
import io.culvert.xds.mesh.NetworkAddress;
import io.culvert.xds.mesh.PortMap;
import io.culvert.xds.mesh.Service;
import io.culvert.xds.mesh.Workload;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Decides what an inbound CONNECT may reach, and where that is (ztunnel proxy/inbound.rs: validate_destination,
 * find_inbound_upstream). The address dialled is always the pod's own, never the authority's. Pure.
 */
public final class InboundRouter {

    private final String network;
    private final ProxyPorts ports;
    private final boolean localhostTunnel;

    /**
     * A router for one proxy.
     *
     * @param localhostTunnel dial loopback for an application that takes the PROXY protocol (LOCALHOST_APP_TUNNEL)
     */
    public InboundRouter(String network, ProxyPorts ports, boolean localhostTunnel) {
        this.network = network;
        this.ports = ports;
        this.localhostTunnel = localhostTunnel;
    }

    /** Whether a plaintext connection was meant for one of our own ports, on any address. */
    public boolean isSelfCall(IpPort originalDestination) {
        return ports.isIllegal(originalDestination.port());
    }

    /**
     * The address whose resource says whether this pod answers for it, as a waypoint does: it must be known before the
     * decision. Empty where the decision does not depend on one.
     */
    public Optional<NetworkAddress> mustBeKnown(Workload local, IpAddress localAddress, Authority authority) {
        return switch (authority) {
            case Authority.Ip ip -> {
                IpAddress asked = ip.address().ip();
                yield answersAnyway(local, localAddress, asked)
                        ? Optional.empty()
                        : Optional.of(new NetworkAddress(network, asked));
            }
            case Authority.Host ignored -> Optional.empty();
        };
    }

    /**
     * The decision.
     *
     * @param local the workload of the pod that the connection was taken in
     * @param localAddress the accepted socket's own address
     */
    public InboundDecision decide(MeshSnapshot mesh, Workload local, IpAddress localAddress, Authority authority) {
        return switch (authority) {
            case Authority.Ip ip -> {
                IpPort asked = ip.address();
                yield answersFor(mesh, local, localAddress, asked.ip())
                        ? forward(local, localAddress, asked.port(), asked, mesh.servicesOf(local))
                        : refused(new ProxyError.IpMismatch(
                                localAddress.toString(), asked.ip().toString()));
            }
            case Authority.Host host -> byHostname(mesh, local, localAddress, host);
        };
    }

    /** Its own address; any, if an application tunnel sorts them out; else those whose waypoint it is. */
    private boolean answersFor(MeshSnapshot mesh, Workload local, IpAddress localAddress, IpAddress asked) {
        if (answersAnyway(local, localAddress, asked)) {
            return true;
        }
        GatewayAddress waypoint = waypointOf(mesh, asked);
        return waypoint != null && leadsTo(mesh, waypoint, local, localAddress);
    }

    private static boolean answersAnyway(Workload local, IpAddress localAddress, IpAddress asked) {
        return asked.equals(localAddress) || local.applicationTunnel() != null;
    }

    private @Nullable GatewayAddress waypointOf(MeshSnapshot mesh, IpAddress asked) {
        Workload workload = mesh.workloadByAddress(network, asked);
        if (workload != null) {
            return workload.waypoint();
        }
        Service service = mesh.serviceByVip(network, asked, null);
        return service == null ? null : service.waypoint();
    }

    private static boolean leadsTo(MeshSnapshot mesh, GatewayAddress waypoint, Workload local, IpAddress localAddress) {
        return switch (waypoint) {
            case GatewayAddress.ByAddress by -> {
                NetworkAddress at = by.address();
                Workload workload = mesh.workloadByAddress(at.network(), at.address());
                yield workload != null
                        ? workload.owns(localAddress)
                        : isServedBy(mesh, mesh.serviceByVip(at.network(), at.address(), null), local);
            }
            case GatewayAddress.ByHostname by -> {
                Service service = mesh.serviceByName(by.name());
                Workload workload = service == null ? mesh.workloadByHostname(by.name()) : null;
                yield workload != null ? workload.owns(localAddress) : isServedBy(mesh, service, local);
            }
        };
    }

    private static boolean isServedBy(MeshSnapshot mesh, @Nullable Service service, Workload local) {
        return service != null && mesh.endpointPorts(service, local.uid()) != null;
    }

    private InboundDecision byHostname(MeshSnapshot mesh, Workload local, IpAddress localAddress, Authority.Host host) {
        Service service = serviceFor(mesh, local, host.hostname());
        if (service == null) {
            return refused(new ProxyError.UnknownHostname(host.hostname()));
        }
        PortMap ports = mesh.endpointPorts(service, local.uid());
        int own = ports == null ? PortMap.ABSENT : ports.target(host.port());
        int port = own != PortMap.ABSENT ? own : service.ports().target(host.port());
        if (port <= 0) {
            return refused(new ProxyError.HostnamePortUnresolved(host.hostname(), host.port()));
        }
        ApplicationTunnel tunnel = local.applicationTunnel();
        if (tunnel == null || tunnel.protocol() == ApplicationTunnel.Protocol.NONE) {
            return forward(local, localAddress, port, new IpPort(localAddress, port), List.of(service));
        }
        IpAddress vip = vip(service);
        return vip == null
                ? refused(new ProxyError.HostnameHasNoAddress(host.hostname()))
                : forward(local, localAddress, port, new IpPort(vip, host.port()), List.of(service));
    }

    /** Of the visible ones: that of the pod's namespace, else the canonical one, else the first. */
    private static @Nullable Service serviceFor(MeshSnapshot mesh, Workload local, String hostname) {
        Service canonical = null;
        Service first = null;
        for (Service candidate : mesh.servicesByHostname(hostname)) {
            if (!candidate.visibleTo(local.namespace())) {
                continue;
            }
            if (candidate.namespace().equals(local.namespace())) {
                return candidate;
            }
            canonical = canonical == null && candidate.canonical() ? candidate : canonical;
            first = first == null ? candidate : first;
        }
        return canonical != null ? canonical : first;
    }

    /** Of our network if there is one, and there an IPv4 one; of several equals the last, as the original takes it. */
    private @Nullable IpAddress vip(Service service) {
        IpAddress best = null;
        int bestRank = -1;
        for (NetworkAddress vip : service.vips()) {
            boolean ours = vip.network().equals(network);
            int rank = !ours ? 0 : vip.address().isV4() ? 2 : 1;
            if (rank >= bestRank) {
                best = vip.address();
                bestRank = rank;
            }
        }
        return best;
    }

    private InboundDecision forward(
            Workload local, IpAddress localAddress, int port, IpPort named, List<Service> services) {
        if (ports.isIllegal(port)) {
            return refused(new ProxyError.SelfCall());
        }
        ApplicationTunnel tunnel = local.applicationTunnel();
        if (tunnel == null) {
            return plain(new IpPort(localAddress, port), services);
        }
        IpPort destination = new IpPort(localAddress, tunnel.port() == 0 ? port : tunnel.port());
        return switch (tunnel.protocol()) {
            case NONE -> plain(destination, services);
            case PROXY -> {
                IpPort dial =
                        localhostTunnel ? new IpPort(loopback(destination.ip()), destination.port()) : destination;
                yield new InboundDecision.Forward(
                        destination, dial, new InboundDecision.Preamble.ProxyHeader(named), services);
            }
        };
    }

    private static IpAddress loopback(IpAddress sameFamily) {
        return IpAddress.parse(sameFamily.isV4() ? "127.0.0.1" : "::1");
    }

    private static InboundDecision plain(IpPort destination, List<Service> services) {
        return new InboundDecision.Forward(destination, destination, new InboundDecision.Preamble.None(), services);
    }

    private static InboundDecision refused(ProxyError error) {
        return new InboundDecision.Refused(error);
    }
}
