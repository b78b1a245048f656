package io.culvert.proxy;

import io.culvert.linux.Sockets;
import io.culvert.proxy.address.IpPort;
import io.culvert.proxy.dns.DnsListeners;
import io.culvert.proxy.dns.DnsService;
import io.culvert.proxy.hbone.HboneConfig;
import io.culvert.proxy.inbound.PlaintextConnection;
import io.culvert.proxy.inbound.TunnelServer;
import io.culvert.proxy.inpod.PodSockets;
import io.culvert.proxy.inpod.SharedPorts;
import io.culvert.proxy.outbound.OutboundConnection;
import io.culvert.proxy.pod.PodLoop;
import io.culvert.proxy.relay.LoopSocket;
import io.culvert.proxy.routing.ProxyPorts;
import io.culvert.proxy.socks5.SocksConnection;
import io.culvert.proxy.socks5.SocksDoor;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/**
 * A pod's listeners, bound and not yet served: callers wait in the kernel's backlog. All of them or none: a failed bind
 * closes those before it, and until {@link #handOver} this object closes what is here.
 */
final class PodListeners implements AutoCloseable {

    private final PodSockets sockets;
    private final List<Bound> bound = new ArrayList<>();
    private SharedPorts ports = SharedPorts.exclusive();
    private @Nullable Names names;

    private PodListeners(PodSockets sockets) {
        this.sockets = sockets;
    }

    /** What takes an accepted connection. */
    interface Road {
        void accept(PodLoop share, LoopSocket socket, InetSocketAddress peer);
    }

    /**
     * A listener, and where what it accepts goes.
     *
     * @param road the class that takes it, for the log's target
     * @param component the original's word for it
     */
    record Bound(PodSockets.Listener listener, Road taker, Class<?> road, String component) {}

    /** The listeners of the DNS proxy, and who serves them. */
    private record Names(DnsListeners listeners, DnsService dns) {}

    /**
     * Binds, if asked for, 15053; then 15008, 15006, 15001 and, if asked for, 15080.
     *
     * @throws IOException naming the port that cannot be bound
     */
    static PodListeners bind(Roads roads, PodSockets sockets, List<PodLoop> shares) throws IOException {
        PodListeners listeners = new PodListeners(sockets);
        try {
            if (roads.dnsProxy()) {
                listeners.names = new Names(roads.dns().bind(sockets), roads.dns());
            }
            listeners.tunnels(roads.tunnels());
            listeners.plaintext();
            listeners.outbound();
            if (roads.socks5()) {
                listeners.socks5(roads, shares);
            }
            listeners.share();
            listeners.tell();
            return listeners;
        } catch (IOException | RuntimeException e) {
            listeners.close();
            throw e;
        }
    }

    /** Binds 15008 alone. */
    static PodListeners bindTunnels(PodSockets sockets, HboneConfig tunnels) throws IOException {
        PodListeners listeners = new PodListeners(sockets);
        try {
            listeners.tunnels(tunnels);
            listeners.tell();
            return listeners;
        } catch (IOException | RuntimeException e) {
            listeners.close();
            throw e;
        }
    }

    private void tunnels(HboneConfig tunnels) throws IOException {
        PodSockets.Listener opened = sockets.listenForTunnels(ProxyPorts.INBOUND_HBONE);
        boolean transparent = opened.transparent();
        Road taker = (share, socket, peer) -> TunnelServer.accept(share, tunnels, socket, peer, transparent);
        bound.add(new Bound(opened, taker, TunnelServer.class, "inbound"));
    }

    private void plaintext() throws IOException {
        PodSockets.Listener opened = sockets.listen(ProxyPorts.INBOUND_PLAINTEXT, true);
        boolean transparent = opened.transparent();
        Road taker = (share, socket, peer) -> PlaintextConnection.accept(share, socket, peer, transparent);
        bound.add(new Bound(opened, taker, PlaintextConnection.class, "inbound plaintext"));
    }

    private void outbound() throws IOException {
        PodSockets.Listener opened = sockets.listen(ProxyPorts.OUTBOUND, true);
        bound.add(new Bound(opened, OutboundConnection::accept, OutboundConnection.class, "outbound"));
    }

    private void socks5(Roads roads, List<PodLoop> shares) throws IOException {
        PodSockets.Listener opened = sockets.listenOnLoopback(ProxyPorts.SOCKS5);
        List<SocksDoor> doors = shares.stream()
                .map(share -> new SocksDoor(share, roads.names(), roads.socksMetrics()))
                .toList();
        Road taker = (share, socket, peer) ->
                SocksConnection.accept(doors.get(share.loop().index()), socket, peer);
        bound.add(new Bound(opened, taker, SocksConnection.class, "socks5"));
    }

    /** A line for each listener, by the target and the words of ztunnel's. */
    private void tell() throws IOException {
        for (Bound each : bound) {
            PodSockets.Listener listener = each.listener();
            LoggerFactory.getLogger(each.road())
                    .atInfo()
                    .addKeyValue("address", IpPort.of(Sockets.localAddress(listener.fd())))
                    .addKeyValue("component", each.component())
                    .addKeyValue("transparent", listener.transparent())
                    .log("listener established");
        }
    }

    /** From here on, new connections come to us, whoever listens on these ports, too. */
    private void share() {
        ports = sockets.share(bound.stream().map(Bound::listener).toList());
    }

    /** What to do about others that share our ports. */
    SharedPorts ports() {
        return ports;
    }

    /** Has the DNS proxy, if there is one, served on the loop of {@code share}. */
    void serveNames(PodLoop share) {
        if (names != null) {
            names.dns().serve(names.listeners(), share);
            names = null;
        }
    }

    /** Gives the listeners away, but for those of the DNS proxy; closing does nothing for them from then on. */
    List<Bound> handOver() {
        List<Bound> all = List.copyOf(bound);
        bound.clear();
        return all;
    }

    @Override
    public void close() {
        handOver().forEach(each -> each.listener().close());
        if (names != null) {
            names.listeners().close();
            names = null;
        }
    }
}
