package io.culvert.proxy.outbound;

import io.culvert.proxy.address.IpPort;
import io.culvert.proxy.hbone.ConnectRequest;
import io.culvert.proxy.hbone.ConnectResponse;
import io.culvert.proxy.hbone.HboneStream;
import io.culvert.proxy.hbone.InnerTunnel;
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
import io.culvert.xds.identity.Identity;
import io.culvert.xds.mesh.Workload;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The part of an outbound connection that goes through a tunnel: asks the pod's pool for a stream, and through that one
 * the far proxy where there is a gateway in between, then relays.
 */
final class TunnelLeg implements OpenListener {

    private final PodLoop pod;
    private final LoopSocket application;
    private final ByteMeter meter;
    private final Owner owner;
    private @Nullable Opening opening;
    private @Nullable Inner inner;
    private @Nullable InnerTunnel crossing;
    private boolean crossed;
    private @Nullable StreamRelay relay;

    /** The connection that the leg belongs to. */
    interface Owner extends RelayEnd.RelayListener {
        /** The far end has accepted; the relay is about to start. */
        void onTunnelOpen(HboneStream stream, ConnectResponse response);

        /**
         * No tunnel could be had. The application's socket is untouched.
         *
         * @param nextHop whether it is the next hop that failed, and not somebody behind a gateway
         */
        void onTunnelFailed(OpenFailure failure, boolean nextHop);
    }

    /** What is to be asked behind the gateway. */
    private record Inner(PoolKey key, ConnectRequest request) {}

    TunnelLeg(PodLoop pod, LoopSocket application, ByteMeter meter, Owner owner) {
        this.pod = pod;
        this.application = application;
        this.meter = meter;
        this.owner = owner;
    }

    /** The owner may be told before this returns. */
    void start(Workload local, OutboundDecision.Hbone way, IpPort source, TraceContext trace) {
        open(
                key(local, way.expectedIdentities(), way.nextHop(), source),
                ConnectHeaders.of(way.authority().toString(), way.destination(), local, source, trace));
    }

    /** As above, for another network: both tunnels are asked for the same name. */
    void start(Workload local, OutboundDecision.DoubleHbone way, IpPort source, TraceContext trace) {
        inner = new Inner(
                key(local, way.finalIdentities(), way.nextHop(), source),
                ConnectHeaders.inner(
                        way.authority(),
                        way.destination(),
                        local,
                        source,
                        trace,
                        pod.services().network()));
        open(
                key(local, way.gatewayIdentities(), way.nextHop(), source),
                ConnectHeaders.of(way.authority(), way.destination(), local, source, trace));
    }

    private PoolKey key(Workload local, List<Identity> expected, IpPort nextHop, IpPort source) {
        return new PoolKey(
                pod.pod().identity(local),
                expected,
                nextHop.toInetSocketAddress(),
                source.ip().toInetAddress());
    }

    private void open(PoolKey key, ConnectRequest request) {
        opening = pod.pool().open(key, request, this);
    }

    @Override
    public void onOpen(HboneStream stream, ConnectResponse response) {
        opening = null;
        crossing = null;
        if (inner != null) {
            Inner next = inner;
            inner = null;
            crossed = true;
            crossing = InnerTunnel.open(pod.pool(), stream, next.key(), next.request(), this);
            return;
        }
        owner.onTunnelOpen(stream, response);
        relay = StreamRelay.start(application, stream, StreamRelay.Position.SOCKET_IS_DOWNSTREAM, meter, owner);
    }

    @Override
    public void onFailed(OpenFailure failure) {
        boolean nextHop = !crossed;
        opening = null;
        crossing = null;
        owner.onTunnelFailed(failure, nextHop);
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
        if (crossing != null) {
            crossing.cancel();
        }
        return false;
    }

    /** What a failure is called. */
    static ProxyError error(OpenFailure failure) {
        return switch (failure) {
            case OpenFailure.CertificateUnavailable f -> new ProxyError.IdentityFailed(f.text());
            case OpenFailure.DialFailed f -> dialError(f.failure());
            case OpenFailure.TlsFailed f -> new ProxyError.IoFailed(new IoCause(f.text()));
            case OpenFailure.Http2Failed f -> new ProxyError.Http2Failed(f.text());
            case OpenFailure.ConnectionLost f -> new ProxyError.Http2Failed(f.text());
            case OpenFailure.Revoked ignored -> new ProxyError.CertificateRevoked();
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
