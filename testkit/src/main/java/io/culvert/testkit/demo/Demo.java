package io.culvert.testkit.demo;

import io.culvert.testkit.mesh.AccessLine;
import io.culvert.testkit.mesh.Mesh;
import io.culvert.testkit.mesh.MeshNode;
import io.culvert.testkit.mesh.MeshPod;
import io.culvert.testkit.process.Await;
import io.culvert.testkit.workload.HttpResult;
import io.culvert.testkit.workload.TcpResult;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * The scenes, in order. Each does something as an application in a pod would, shows what came of it and what the
 * proxies wrote, and says whether that was as expected. A scene that breaks off is a failed expectation, and the next
 * one is played all the same.
 */
final class Demo {
    private static final Duration LOG_LIMIT = Duration.ofSeconds(30);

    /** So many calls miss one of two endpoints with a chance of one in two million. */
    private static final int CALLS_MAX = 40;

    private static final int CALLS_MIN = 6;

    private final Mesh mesh;
    private final WireWitness wire;
    private final Terminal terminal;
    private final Expectations expect;
    private final Supplier<Duration> sinceStart;
    private final StartGoal startGoal;
    private int scenes = 1;

    Demo(
            Mesh mesh,
            WireWitness wire,
            Terminal terminal,
            Expectations expect,
            Supplier<Duration> sinceStart,
            StartGoal startGoal) {
        this.mesh = mesh;
        this.wire = wire;
        this.terminal = terminal;
        this.expect = expect;
        this.sinceStart = sinceStart;
        this.startGoal = startGoal;
    }

    void play() {
        scene("client calls the service web", this::clientCallsService);
        scene("guest, a pod outside the mesh, calls in plain text", this::guestCallsPlainly);
        scene("intruder, a pod in the mesh, is denied by policy", this::intruderIsDenied);
        scene("web-2 goes, web-3 comes, while client keeps calling", this::podsMove);
        scene("the state of each proxy", this::statesOfProxies);
    }

    private void scene(String title, Scene scene) {
        terminal.scene(++scenes, title);
        try {
            scene.play();
        } catch (IOException | RuntimeException broken) {
            expect.that(false, "the scene was played to its end", String.valueOf(broken.getMessage()));
        }
    }

    private void clientCallsService() throws IOException {
        MeshPod client = mesh.pod("client");
        InetSocketAddress service = service();
        long position = log("node-1");
        Map<String, Integer> answers = new HashMap<>();
        boolean ownAddress = true;
        for (int i = 0; i < CALLS_MAX && (i < CALLS_MIN || answers.size() < 2); i++) {
            HttpResult.Reply reply = reply(client.http().get(service, "web", "/"));
            if (i == 0) {
                startGoal.judge(sinceStart.get(), terminal, expect);
            }
            answers.merge(reply.pod() + " on " + reply.node(), 1, Integer::sum);
            ownAddress &= reply.peer().equals(client.address().getHostAddress());
        }
        terminal.fact(
                "client",
                client.address().getHostAddress() + " on " + client.node() + " " + terminal.arrow() + " web.default, "
                        + service.getAddress().getHostAddress() + ":" + service.getPort());
        answers.forEach((pod, count) -> terminal.fact("answered by", pod + ", " + count + " times"));
        AccessLine line = awaitLine("node-1", position, crossing());
        terminal.fact("caller is", line.field("src.identity"));
        terminal.fact("server is", line.field("dst.identity"));
        wire.agreements().forEach(agreed -> terminal.fact("on the wire", agreed));
        terminal.say("The access log, at the caller's proxy and at the server's:");
        terminal.quote(line.line());
        terminal.quote(awaitLine("node-2", 0, AccessLine::isInbound).line());
        expect.that(answers.size() == 2, "pods on both nodes answered", "answers were " + answers);
        expect.that(ownAddress, "every server saw the client's own address", "some saw another");
        expect.that(
                identities(line).equals(List.of(identity("client"), identity("web"))),
                "both ends are named by their certificates",
                "the log says " + identities(line));
        expect.that(wire.sawTls13(), "the nodes agreed on TLS 1.3", "seen were " + wire.agreements());
        expect.that(
                wire.readableRequests() == 0 && wire.hboneSegments() > 0,
                "no request crossed between the nodes in plain text",
                wire.readableRequests() + " requests could be read, " + wire.hboneSegments() + " segments were HBONE");
    }

    private void guestCallsPlainly() throws IOException {
        MeshPod guest = mesh.pod("guest");
        InetSocketAddress web = mesh.pod("web-1").at(DemoMesh.POD_PORT);
        HttpResult open = guest.http().get(web, "web-1", "/");
        terminal.say("No policy speaks of plain text yet: " + words(open) + ".");
        expect.that(
                open instanceof HttpResult.Reply,
                "the plaintext caller gets in while no policy forbids it",
                words(open));

        mesh.change(edit -> edit.policy(DemoMesh.noPlaintext()));
        long position = log("node-1");
        HttpResult refused = guest.http().get(web, "web-1", "/");
        terminal.say("Policy default/" + DemoMesh.NO_PLAINTEXT + " was added live: " + words(refused) + ".");
        expect.that(isRefusal(refused), "the plaintext caller is refused once a policy says so", words(refused));
        showDenial("node-1", position, DemoMesh.NO_PLAINTEXT);
        HttpResult meshed = mesh.pod("client").http().get(web, "web-1", "/");
        expect.that(meshed instanceof HttpResult.Reply, "a caller with an identity still gets in", words(meshed));
        mesh.change(edit -> edit.removePolicy("default", DemoMesh.NO_PLAINTEXT));
    }

