package io.culvert.proxy.inbound;

import io.culvert.proxy.hbone.ConnectRequest;
import io.culvert.proxy.hbone.HboneStream;
import io.culvert.proxy.hbone.Header;
import io.culvert.proxy.outcome.IoCause;
import io.culvert.proxy.outcome.Outcome;
import io.culvert.proxy.outcome.OutcomeTable;
import io.culvert.proxy.outcome.ProxyError;
import io.culvert.proxy.pod.ConnectionLife;
import io.culvert.proxy.pod.Dial;
import io.culvert.proxy.pod.Ends;
import io.culvert.proxy.pod.PodLoop;
import io.culvert.proxy.pod.PodMember;
import io.culvert.proxy.pod.Services;
import io.culvert.proxy.rbac.Call;
import io.culvert.proxy.rbac.InboundConnections;
import io.culvert.proxy.rbac.Peer;
import io.culvert.proxy.rbac.Verdict;
import io.culvert.proxy.relay.EndReason;
import io.culvert.proxy.relay.LoopSocket;
import io.culvert.proxy.relay.RelayEnd;
import io.culvert.proxy.relay.StreamRelay;
import io.culvert.proxy.relay.TcpDial;
import io.culvert.proxy.relay.TunnelStream;
import io.culvert.proxy.routing.AddressFetch;
import io.culvert.proxy.routing.Authority;
import io.culvert.proxy.routing.InboundDecision;
import io.culvert.proxy.routing.LocalWorkloads;
import io.culvert.proxy.routing.ServiceGuess;
import io.culvert.proxy.telemetry.Baggage;
import io.culvert.proxy.telemetry.ConnectionFacts;
import io.culvert.proxy.telemetry.Forwarded;
import io.culvert.proxy.telemetry.PeerFacts;
import io.culvert.proxy.telemetry.Reporter;
import io.culvert.xds.identity.Identity;
import io.culvert.xds.mesh.IpAddress;
import io.culvert.xds.mesh.MeshSnapshot;
import io.culvert.xds.mesh.NetworkAddress;
import io.culvert.xds.mesh.Workload;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One CONNECT on a tunnel to this pod (ztunnel proxy/inbound.rs:serve_connect).
 *
 * <pre>
 *   CONNECT? authority? -> own workload -> address known? -> routing -> caller known? -> policy
 *       -> dial the pod's own address -> PROXY header, if it wants one -> 200 -> relay
 * </pre>
 *
 * The answer is sent only when the application's side is connected, so that 200 means what it says. Each step's failure
 * has its status in {@link OutcomeTable}.
 */
