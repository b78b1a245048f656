package io.culvert.proxy.outbound;

import io.culvert.proxy.address.IpPort;
import io.culvert.proxy.hbone.ConnectResponse;
import io.culvert.proxy.hbone.HboneStream;
import io.culvert.proxy.hbone.OpenFailure;
import io.culvert.proxy.names.HostNames;
import io.culvert.proxy.outcome.Outcome;
import io.culvert.proxy.outcome.ProxyError;
import io.culvert.proxy.pod.ConnectionLife;
import io.culvert.proxy.pod.Dial;
import io.culvert.proxy.pod.Ends;
import io.culvert.proxy.pod.OriginalDestination;
import io.culvert.proxy.pod.PodLoop;
import io.culvert.proxy.pod.PodMember;
import io.culvert.proxy.pod.Services;
import io.culvert.proxy.rbac.PodConnections;
import io.culvert.proxy.relay.EndReason;
import io.culvert.proxy.relay.LoopSocket;
import io.culvert.proxy.relay.RelayEnd;
import io.culvert.proxy.relay.SocketRelay;
import io.culvert.proxy.relay.TcpDial;
import io.culvert.proxy.routing.AddressFetch;
import io.culvert.proxy.routing.Destination;
import io.culvert.proxy.routing.LocalWorkloads;
import io.culvert.proxy.routing.OutboundDecision;
import io.culvert.proxy.routing.Shunned;
import io.culvert.proxy.telemetry.Baggage;
import io.culvert.proxy.telemetry.ConnectionFacts;
import io.culvert.proxy.telemetry.PeerFacts;
import io.culvert.proxy.telemetry.Reporter;
import io.culvert.xds.mesh.IpAddress;
import io.culvert.xds.mesh.NetworkAddress;
import io.culvert.xds.mesh.Service;
import io.culvert.xds.mesh.Workload;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A connection of the pod's application, captured on 15001 or told of by SOCKS5 (ztunnel proxy/outbound.rs).
 *
 * <pre>
 *   accepted -> own port? -> own workload -> destination known? -> routing -+-> Tcp:   dial -> relay
 *                                                                          +-> Hbone, DoubleHbone: {@link TunnelLeg}
 *                                                                          |       -> relay
 *                                                                          +-> Refused
 * </pre>
 *
 * Where the next hop cannot be reached, other endpoints of the service are tried, if there are any and the settings
 * allow it ({@link Attempts}): the application has sent nothing yet that anybody has seen. Where the next hop is known
 * by name only, the name is resolved first.
 *
 * <p>Whatever fails before the relay reaches the application as a reset: its connect has succeeded, so that is all that
 * can be told.
 */
