package io.culvert.proxy.inbound;

import io.culvert.proxy.address.IpPort;
import io.culvert.proxy.hbone.ConnectHandler;
import io.culvert.proxy.hbone.ConnectRequest;
import io.culvert.proxy.hbone.ConnectionEnd;
import io.culvert.proxy.hbone.HboneConfig;
import io.culvert.proxy.hbone.HboneConnection;
import io.culvert.proxy.hbone.HboneServer;
import io.culvert.proxy.hbone.HboneStream;
import io.culvert.proxy.outcome.Outcome;
import io.culvert.proxy.outcome.ProxyError;
import io.culvert.proxy.pod.ConnectionLife;
import io.culvert.proxy.pod.OriginalDestination;
import io.culvert.proxy.pod.OwnCertificate;
import io.culvert.proxy.pod.PodLoop;
import io.culvert.proxy.pod.PodMember;
import io.culvert.proxy.relay.EndReason;
import io.culvert.proxy.relay.LoopSocket;
import io.culvert.proxy.routing.LocalWorkloads;
import io.culvert.proxy.telemetry.Reporter;
import io.culvert.xds.identity.WorkloadCertificate;
import io.culvert.xds.mesh.Workload;
import java.net.InetSocketAddress;
import java.util.IdentityHashMap;
import org.jspecify.annotations.Nullable;

/**
 * One connection to 15008, by a peer of the mesh (ztunnel proxy/inbound.rs:serve_connection).
 *
 * <pre>
 *   accepted -> own workload -> own certificate -> TLS -> each CONNECT: {@link TunnelledConnection}
 * </pre>
 *
 * The certificate is the pod's, whatever the peer may want: it is chosen by where the connection arrived. A connection
 * that fails before its handshake is done leaves a warning, and nothing else.
 */
public final class TunnelServer implements PodMember, LocalWorkloads.Listener, OwnCertificate.Listener, ConnectHandler {

    private final PodLoop pod;
    private final HboneConfig config;
    private final LoopSocket socket;
    private final boolean keepSource;
    private final IpPort peer;
    private final IpPort local;
    private final ConnectionLife life;
    private final IdentityHashMap<HboneStream, TunnelledConnection> unjoined = new IdentityHashMap<>();
    private @Nullable HboneConnection connection;
    private boolean established;
    private boolean draining;

    private TunnelServer(
            PodLoop pod, HboneConfig config, LoopSocket socket, InetSocketAddress peer, boolean keepSource) {
        this.pod = pod;
        this.config = config;
        this.socket = socket;
        this.keepSource = keepSource;
        this.peer = IpPort.of(peer);
        this.local = OriginalDestination.local(socket);
        this.life = ConnectionLife.ofSocket(pod, this, Reporter.DESTINATION);
    }

    /**
     * Takes a connection.
     *
     * @param keepSource let the application see the caller's address
     */
    public static void accept(
            PodLoop pod, HboneConfig config, LoopSocket socket, InetSocketAddress peer, boolean keepSource) {
        TunnelServer server = new TunnelServer(pod, config, socket, peer, keepSource);
        pod.services().localWorkloads().find(pod.pod().workload(), pod.loop().executor(), server);
    }

    @Override
    public void found(Workload workload) {
        if (!life.isOver()) {
            OwnCertificate.find(
                    pod.services().certificates(), pod.loop(), pod.pod().identity(workload), this);
        }
    }

    @Override
    public void certified(WorkloadCertificate own) {
        if (!life.isOver()) {
            connection = HboneServer.accept(socket, pod.tls().server(own), config, this);
            if (draining) {
                connection.drain();
            }
        }
    }

    @Override
    public void uncertified(String reason) {
        failed(new ProxyError.TlsHandshakeFailed("signing error: " + reason));
    }

    @Override
    public void failed(ProxyError error) {
        if (!life.isOver()) {
            socket.reset();
            life.deniedEarly(peer, local, error);
        }
    }

    @Override
    public void onEstablished(HboneConnection made) {
        established = true;
    }

    @Override
    public void onConnect(HboneStream stream, ConnectRequest request) {
        TunnelledConnection taken = new TunnelledConnection(pod, stream, request, this);
        unjoined.put(stream, taken);
        taken.begin();
    }

    @Override
    public void onAbandoned(HboneStream stream) {
        TunnelledConnection abandoned = unjoined.remove(stream);
        if (abandoned != null) {
            abandoned.onAbandoned();
        }
    }

    @Override
    public void onClosed(HboneConnection ended, ConnectionEnd end) {
        if (established || end.cause() != ConnectionEnd.Cause.TLS) {
            life.end(Outcome.completed());
        } else {
            life.deniedEarly(peer, local, new ProxyError.TlsHandshakeFailed(end.text()));
        }
    }

    /** The stream has an answer: from here on its relay hears of its end, not we. */
    void answered(HboneStream stream) {
        unjoined.remove(stream);
    }

    IpPort peer() {
        return peer;
    }

    /** The accepted socket's own address: the pod's, port 15008. */
    IpPort local() {
        return local;
    }

    boolean keepsSource() {
        return keepSource;
    }

    @Override
    public void drain() {
        draining = true;
        if (connection != null) {
            connection.drain();
        }
    }

    @Override
    public boolean isCarrier() {
        return true;
    }

    @Override
    public void stop(EndReason reason) {
        if (connection != null) {
            connection.close(reason);
        } else if (!life.isOver()) {
            socket.reset();
            life.end(Outcome.completed());
        }
    }
}
