package io.culvert.proxy;

import io.culvert.linux.KernelException;
import io.culvert.proxy.hbone.HboneConfig;
import io.culvert.proxy.inbound.TunnelServer;
import io.culvert.proxy.inpod.PodProxy;
import io.culvert.proxy.inpod.PodSockets;
import io.culvert.proxy.lifecycle.Drain;
import io.culvert.proxy.lifecycle.DrainMode;
import io.culvert.proxy.pod.Pod;
import io.culvert.proxy.pod.PodLoop;
import io.culvert.proxy.relay.DataLoop;
import io.culvert.proxy.routing.ProxyPorts;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The proxy as a workload of the mesh itself: 15008 in its own namespace, with its own certificate and the policies
 * that hold for it, so that who scrapes its metrics may do so over mutual TLS (ztunnel
 * proxyfactory.rs:create_ztunnel_self_proxy_listener).
 *
 * <pre>
 *   BOUND (callers wait in the backlog) --state is there--> SERVING --drain--> ENDED
 *     \------------------------drain----------------------------------------> ENDED
 * </pre>
 *
 * No mark and no shared port, as nothing is redirected here and every generation of the proxy has a namespace of its
 * own; no caller's address is kept. Any thread.
 */
final class OwnServer implements Drain.Participant {

    private final Pod own;
    private final List<PodLoop> shares;
    private final DataLoop listening;
    private final HboneConfig tunnels;

    /** Until it serves or ends. */
    private PodSockets.@Nullable Listener bound;

    private @Nullable PodProxy serving;

    private OwnServer(
            Pod own, List<PodLoop> shares, DataLoop listening, HboneConfig tunnels, PodSockets.Listener bound) {
        this.own = own;
        this.shares = shares;
        this.listening = listening;
        this.tunnels = tunnels;
        this.bound = bound;
    }

    /**
     * Binds the port, and lets callers wait.
     *
     * @param own ourselves, with sockets of our own namespace
     * @throws IOException if somebody else has the port
     */
    static OwnServer bind(Pod own, List<PodLoop> shares, DataLoop listening, HboneConfig tunnels) throws IOException {
        PodSockets.Listener bound;
        try {
            bound = own.sockets().listenForTunnels(ProxyPorts.INBOUND_HBONE);
        } catch (KernelException e) {
            throw new IOException(
                    "failed to bind to port " + ProxyPorts.INBOUND_HBONE + " for the proxy's own workload: "
                            + e.getMessage() + "; each proxy needs a network namespace of its own, or no POD_NAME",
                    e);
        }
        PodServer.established(TunnelServer.class, "inbound", bound);
        return new OwnServer(own, shares, listening, tunnels, bound);
    }

    /** Takes connections from now on: who may come is known. After a drain it does nothing. */
    synchronized void serve() {
        PodSockets.Listener listener = bound;
        if (listener != null) {
            bound = null;
            serving = PodServer.startInbound(own, shares, listening, tunnels, listener);
        }
    }

    @Override
    public synchronized void drain(DrainMode mode, Runnable finished) {
        if (serving != null) {
            serving.stop(mode, finished);
            return;
        }
        if (bound != null) {
            bound.close();
            bound = null;
        }
        finished.run();
    }
}
