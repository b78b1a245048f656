package io.culvert.e2e.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.culvert.linux.netlink.IpFamily;
import io.culvert.testkit.controlplane.ControlPlaneEvent;
import io.culvert.testkit.controlplane.ResourceType;
import io.culvert.testkit.mesh.AccessLine;
import io.culvert.testkit.mesh.Mesh;
import io.culvert.testkit.mesh.MeshPod;
import io.culvert.testkit.process.Await;
import io.culvert.testkit.spec.Matches;
import io.culvert.testkit.spec.MeshSpec;
import io.culvert.testkit.spec.PolicySpec;
import io.culvert.testkit.spec.ServiceSpec;
import io.culvert.testkit.spec.WorkloadPort.Kind;
import io.culvert.testkit.workload.Bulk;
import io.culvert.testkit.workload.HttpResult;
import io.culvert.testkit.workload.TcpResult;
import io.culvert.testkit.workload.TcpService;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The road: pod to pod over mutual TLS, policy, and every end told as it was. */
@Tag("e2e")
final class RoadTest {

    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final byte[] PING = "ping".getBytes(StandardCharsets.US_ASCII);

    private static Mesh mesh;
    private static MeshPod client;
    private static MeshPod server;

    @BeforeAll
    static void start() {
        Programs.assumeMeshesCanRun();
        mesh = Mesh.start(
                MeshSpec.mesh("road")
                        .namespace("default", namespace -> namespace.mesh(true))
                        .node(
                                "one",
                                node -> node.pod("client", pod -> pod.serviceAccount("client"))
                                        .pod("intruder", pod -> pod.serviceAccount("intruder"))
                                        .pod(
                                                "web-1",
                                                pod -> pod.serviceAccount("web")
                                                        .label("app", "web")
                                                        .serves(Kind.HTTP, 8080)))
                        .node(
                                "two",
                                node -> node.pod(
                                                "web-2",
                                                pod -> pod.serviceAccount("web")
                                                        .label("app", "web")
                                                        .serves(Kind.HTTP, 8080)
                                                        .serves(Kind.ECHO, 7))
                                        .pod("guest", pod -> pod.mesh(false)))
                        .service(
                                "web",
                                service -> service.selecting("app", "web").port(80, 8080))
                        .policy(PolicySpec.deny("default", "no-intruders")
                                .selecting("app", "web")
                                .rule(Matches.principal("cluster.local/ns/default/sa/intruder"))
                                .build())
                        .build(),
                Programs.options().build());
        client = mesh.pod("client");
        server = mesh.pod("web-2");
    }

    @AfterAll
    static void stop() {
        if (mesh != null) {
            mesh.close();
        }
    }

    @ParameterizedTest
    @EnumSource
    void serviceIsAnsweredByPodsOfBothNodesWhoSeeTheClientsAddress(IpFamily family) throws IOException {
        ServiceSpec web = mesh.spec().service("default", "web").orElseThrow();
        InetAddress virtual = of(family, mesh.plan().service(web));
        Set<String> answered = new HashSet<>();
        for (int i = 0; i < 40; i++) {
            HttpResult result = client.http().get(new InetSocketAddress(virtual, 80), "web", "/");
            assertThat(result).isInstanceOfSatisfying(HttpResult.Reply.class, reply -> {
                assertThat(reply.status()).isEqualTo(200);
                assertThat(InetAddress.ofLiteral(reply.peer())).isEqualTo(of(family, client.addresses()));
                answered.add(reply.pod());
            });
        }
        assertThat(answered).containsExactlyInAnyOrder("web-1", "web-2");
    }

    @ParameterizedTest
    @EnumSource
    void bothEndsAreNamedInTheAccessLogsOfBothNodes(IpFamily family) throws IOException {
        InetSocketAddress target = at(family, server, 8080);
        assertThat(client.http().get(target, "web", "/named")).isInstanceOf(HttpResult.Reply.class);
        Predicate<AccessLine> ofThisCall =
                line -> line.field("src.workload").equals("client") && names(line.field("dst.hbone_addr"), target);
        AccessLine outbound = line("one", line -> line.isOutbound() && ofThisCall.test(line));
        AccessLine inbound = line("two", line -> line.isInbound() && ofThisCall.test(line));
        for (AccessLine line : List.of(outbound, inbound)) {
            assertThat(line.field("src.identity")).isEqualTo("spiffe://cluster.local/ns/default/sa/client");
            assertThat(line.field("dst.identity")).isEqualTo("spiffe://cluster.local/ns/default/sa/web");
            assertThat(line.field("error")).isEmpty();
        }
        // From the local application's view, so the two are each other's mirror.
        assertThat(inbound.field("bytes_recv")).isEqualTo(outbound.field("bytes_sent"));
    }