    private void intruderIsDenied() throws IOException {
        long position = log("node-2");
        HttpResult denied = mesh.pod("intruder").http().get(mesh.pod("web-2").at(DemoMesh.POD_PORT), "web-2", "/");
        terminal.say("intruder calls web-2: " + words(denied) + ".");
        expect.that(
                denied instanceof HttpResult.NoReply(TcpResult.Reset _),
                "the denied caller's connection is reset",
                words(denied));
        showDenial("node-2", position, DemoMesh.NO_INTRUDERS);
    }

    private void showDenial(String node, long position, String policy) {
        AccessLine line = awaitLine(
                node, position, one -> one.isInbound() && !one.field("error").isEmpty());
        terminal.quote(line.line());
        expect.that(
                line.field("error").contains("default/" + policy),
                "the log names the policy, default/" + policy,
                "it says " + line.field("error"));
    }

    private void podsMove() throws IOException {
        MeshPod staying = mesh.pod("web-1");
        try (Traffic traffic = Traffic.start(mesh.pod("client"), service(), staying.at(DemoMesh.ECHO_PORT))) {
            // As a deletion begins in Kubernetes: no endpoint any more, and time to finish what is under way.
            MeshPod leaving = mesh.pod("web-2");
            mesh.ready(leaving, false);
            traffic.awaitCallInFlight();
            mesh.removePod(leaving);
            int removed = traffic.calls();
            Map<String, Integer> without = calls();
            terminal.say("Without web-2: " + without + ".");
            expect.that(without.keySet().equals(Set.of("web-1")), "what is left answers everything", "" + without);
            MeshPod _ = mesh.addPod("node-2", "web-3", DemoMesh::web);
            Map<String, Integer> with = calls();
            terminal.say("With web-3: " + with + ".");
            expect.that(with.containsKey("web-3"), "the new pod gets its share", "" + with);
            traffic.awaitCallInFlight();
            terminal.say("Meanwhile client made " + removed + " calls until web-2 was gone, " + traffic.calls()
                    + " in all, and " + traffic.words() + " exchanges on one connection to web-1.");
            expect.that(traffic.failures().isEmpty(), "no call was lost, no connection cut", "" + traffic.failures());
        }
    }

    /** Calls until both endpoints answered, or often enough; by pod, or "unanswered". */
    private Map<String, Integer> calls() throws IOException {
        Map<String, Integer> answers = new HashMap<>();
        for (int i = 0; i < CALLS_MAX && (i < CALLS_MIN || answers.size() < 2); i++) {
            HttpResult result = mesh.pod("client").http().get(service(), "web", "/");
            answers.merge(result instanceof HttpResult.Reply reply ? reply.pod() : "unanswered", 1, Integer::sum);
        }
        return answers;
    }

    private void statesOfProxies() throws IOException {
        List<String> unready = new ArrayList<>();
        for (MeshNode node : mesh.nodes()) {
            ProxyState state = ProxyState.of(node);
            terminal.fact(node.name(), state.inWords());
            if (!state.ready()) {
                unready.add(node.name());
            }
        }
        expect.that(unready.isEmpty(), "every proxy is ready", unready + " are not");
    }

    private InetSocketAddress service() {
        return mesh.service("web", DemoMesh.SERVICE_PORT);
    }

    private long log(String node) {
        return mesh.node(node).proxy().log().position();
    }

    private String identity(String serviceAccount) {
        return "spiffe://" + mesh.spec().principal("default", serviceAccount);
    }

    private static List<String> identities(AccessLine line) {
        return List.of(line.field("src.identity"), line.field("dst.identity"));
    }

    private Predicate<AccessLine> crossing() {
        String web2 = mesh.pod("web-2").address().getHostAddress();
        return line -> line.isOutbound() && line.field("dst.addr").startsWith(web2 + ":");
    }

    private AccessLine awaitLine(String node, long position, Predicate<AccessLine> wanted) {
        return Await.until(
                "access log line of " + node,
                LOG_LIMIT,
                () -> mesh.node(node).accessLog(position).stream()
                        .filter(AccessLine::isEnd)
                        .filter(wanted)
                        .findFirst(),
                () -> mesh.node(node).proxy().log().tail(5));
    }

    private static HttpResult.Reply reply(HttpResult result) throws IOException {
        return Optional.of(result)
                .filter(HttpResult.Reply.class::isInstance)
                .map(HttpResult.Reply.class::cast)
                .orElseThrow(() -> new IOException("a call had no answer: " + words(result)));
    }

    private static boolean isRefusal(HttpResult result) {
        return result instanceof HttpResult.NoReply(TcpResult end)
                && (end instanceof TcpResult.Reset || end instanceof TcpResult.ClosedEmpty);
    }

    private static String words(HttpResult result) {
        return switch (result) {
            case HttpResult.Reply reply -> reply.status() + " from " + reply.pod() + ", which saw " + reply.peer();
            case HttpResult.NoReply(TcpResult.Reset _) -> "connection reset";
            case HttpResult.NoReply(TcpResult.Refused _) -> "connection refused";
            case HttpResult.NoReply(TcpResult.ClosedEmpty _) -> "connection closed without a byte";
            case HttpResult.NoReply(TcpResult.Unreachable unreachable) -> "unreachable: " + unreachable.reason();
            case HttpResult.NoReply(TcpResult.TimedOut late) ->
                late.connected() ? "connected, but nothing came" : "no connection in time";
            case HttpResult.NoReply(TcpResult.Answered answered) -> answered.toString();
        };
    }

    @FunctionalInterface
    private interface Scene {
        void play() throws IOException;
    }
}