public final class OutboundConnection
        implements PodMember, LocalWorkloads.Listener, TcpDial.DialListener, RelayEnd.RelayListener, TunnelLeg.Owner {

    private final PodLoop pod;
    private final LoopSocket application;
    private final IpPort source;
    private final IpPort target;
    private final ConnectionLife life;
    private final long begunNanos;
    /** Of a connection that is not counted yet: who it goes to is certain when the far end has answered. */
    private ConnectionFacts.@Nullable Builder facts;

    private final Attempts attempts;
    private @Nullable Workload own;
    private PodConnections.@Nullable Outbound listed;
    private @Nullable TcpDial dial;
    private @Nullable SocketRelay relay;
    private @Nullable TunnelLeg tunnel;

    private OutboundConnection(PodLoop pod, LoopSocket application, InetSocketAddress peer, IpPort target) {
        this.pod = pod;
        this.application = application;
        this.source = IpPort.of(peer);
        this.target = target;
        this.life = ConnectionLife.ofSocket(pod, this, Reporter.SOURCE);
        this.begunNanos = pod.loop().nanoTime();
        this.attempts = new Attempts(pod, begunNanos);
    }

    /** Takes a captured connection. */
    public static void accept(PodLoop pod, LoopSocket application, InetSocketAddress peer) {
        accept(pod, application, peer, OriginalDestination.of(application));
    }

    /** Takes a connection whose application has said itself where it goes. */
    public static void accept(PodLoop pod, LoopSocket application, InetSocketAddress peer, IpPort target) {
        new OutboundConnection(pod, application, peer, target).begin();
    }

    private void begin() {
        if (services().outboundRouter().isSelfCall(target)) {
            failed(new ProxyError.SelfCall());
            return;
        }
        services().localWorkloads().find(pod.pod().workload(), pod.loop().executor(), this);
    }

    @Override
    public void failed(ProxyError error) {
        if (!life.isOver()) {
            application.reset();
            life.deniedEarly(source, target, error);
        }
    }

    @Override
    public void found(Workload local) {
        if (life.isOver()) {
            return;
        }
        NetworkAddress destination = new NetworkAddress(services().network(), target.ip());
        services().addresses().fetch(destination, local.namespace(), pod.loop().executor(), new Fetched(local));
    }

    /** Goes on once the control plane has said what it knows of the destination. */
    private final class Fetched implements AddressFetch.Listener {
        private final Workload local;

        Fetched(Workload local) {
            this.local = local;
        }

        @Override
        public void fetched() {
            route(local);
        }

        @Override
        public void failed(ProxyError error) {
            OutboundConnection.this.failed(error);
        }
    }

    private void route(Workload local) {
        if (life.isOver()) {
            return;
        }
        own = local;
        follow(local, decide(pod.ejections()));
    }

    private OutboundDecision decide(Shunned shunned) {
        if (own == null) {
            throw new IllegalStateException("no decision before the pod's own workload is known");
        }
        return services()
                .outboundRouter()
                .decide(services().mesh().snapshot(), own, source.ip(), target, pod.random(), shunned);
    }

    private void follow(Workload local, OutboundDecision decision) {
        switch (decision) {
            case OutboundDecision.Tcp tcp -> direct(local, tcp);
            case OutboundDecision.Hbone hbone -> tunnelled(local, hbone);
            case OutboundDecision.DoubleHbone crossing -> toOtherNetwork(local, crossing);
            case OutboundDecision.Unresolved unresolved -> resolve(local, unresolved);
            case OutboundDecision.Refused refused -> nowhere(refused.error());
        }
    }

    /** No way from here: before anything was tried that is a denial, afterwards the end of a counted connection. */
    private void nowhere(ProxyError error) {
        if (facts == null) {
            failed(error);
        } else {
            refuse(error);
        }
    }

    private void resolve(Workload local, OutboundDecision.Unresolved unresolved) {
        String hostname = unresolved.workload().hostname();
        services().onDemandDns().count(local, hostname);
        services().hostNames().resolve(hostname, pod.loop().executor(), new HostNames.Listener() {
            @Override
            public void found(List<IpAddress> addresses) {
                goOn(unresolved.resolved(addresses, pod.random()));
            }

            @Override
            public void unknown() {
                goOn(unresolved.unknown());
            }

            private void goOn(OutboundDecision decision) {
                if (!life.isOver()) {
                    follow(local, decision);
                }
            }
        });
    }

    private void direct(Workload local, OutboundDecision.Tcp tcp) {
        open(facts(local, tcp.nextHop(), tcp.destination()), tcp, tcp.nextHop(), PodConnections.Protocol.TCP);
        dial = Dial.start(pod, tcp.nextHop(), this);
    }

    private void tunnelled(Workload local, OutboundDecision.Hbone hbone) {
        open(
                facts(local, hbone.nextHop(), hbone.destination())
                        .tunnel(hbone.authority().toString())
                        .sourceIdentity(pod.pod().identity(local)),
                hbone,
                hbone.nextHop(),
                PodConnections.Protocol.HBONE);
        leg().start(local, hbone, source, TraceContext.random(pod.random()));
    }

    private void toOtherNetwork(Workload local, OutboundDecision.DoubleHbone crossing) {
        open(
                facts(local, crossing.nextHop(), crossing.destination())
                        .tunnel(crossing.authority())
                        .sourceIdentity(pod.pod().identity(local)),
                crossing,
                crossing.nextHop(),
                PodConnections.Protocol.DOUBLEHBONE);
        leg().start(local, crossing, source, TraceContext.random(pod.random()));
    }

    private TunnelLeg leg() {
        TunnelLeg made = new TunnelLeg(pod, application, life, this);
        tunnel = made;
        return made;
    }

    private ConnectionFacts.Builder facts(Workload local, IpPort nextHop, Destination destination) {
        ConnectionFacts.Builder known =
                ConnectionFacts.builder(Reporter.SOURCE, source, nextHop).source(local);
        Workload workload = destination.workload();
        if (workload != null) {
            known.destination(workload);
        }
        Service service = destination.service();
        if (service != null) {
            known.service(service);
        }
        return known;
    }

    private void open(
            ConnectionFacts.Builder known, OutboundDecision way, IpPort nextHop, PodConnections.Protocol protocol) {
        attempts.begin(way);
        listed = pod.pod().connections().addOutbound(source, target, nextHop, protocol);
        facts = known;
    }

    /** Counts the connection as opened, once. */
    private void count() {
        if (facts != null) {
            ConnectionFacts known = facts.build();
            facts = null;
            life.openedSince(begunNanos, known);
        }
    }

    @Override
    public void onTunnelOpen(HboneStream stream, ConnectResponse response) {
        if (listed != null && listed.protocol() == PodConnections.Protocol.DOUBLEHBONE && facts != null) {
            namedByItself(facts, stream, response);
        }
        attempts.served();
        count();
    }

    /** Behind a gateway only the far end knows who it is; what it does not say stays the gateway's. */
    private static void namedByItself(ConnectionFacts.Builder facts, HboneStream stream, ConnectResponse response) {
        List<String> baggage = response.all("baggage");
        if (!baggage.isEmpty()) {
            facts.destination(
                    PeerFacts.of(Baggage.parse(baggage)),
                    stream.connection().security().peer().identity());
        }
    }

    @Override
    public void onConnected(LoopSocket upstream) {
        dial = null;
        attempts.served();
        count();
        relay = SocketRelay.start(application, upstream, life, this);
    }

    @Override
    public void onDialFailed(TcpDial.DialFailure failure) {
        dial = null;
        tryNext(attempts.afterDial(failure, this::decide), new ProxyError.IoFailed(Ends.cause(failure)));
    }

    @Override
    public void onRelayEnd(RelayEnd end) {
        end(Ends.of(end));
    }

    @Override
    public void onTunnelFailed(OpenFailure failure, boolean nextHop) {
        tryNext(attempts.afterTunnel(failure, nextHop, this::decide), TunnelLeg.error(failure));
    }

    private void tryNext(Optional<OutboundDecision> next, ProxyError error) {
        Workload local = own;
        if (next.isEmpty() || local == null) {
            refuse(error);
            return;
        }
        unlist();
        // Not from within the attempt that failed, which may not have returned yet.
        pod.loop().post(() -> {
            if (!life.isOver()) {
                follow(local, next.get());
            }
        });
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
        if (tunnel != null && tunnel.stop(reason)) {
            return;
        }
        if (dial != null) {
            dial.cancel();
        }
        application.reset();
        end(Ends.of(reason));
    }

    private void refuse(ProxyError error) {
        application.reset();
        end(Outcome.failed(error));
    }

    private void end(Outcome outcome) {
        unlist();
        count();
        attempts.gaveUp();
        life.end(outcome);
    }

    private void unlist() {
        if (listed != null) {
            pod.pod().connections().removeOutbound(listed);
            listed = null;
        }
    }

    private Services services() {
        return pod.services();
    }
}
