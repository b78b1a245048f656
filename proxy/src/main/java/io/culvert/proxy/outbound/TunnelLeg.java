package io.culvert.proxy.outbound;

import io.culvert.proxy.address.IpPort;
import io.culvert.proxy.hbone.ConnectResponse;
import io.culvert.proxy.hbone.HboneStream;
import io.culvert.proxy.hbone.OpenFailure;
import io.culvert.proxy.hbone.OpenListener;
import io.culvert.proxy.hbone.Opening;
import io.culvert.proxy.hbone.PoolKey;
import io.culvert.proxy.outcome.IoCause;
import io.culvert.proxy.outcome.ProxyError;
import io.culvert.proxy.pod.Ends;
import io.culvert.proxy.pod.PodLoop;
import io.culvert.proxy.relay.ByteMeter;
import io.culvert.proxy.relay.EndReason;
import io.culvert.proxy.relay.LoopSocket;
import io.culvert.proxy.relay.RelayEnd;
import io.culvert.proxy.relay.StreamRelay;
import io.culvert.proxy.relay.TcpDial;
import io.culvert.proxy.routing.OutboundDecision;
import io.culvert.xds.mesh.Workload;
import org.jspecify.annotations.Nullable;

/** The part of an outbound connection that goes through a tunnel: asks the pod's pool for a stream, then relays. */
final class TunnelLeg implements OpenListener {

    private final PodLoop pod;
    private final LoopSocket application;
    private final ByteMeter meter;
    private final Owner owner;
    private @Nullable Opening opening;
    private @Nullable StreamRelay relay;

    /** The connection that the leg belongs to. */
    interface Owner extends RelayEnd.RelayListener {
        /** No tunnel could be had. The application's socket is untouched. */
        void onTunnelFailed(ProxyError error);
    }

    TunnelLeg(PodLoop pod, LoopSocket application, ByteMeter meter, Owner owner) {
        this.pod = pod;
        this.application = application;
        this.meter = meter;
        this.owner = owner;
    }

    /** The owner may be told before this returns. */
    void start(Workload local, OutboundDecision.Hbone decision, IpPort source, TraceContext trace) {
        PoolKey key = new PoolKey(
                pod.pod().identity(local),
                decision.expectedIdentities(),
                decision.nextHop().toInetSocketAddress(),
                source.ip().toInetAddress());
        opening = pod.pool().open(key, ConnectHeaders.of(decision, local, source, trace), this);
    }

    @Override
    public void onOpen(HboneStream stream, ConnectResponse response) {
        opening = null;
        relay = StreamRelay.start(application, stream, StreamRelay.Position.SOCKET_IS_DOWNSTREAM, meter, owner);
    }

    @Override
    public void onFailed(OpenFailure failure) {
        opening = null;
        owner.onTunnelFailed(error(failure));
    }

    /** Ends the leg. True if the relay was running: then the owner hears of its end. */
    boolean stop(EndReason reason) {
        if (relay != null) {
            relay.stop(reason);
            return true;
        }
        if (opening != null) {
            opening.cancel();
        }
        return false;
    }

    private static ProxyError error(OpenFailure failure) {
        return switch (failure) {
            case OpenFailure.CertificateUnavailable f -> new ProxyError.IdentityFailed(f.text());
            case OpenFailure.DialFailed f -> dialError(f.failure());
            case OpenFailure.TlsFailed f -> new ProxyError.IoFailed(new IoCause(f.text()));
            case OpenFailure.Http2Failed f -> new ProxyError.Http2Failed(f.text());
            case OpenFailure.ConnectionLost f -> new ProxyError.Http2Failed(f.text());
            case OpenFailure.Refused f -> new ProxyError.ConnectAnswered(f.status());
            case OpenFailure.Draining ignored -> new ProxyError.PoolDraining();
        };
    }

    private static ProxyError dialError(TcpDial.DialFailure failure) {
        return switch (failure) {
            case TcpDial.Failed ignored -> new ProxyError.IoFailed(Ends.cause(failure));
            case TcpDial.TimedOut ignored -> new ProxyError.TunnelDialTimedOut(Ends.cause(failure));
        };
    }
}