    /** The twin of the denied: an ALLOW policy lets in whom it names, on the ports that it names, and nobody else. */
    @ParameterizedTest
    @EnumSource
    void allowPolicyLetsInWhomItNamesAndNobodyElse(IpFamily family) throws IOException {
        MeshPod stranger = mesh.pod("web-1");
        MeshPod guest = mesh.pod("guest");
        InetSocketAddress echo = at(family, server, 7);
        InetSocketAddress http = at(family, server, 8080);
        for (MeshPod anybody : List.of(client, stranger, guest)) {
            assertThat(anybody.tcp().exchange(echo, PING)).isInstanceOf(TcpResult.Answered.class);
        }
        PolicySpec allow = PolicySpec.allow("default", "clients-echo")
                .selecting("app", "web")
                .rule(Matches.principal("cluster.local/ns/default/sa/client"), Matches.destinationPort(7))
                .build();
        long position = mesh.node("two").proxy().log().position();
        mesh.change(spec -> spec.policy(allow));
        try {
            assertThat(client.tcp().exchange(echo, PING)).isInstanceOf(TcpResult.Answered.class);
            assertThat(client.http().get(http, "web", "/")).isInstanceOf(HttpResult.NoReply.class);
            assertThat(stranger.tcp().exchange(echo, PING)).isInstanceOf(TcpResult.Reset.class);
            assertThat(guest.tcp().exchange(echo, PING)).isNotInstanceOf(TcpResult.Answered.class);
            assertThat(line("two", position, line -> line.field("src.workload").equals("web-1"))
                            .field("error"))
                    .isEqualTo("connection closed due to policy rejection: allow policies exist, but none allowed");
        } finally {
            mesh.change(spec -> spec.removePolicy("default", "clients-echo"));
        }
        assertThat(stranger.tcp().exchange(echo, PING)).isInstanceOf(TcpResult.Answered.class);
    }

    @Test
    void deniedCallerIsResetAndTheLogsSayWhy() throws IOException {
        TcpResult result = mesh.pod("intruder").tcp().exchange(server.at(8080), PING);
        assertThat(result).isInstanceOf(TcpResult.Reset.class);
        assertThat(line("two", line -> line.field("src.workload").equals("intruder"))
                        .field("error"))
                .isEqualTo("connection closed due to policy rejection: explicitly denied by: default/no-intruders");
        assertThat(line(
                                "one",
                                line -> line.isOutbound()
                                        && line.field("src.workload").equals("intruder"))
                        .field("error"))
                .isEqualTo("http status: 401 Unauthorized");
    }

    @ParameterizedTest
    @EnumSource
    void refusedPortIsAResetToTheCaller(IpFamily family) throws IOException {
        assertThat(client.tcp().exchange(at(family, server, 9), PING)).isInstanceOf(TcpResult.Reset.class);
    }

    @ParameterizedTest
    @EnumSource
    void plaintextFromOutsideIsDeliveredUntilPolicyForbidsIt(IpFamily family) throws IOException {
        MeshPod guest = mesh.pod("guest");
        InetSocketAddress echo = at(family, server, 7);
        assertThat(guest.http().get(at(family, server, 8080), "web", "/"))
                .isInstanceOfSatisfying(
                        HttpResult.Reply.class,
                        reply -> assertThat(InetAddress.ofLiteral(reply.peer()))
                                .isEqualTo(of(family, guest.addresses())));
        PolicySpec strict = PolicySpec.deny("default", "strict")
                .selecting("app", "web")
                .rule(Matches.unauthenticated())
                .build();
        mesh.change(spec -> spec.policy(strict));
        try {
            assertThat(guest.tcp().exchange(echo, PING)).isNotInstanceOf(TcpResult.Answered.class);
            assertThat(client.tcp().exchange(echo, PING)).isInstanceOf(TcpResult.Answered.class);
        } finally {
            mesh.change(spec -> spec.removePolicy("default", "strict"));
        }
    }

    @Test
    void newPolicyClosesExactlyTheRunningConnectionThatItDenies() throws IOException {
        try (SocketChannel open = client.tcp().connect(server.at(7))) {
            echo(open);
            PolicySpec deny = PolicySpec.deny("default", "no-clients")
                    // Of its namespace: a selector would come with a new workload, and running connections keep theirs.
                    .rule(Matches.principal("cluster.local/ns/default/sa/client"))
                    .build();
            mesh.change(spec -> spec.policy(deny));
            try {
                Await.untilTrue("the connection is cut", LIMIT, () -> endsWithoutAnswer(open), () -> "still open");
                assertThat(line("two", line -> line.field("error").equals("connection closed due to policy change"))
                                .field("src.workload"))
                        .isEqualTo("client");
            } finally {
                mesh.change(spec -> spec.removePolicy("default", "no-clients"));
            }
        }
    }

