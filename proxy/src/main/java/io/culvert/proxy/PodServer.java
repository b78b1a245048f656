package io.culvert.proxy;

import io.culvert.linux.Sockets;
import io.culvert.proxy.address.IpPort;
import io.culvert.proxy.hbone.HboneConfig;
import io.culvert.proxy.inbound.PlaintextConnection;
import io.culvert.proxy.inbound.TunnelServer;
import io.culvert.proxy.inpod.PodProxy;
import io.culvert.proxy.inpod.PodSockets;
import io.culvert.proxy.lifecycle.DrainMode;
import io.culvert.proxy.outbound.OutboundConnection;
import io.culvert.proxy.pod.Pod;
import io.culvert.proxy.pod.PodLoop;
import io.culvert.proxy.rbac.PodConnections;
import io.culvert.proxy.relay.DataLoop;
import io.culvert.proxy.relay.EndReason;
import io.culvert.proxy.relay.Listener;
import io.culvert.proxy.relay.LoopSocket;
import io.culvert.proxy.routing.ProxyPorts;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.LoggerFactory;

/**
 * The running proxy of one pod: three listeners on one loop, which deals connections out to all loops.
 *
 * <p>Stopping runs in two steps, so that a connection under way between loops is met by the second: first the listeners
 * close, on their loop; then, posted from there and so behind every connection that was dealt out, each loop's share
 * ends.
 */
final class PodServer implements PodProxy {

    private final Pod pod;
    private final List<PodLoop> shares;
    private final DataLoop listening;
    private final List<Listener> listeners = new ArrayList<>(3);

    private PodServer(Pod pod, List<PodLoop> shares, DataLoop listening) {
        this.pod = pod;
        this.shares = shares;
        this.listening = listening;
    }

    /** What takes an accepted connection. */
    private interface Road {
        void accept(PodLoop share, LoopSocket socket, InetSocketAddress peer);
    }

    /**
     * Binds 15008, 15006 and 15001 in the pod, on the caller's thread, and begins to serve them.
     *
     * @param shares one for each loop, in the order of the loops
     * @throws IOException if any cannot be bound; then none is
     */
    static PodServer start(Pod pod, List<PodLoop> shares, DataLoop listening, HboneConfig tunnels) throws IOException {
        PodServer server = new PodServer(pod, shares, listening);
        PodSockets sockets = pod.sockets();
        try (OpenListeners open = new OpenListeners()) {
            PodSockets.Listener hbone = open.add(sockets.listenForTunnels(ProxyPorts.INBOUND_HBONE));
            PodSockets.Listener plaintext = open.add(sockets.listen(ProxyPorts.INBOUND_PLAINTEXT, true));
            PodSockets.Listener outbound = open.add(sockets.listen(ProxyPorts.OUTBOUND, true));
            established(TunnelServer.class, "inbound", hbone);
            established(PlaintextConnection.class, "inbound plaintext", plaintext);
            established(OutboundConnection.class, "outbound", outbound);
            open.handOver();
            server.serve(
                    hbone,
                    (share, socket, peer) -> TunnelServer.accept(share, tunnels, socket, peer, hbone.transparent()));
            server.serve(
                    plaintext,
                    (share, socket, peer) -> PlaintextConnection.accept(share, socket, peer, plaintext.transparent()));
            server.serve(outbound, OutboundConnection::accept);
        }
        return server;
    }

    /** A line for each listener, by the target and the words of ztunnel's. */
    static void established(Class<?> road, String component, PodSockets.Listener listener) throws IOException {
        LoggerFactory.getLogger(road)
                .atInfo()
                .addKeyValue("address", IpPort.of(Sockets.localAddress(listener.fd())))
                .addKeyValue("component", component)
                .addKeyValue("transparent", listener.transparent())
                .log("listener established");
    }

    /** Serves an open listener for 15008, which it owns from here on, and nothing else. */
    static PodServer startInbound(
            Pod pod, List<PodLoop> shares, DataLoop listening, HboneConfig tunnels, PodSockets.Listener hbone) {
        PodServer server = new PodServer(pod, shares, listening);
        server.serve(
                hbone, (share, socket, peer) -> TunnelServer.accept(share, tunnels, socket, peer, hbone.transparent()));
        return server;
    }

    private void serve(PodSockets.Listener listener, Road road) {
        int fd = listener.fd().release();
        List<DataLoop> targets = shares.stream().map(PodLoop::loop).toList();
        listening.post(() -> listeners.add(Listener.start(listening, targets, fd, (socket, peer) -> {
            PodLoop share = shares.get(socket.loop().index());
            if (share.isOpen()) {
                road.accept(share, socket, peer);
            } else {
                socket.reset();
            }
        })));
    }

    @Override
    public void stop(DrainMode mode, Runnable finished) {
        AtomicInteger left = new AtomicInteger(shares.size());
        Runnable emptied = () -> {
            if (left.decrementAndGet() == 0) {
                finished.run();
            }
        };
        listening.post(() -> {
            listeners.forEach(Listener::close);
            listeners.clear();
            for (PodLoop share : shares) {
                share.loop().post(() -> end(share, mode, emptied));
            }
        });
    }

    private static void end(PodLoop share, DrainMode mode, Runnable emptied) {
        switch (mode) {
            case GRACEFUL -> share.drain(emptied);
            case IMMEDIATE -> share.stop(EndReason.POD_REMOVED, emptied);
        }
    }

    @Override
    public PodConnections connections() {
        return pod.connections();
    }

    /** Closes what was bound, unless all of it was and has been handed over. */
    private static final class OpenListeners implements AutoCloseable {
        private final List<PodSockets.Listener> bound = new ArrayList<>(3);

        PodSockets.Listener add(PodSockets.Listener listener) {
            bound.add(listener);
            return listener;
        }

        void handOver() {
            bound.clear();
        }

        @Override
        public void close() {
            bound.forEach(PodSockets.Listener::close);
        }
    }
}
