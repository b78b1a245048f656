package io.culvert.proxy.inbound;

import io.culvert.proxy.address.IpPort;
import io.culvert.proxy.outcome.Outcome;
import io.culvert.proxy.outcome.ProxyError;
import io.culvert.proxy.pod.ConnectionLife;
import io.culvert.proxy.pod.Dial;
import io.culvert.proxy.pod.Ends;
import io.culvert.proxy.pod.OriginalDestination;
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
import io.culvert.proxy.relay.SocketRelay;
import io.culvert.proxy.relay.TcpDial;
import io.culvert.proxy.routing.LocalWorkloads;
import io.culvert.proxy.routing.ServiceGuess;
import io.culvert.proxy.telemetry.ConnectionFacts;
import io.culvert.proxy.telemetry.Reporter;
import io.culvert.xds.mesh.IpAddress;
import io.culvert.xds.mesh.MeshSnapshot;
import io.culvert.xds.mesh.NetworkAddress;
import io.culvert.xds.mesh.Workload;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * A connection captured on 15006: from outside the mesh, in the clear (ztunnel proxy/inbound_passthrough.rs).
 *
 * <pre>
 *   accepted -> own port? -> own workload -> caller known? -> policy, with nobody as caller
 *       -> dial the original destination -> relay
 * </pre>
 *
 * Whatever fails before the relay reaches the caller as a reset.
 */
public final class PlaintextConnection
        implements PodMember, LocalWorkloads.Listener, TcpDial.DialListener, RelayEnd.RelayListener {

    private final PodLoop pod;
    private final LoopSocket downstream;
    private final boolean keepSource;
    private final IpPort source;
    private final IpPort destination;
    private final ConnectionLife life;
    private InboundConnections.@Nullable Registration registration;
    private @Nullable TcpDial dial;
    private @Nullable SocketRelay relay;

    private PlaintextConnection(PodLoop pod, LoopSocket downstream, InetSocketAddress peer, boolean keepSource) {
        this.pod = pod;
        this.downstream = downstream;
        this.keepSource = keepSource;
        this.source = IpPort.of(peer);
        this.destination = OriginalDestination.of(downstream);
        this.life = ConnectionLife.ofSocket(pod, this, Reporter.DESTINATION);
    }

    /**
     * Takes a connection.
     *
     * @param keepSource let the application see the caller's address
     */
    public static void accept(PodLoop pod, LoopSocket downstream, InetSocketAddress peer, boolean keepSource) {
        new PlaintextConnection(pod, downstream, peer, keepSource).begin();
    }

    private void begin() {
        if (services().inboundRouter().isSelfCall(destination)) {
            failed(new ProxyError.SelfCall());
            return;
        }
        services().localWorkloads().find(pod.pod().workload(), pod.loop().executor(), this);
    }

    @Override
    public void found(Workload local) {
        if (life.isOver()) {
            return;
        }
        String network = services().network();
        if (services().addresses().mustAskForCaller(network, source.ip())) {
            services()
                    .addresses()
                    .fetchCaller(
                            new NetworkAddress(network, source.ip()), pod.loop().executor(), () -> judge(local));
        } else {
            judge(local);
        }
    }

    private void judge(Workload local) {
        if (life.isOver()) {
            return;
        }
        MeshSnapshot mesh = services().mesh().snapshot();
        life.opened(facts(mesh, local));
        Call call = new Call(source, destination, new Peer.Anonymous());
        registration = services()
                .inboundConnections()
                .register(
                        call,
                        local,
                        "",
                        pod.pod().connections(),
                        () -> pod.loop().post(() -> stop(EndReason.POLICY_CHANGE)));
        // After registering, a newer snapshot: a push in between is either seen here or re-evaluates the registration.
        switch (services().authorizer().evaluate(services().mesh().snapshot(), local, call)) {
            case Verdict.Permit permit -> forward(permit);
            case Verdict.Denied denied -> refuse(new ProxyError.PolicyRejected(denied.reason()));
        }
    }

    @Override
    public void failed(ProxyError error) {
        if (!life.isOver()) {
            downstream.reset();
            life.deniedEarly(source, destination, error);
        }
    }

    private ConnectionFacts facts(MeshSnapshot mesh, Workload local) {
        ConnectionFacts.Builder facts = ConnectionFacts.builder(Reporter.DESTINATION, source, destination)
                .destination(local)
                .service(ServiceGuess.of(mesh, mesh.servicesOf(local), local, "", destination.port()));
        Workload caller = mesh.workloadByAddress(services().network(), source.ip());
        if (caller != null) {
            facts.source(caller);
        }
        return facts.build();
    }

    private void forward(Verdict.Permit permit) {
        IpAddress spoofed = keepSource ? permit.call().source().ip() : null;
        dial = Dial.toOwn(pod, permit.call().destination(), spoofed, this);
    }

    @Override
    public void onConnected(LoopSocket upstream) {
        dial = null;
        relay = SocketRelay.start(downstream, upstream, life, this);
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
        downstream.reset();
        end(Ends.of(reason));
    }

    private void refuse(ProxyError error) {
        downstream.reset();
        end(Outcome.failed(error));
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