    @Test
    void bulkIsUnchangedBothWays() throws IOException {
        long bytes = 64L << 20;
        try (TcpService _ = server.serve(6001, Bulk.sink());
                TcpService _ = server.serve(6002, Bulk.source());
                SocketChannel up = client.tcp(Duration.ofMinutes(1)).connect(server.at(6001));
                SocketChannel down = client.tcp(Duration.ofMinutes(1)).connect(server.at(6002))) {
            assertThat(Bulk.upload(up, bytes, 1)).isTrue();
            assertThat(Bulk.download(down, bytes, 2)).isTrue();
        }
    }

    @Test
    void serverMaySpeakFirstAndGoOnAfterTheClientsHalfClose() throws IOException {
        try (TcpService _ = server.serve(6003, connection -> {
            connection.write(ByteBuffer.wrap("hello ".getBytes(StandardCharsets.US_ASCII)));
            ByteBuffer all = ByteBuffer.allocate(64);
            while (connection.read(all) >= 0) {
                // To the client's end.
            }
            connection.write(all.flip());
        })) {
            assertThat(client.tcp().exchange(server.at(6003), PING))
                    .isInstanceOfSatisfying(
                            TcpResult.Answered.class,
                            answer -> assertThat(answer.text()).isEqualTo("hello ping"));
        }
    }

    @Test
    void resetOfTheServerIsAResetAtTheClient() throws IOException {
        try (TcpService _ = server.serve(6004, connection -> {
            connection.read(ByteBuffer.allocate(16));
            connection.socket().setSoLinger(true, 0);
        })) {
            assertThat(client.tcp().exchangeOpen(server.at(6004), PING, 1)).isInstanceOf(TcpResult.Reset.class);
        }
    }

    @Test
    void badResourceIsNackedByNameAndNothingElseIsDisturbed() throws Exception {
        long position = mesh.controlPlane().events().position();
        mesh.controlPlane()
                .edit(edit -> edit.putRaw(ResourceType.ADDRESS, "broken", ByteString.copyFromUtf8("no protobuf")));
        try {
            ControlPlaneEvent.Nacked nack = mesh.controlPlane()
                    .events()
                    .awaitAfter(position, ControlPlaneEvent.Nacked.class, event -> true, LIMIT);
            assertThat(nack.message()).contains("broken");
            assertThat(client.tcp().exchange(server.at(7), PING)).isInstanceOf(TcpResult.Answered.class);
        } finally {
            mesh.controlPlane().edit(edit -> edit.remove(ResourceType.ADDRESS, "broken"));
        }
    }

    @Test
    void operatorsSeeStateMetricsAndReadiness() throws IOException {
        assertThat(client.tcp().exchange(server.at(7), PING)).isInstanceOf(TcpResult.Answered.class);
        var proxy = mesh.node("one").proxy();
        assertThat(proxy.get(15021, "/healthz/ready")).isEqualTo("ready\n");
        assertThat(proxy.get(15000, "/config_dump"))
                .contains("\"workloadState\"", "\"certificates\"", "spiffe://cluster.local/ns/default/sa/client");
        assertThat(proxy.get(15020, "/stats/prometheus"))
                .contains(
                        "istio_tcp_connections_opened_total{reporter=\"source\"",
                        "workload_manager_active_proxy_count 3")
                .endsWith("# EOF\n");
    }

    private static void echo(SocketChannel open) throws IOException {
        open.write(ByteBuffer.wrap(PING));
        ByteBuffer answer = ByteBuffer.allocate(64);
        while (answer.position() < PING.length) {
            assertThat(open.read(answer)).isPositive();
        }
    }

    private static boolean endsWithoutAnswer(SocketChannel open) {
        try {
            open.write(ByteBuffer.wrap(PING));
            return open.socket().getInputStream().read() < 0;
        } catch (IOException reset) {
            return true;
        }
    }

    private static InetAddress of(IpFamily family, List<InetAddress> addresses) {
        return addresses.stream()
                .filter(address -> IpFamily.of(address) == family)
                .findFirst()
                .orElseThrow();
    }

    private static InetSocketAddress at(IpFamily family, MeshPod pod, int port) {
        return new InetSocketAddress(of(family, pod.addresses()), port);
    }

    /** Whether a field of the access log is this address: IPv6 has more than one spelling. */
    private static boolean names(String field, InetSocketAddress address) {
        int colon = field.lastIndexOf(':');
        return colon > 0
                && field.substring(colon + 1).equals(Integer.toString(address.getPort()))
                && InetAddress.ofLiteral(field.substring(0, colon).replaceAll("[\\[\\]]", ""))
                        .equals(address.getAddress());
    }

    private static AccessLine line(String node, Predicate<AccessLine> wanted) {
        return line(node, 0, wanted);
    }

    private static AccessLine line(String node, long position, Predicate<AccessLine> wanted) {
        return Await.until(
                "access log line of node " + node,
                LIMIT,
                () -> mesh.node(node).accessLog(position).stream()
                        .filter(AccessLine::isEnd)
                        .filter(wanted)
                        .findFirst(),
                () -> "");
    }
}