final class TunnelledConnection
        implements PodMember, LocalWorkloads.Listener, TcpDial.DialListener, RelayEnd.RelayListener {

    private static final byte[] NOTHING = {};

    private final PodLoop pod;
    private final HboneStream stream;
    private final ConnectRequest request;
    private final TunnelServer server;
    private final ConnectionLife life;
    private final Optional<Authority> authority;
    private final String forwardedHost;
    private InboundConnections.@Nullable Registration registration;
    private @Nullable Workload local;
    private @Nullable TcpDial dial;

    /** For the application, ahead of the caller's bytes. */
    private byte[] preamble = NOTHING;

    private @Nullable StreamRelay relay;

    TunnelledConnection(PodLoop pod, HboneStream stream, ConnectRequest request, TunnelServer server) {
        this.pod = pod;
        this.stream = stream;
        this.request = request;
        this.server = server;
        this.authority = Authority.parse(request.authority());
        this.forwardedHost =
                request.header("forwarded").flatMap(Forwarded::host).orElse("");
        this.life = ConnectionLife.ofStream(pod, this, Reporter.DESTINATION);
    }

    void begin() {
        if (!request.isConnect()) {
            failed(new ProxyError.MethodNotConnect(request.method()));
        } else if (authority.isEmpty()) {
            failed(new ProxyError.NoAuthority(request.authority()));
        } else {
            services().localWorkloads().find(pod.pod().workload(), pod.loop().executor(), this);
        }
    }

    @Override
    public void found(Workload workload) {
        if (life.isOver()) {
            return;
        }
        local = workload;
        Optional<NetworkAddress> address =
                services().inboundRouter().mustBeKnown(workload, server.local().ip(), authority.orElseThrow());
        if (address.isEmpty()) {
            route(workload, false);
        } else {
            services().addresses().fetch(address.get(), null, pod.loop().executor(), new Known(workload));
        }
    }

    /** Goes on once the control plane has said what it knows of an address that is not the pod's own. */
    private final class Known implements AddressFetch.Listener {
        private final Workload workload;

        Known(Workload workload) {
            this.workload = workload;
        }

        @Override
        public void fetched() {
            route(workload, false);
        }

        @Override
        public void failed(ProxyError error) {
            TunnelledConnection.this.failed(error);
        }
    }

    private void route(Workload workload, boolean askedForCaller) {
        if (life.isOver()) {
            return;
        }
        MeshSnapshot mesh = services().mesh().snapshot();
        InboundDecision decision =
                services().inboundRouter().decide(mesh, workload, server.local().ip(), authority.orElseThrow());
        switch (decision) {
            case InboundDecision.Refused refused -> failed(refused.error());
            case InboundDecision.Forward forward -> {
                IpAddress caller = server.peer().ip();
                if (!askedForCaller
                        && !isFromOtherNetwork()
                        && services().addresses().mustAskForCaller(services().network(), caller)) {
                    // Then decided anew, by what is known by then.
                    services()
                            .addresses()
                            .fetchCaller(
                                    new NetworkAddress(services().network(), caller),
                                    pod.loop().executor(),
                                    () -> route(workload, true));
                } else {
                    judge(mesh, workload, forward);
                }
            }
        }
    }

    private void judge(MeshSnapshot mesh, Workload workload, InboundDecision.Forward forward) {
        life.opened(facts(mesh, workload, forward));
        Call call = new Call(
                server.peer(), forward.destination(), Peer.of(peerIdentity().orElse(null)));
        registration = services()
                .inboundConnections()
                .register(
                        call,
                        workload,
                        forwardedHost,
                        pod.pod().connections(),
                        () -> pod.loop().post(() -> stop(EndReason.POLICY_CHANGE)));
        // After registering, a newer snapshot: a push in between is either seen here or re-evaluates the registration.
        switch (services().authorizer().evaluate(services().mesh().snapshot(), workload, call)) {
            case Verdict.Permit permit -> forward(permit, forward);
            case Verdict.Denied denied -> refuse(new ProxyError.PolicyRejected(denied.reason()));
        }
    }

    private ConnectionFacts facts(MeshSnapshot mesh, Workload workload, InboundDecision.Forward forward) {
        ConnectionFacts.Builder facts = ConnectionFacts.builder(Reporter.DESTINATION, server.peer(), server.local())
                .tunnel(request.authority())
                .destination(workload)
                .service(ServiceGuess.of(
                        mesh,
                        forward.services(),
                        workload,
                        forwardedHost,
                        forward.destination().port()));
        peerIdentity().ifPresent(facts::sourceIdentity);
        if (services().baggage()) {
            facts.source(PeerFacts.of(Baggage.parse(baggageOf(request))));
        }
        Workload caller =
                mesh.workloadByAddress(services().network(), server.peer().ip());
        if (caller != null && !isFromOtherNetwork()) {
            facts.source(caller);
        }
        return facts.build();
    }

    private static List<String> baggageOf(ConnectRequest request) {
        return request.headers().stream()
                .filter(header -> header.name().equals("baggage"))
                .map(Header::value)
                .toList();
    }

    /** Behind a gateway the peer's address is the gateway's, and says nothing about the caller. */
    private boolean isFromOtherNetwork() {
        return request.header("x-forwarded-network")
                .filter(network -> !network.equalsIgnoreCase(services().network()))
                .isPresent();
    }

    private Optional<Identity> peerIdentity() {
        return stream.connection().security().peer().identity();
    }

    private void forward(Verdict.Permit permit, InboundDecision.Forward to) {
        preamble = switch (to.preamble()) {
            case InboundDecision.Preamble.None ignored -> NOTHING;
            case InboundDecision.Preamble.ProxyHeader header -> ProxyHeader.of(permit.call(), header.destination());
        };
        boolean spoof = server.keepsSource() && to.keepsSource();
        IpAddress source = spoof ? permit.call().source().ip() : null;
        dial = Dial.toOwn(pod, to.dial(), source, this);
    }

    @Override
    public void onConnected(LoopSocket upstream) {
        dial = null;
        if (preamble.length > 0) {
            try {
                ProxyHeader.write(preamble, upstream);
            } catch (IOException e) {
                upstream.reset();
                refuse(new ProxyError.DialFailed(IoCause.of(e)));
                return;
            }
        }
        server.answered(stream);
        stream.accept(answerHeaders());
        relay = StreamRelay.start(upstream, stream, StreamRelay.Position.SOCKET_IS_UPSTREAM, life, this);
    }

    private List<Header> answerHeaders() {
        return services().baggage() && local != null
                ? List.of(new Header("baggage", Baggage.of(local).header()))
                : List.of();
    }

    @Override
    public void onDialFailed(TcpDial.DialFailure failure) {
        dial = null;
        refuse(new ProxyError.DialFailed(Ends.cause(failure)));
    }

    @Override
    public void onRelayEnd(RelayEnd end) {
        end(Ends.of(end));
    }

    /** The caller reset the stream, or its tunnel went, before there was an answer: nobody is left to serve. */
    void onAbandoned() {
        if (dial != null) {
            dial.cancel();
        }
        end(stream.isRevoked() ? Ends.of(EndReason.CERTIFICATE_REVOKED) : Outcome.completed());
    }

    @Override
    public void failed(ProxyError error) {
        if (!life.isOver()) {
            answer(error);
            life.deniedEarly(server.peer(), server.local(), error);
        }
    }

    private void refuse(ProxyError error) {
        answer(error);
        end(Outcome.failed(error));
    }

    private void answer(ProxyError error) {
        server.answered(stream);
        stream.refuse(OutcomeTable.of(error).status());
    }

    @Override
    public void stop(EndReason reason) {
        if (life.isOver()) {
            return;
        }
        if (relay != null) {
            relay.stop(reason);
            return;
        }
        if (dial != null) {
            dial.cancel();
        }
        server.answered(stream);
        stream.abort(TunnelStream.Abort.CANCELLED);
        end(Ends.of(reason));
    }

    private void end(Outcome outcome) {
        if (registration != null) {
            registration.leave();
        }
        life.end(outcome);
    }

    private Services services() {
        return pod.services();
    }
}
