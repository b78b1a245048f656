package io.culvert.proxy.telemetry;

import io.culvert.proxy.address.IpPort;
import io.culvert.proxy.outcome.IoCause;
import io.culvert.proxy.outcome.Outcome;
import io.culvert.proxy.outcome.ProxyError;
import io.culvert.proxy.outcome.RejectReason;
import io.culvert.xds.mesh.IpAddress;
import io.culvert.xds.mesh.Locality;
import io.culvert.xds.mesh.Service;
import io.culvert.xds.mesh.TunnelProtocol;
import io.culvert.xds.mesh.Workload;
import java.util.ArrayList;
import java.util.List;

/**
 * The connections that the golden files in {@code golden/ztunnel} were recorded from: pods a0 and a1 on node a, b0 and
 * b1 on node b, seen by the proxy of either node.
 */
final class GoldenScenario {

    static final Workload A0 = workload("a0", "10.61.1.10")
            .workloadName("client")
            .workloadType("deployment")
            .canonicalName("client")
            .canonicalRevision("v1")
            .clusterId("Kubernetes")
            .locality(new Locality("r1", "z1", "s1"))
            .build();
    static final Workload A1 = workload("a1", "10.61.1.11").build();
    static final Workload B0 = workload("b0", "10.61.2.10")
            .workloadName("server")
            .workloadType("deployment")
            .canonicalName("server")
            .canonicalRevision("v2")
            .build();
    static final Workload B1 = workload("b1", "10.61.2.11").build();
    static final Service SERVICE = Service.builder()
            .name("srv")
            .namespace("default")
            .hostname("srv.default.svc.cluster.local")
            .build();

    private static final int ECONNREFUSED = 111;
    private static final int EHOSTUNREACH = 113;

    private GoldenScenario() {}

    /** One connection as telemetry is told of it. */
    interface Step {
        void play(ConnectionTelemetry telemetry, IpPort source, Runnable duration);
    }

    private static Workload.Builder workload(String name, String ip) {
        return Workload.builder()
                .uid("pb//Pod/default/" + name)
                .name(name)
                .namespace("default")
                .trustDomain("cluster.local")
                .serviceAccount(name)
                .tunnelProtocol(TunnelProtocol.HBONE)
                .addresses(List.of(IpAddress.parse(ip)));
    }

    /** What the proxy of node a saw, in the order of its log. */
    static List<Step> nodeA() {
        List<Step> steps = new ArrayList<>();
        steps.add(outbound(A0, B1, 8080, true, answered(503), 0, 0));
        steps.add(outbound(A0, B0, 8080, false, Outcome.completed(), 83, 75));
        steps.add(outbound(A1, B0, 8080, false, answered(401), 0, 0));
        steps.add(outbound(A0, B0, 9999, false, answered(401), 0, 0));
        steps.add(outbound(A0, B0, 8081, false, answered(503), 0, 0));
        IpPort noEndpoints = address("10.62.0.1:81");
        steps.add((telemetry, source, duration) -> telemetry.deniedEarly(
                Reporter.SOURCE, source, noEndpoints, new ProxyError.NoHealthyUpstream(noEndpoints)));
        steps.add((telemetry, source, duration) -> play(
                telemetry,
                ConnectionFacts.builder(Reporter.SOURCE, source, address("10.61.77.77:8080"))
                        .source(A0)
                        .build(),
                Outcome.failed(new ProxyError.IoFailed(IoCause.errno(EHOSTUNREACH))),
                0,
                0,
                duration));
        return steps;
    }

    private static Outcome answered(int status) {
        return Outcome.failed(new ProxyError.ConnectAnswered(status));
    }

    private static Step outbound(
            Workload from, Workload to, int port, boolean viaService, Outcome outcome, long sent, long received) {
        String ip = to.addresses().getFirst().toString();
        return (telemetry, source, duration) -> {
            ConnectionFacts.Builder facts = ConnectionFacts.builder(Reporter.SOURCE, source, address(ip + ":15008"))
                    .tunnel(ip + ":" + port)
                    .source(from)
                    .sourceIdentity(from.identity())
                    .destination(to);
            play(telemetry, (viaService ? facts.service(SERVICE) : facts).build(), outcome, sent, received, duration);
        };
    }

    /** What the proxy of node b saw. */
    static List<Step> nodeB() {
        Outcome refused = Outcome.failed(new ProxyError.DialFailed(IoCause.errno(ECONNREFUSED)));
        List<Step> steps = new ArrayList<>();
        steps.add(inbound(A0, B1, 8080, refused, 0, 0));
        steps.add(inbound(A0, B0, 8080, Outcome.completed(), 83, 75));
        steps.add(inbound(A1, B0, 8080, denied("default/deny-a1"), 0, 0));
        steps.add(inbound(A0, B0, 9999, denied("default/deny-9999"), 0, 0));
        steps.add(inbound(A0, B0, 8081, refused, 0, 0));
        steps.add(plaintext(8080, Outcome.completed(), 83, 75));
        steps.add(plaintext(9999, denied("default/deny-9999"), 0, 0));
        return steps;
    }

    private static Outcome denied(String policy) {
        return Outcome.failed(new ProxyError.PolicyRejected(new RejectReason.ExplicitlyDenied(policy)));
    }

    private static Step inbound(Workload from, Workload to, int port, Outcome outcome, long request, long response) {
        String ip = to.addresses().getFirst().toString();
        return (telemetry, source, duration) -> play(
                telemetry,
                ConnectionFacts.builder(Reporter.DESTINATION, source, address(ip + ":15008"))
                        .tunnel(ip + ":" + port)
                        .source(from)
                        .sourceIdentity(from.identity())
                        .destination(to)
                        .build(),
                outcome,
                request,
                response,
                duration);
    }

    private static Step plaintext(int port, Outcome outcome, long request, long response) {
        return (telemetry, source, duration) -> play(
                telemetry,
                ConnectionFacts.builder(Reporter.DESTINATION, source, address("10.61.2.10:" + port))
                        .destination(B0)
                        .build(),
                outcome,
                request,
                response,
                duration);
    }

    private static void play(
            ConnectionTelemetry telemetry,
            ConnectionFacts facts,
            Outcome outcome,
            long request,
            long response,
            Runnable duration) {
        ConnectionScope scope = telemetry.opened(facts);
        scope.requestBytes(request);
        scope.responseBytes(response);
        duration.run();
        scope.ended(outcome);
    }

    private static IpPort address(String text) {
        return IpPort.parse(text).orElseThrow();
    }
}
