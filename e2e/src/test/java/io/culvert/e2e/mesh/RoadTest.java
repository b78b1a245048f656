package io.culvert.e2e.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.culvert.testkit.controlplane.ControlPlaneEvent;
import io.culvert.testkit.controlplane.ResourceType;
import io.culvert.testkit.mesh.AccessLine;
import io.culvert.testkit.mesh.Mesh;
import io.culvert.testkit.mesh.MeshPod;
import io.culvert.testkit.process.Await;
import io.culvert.testkit.spec.Matches;
import io.culvert.testkit.spec.MeshSpec;
import io.culvert.testkit.spec.PolicySpec;
import io.culvert.testkit.spec.WorkloadPort.Kind;
import io.culvert.testkit.workload.Bulk;
import io.culvert.testkit.workload.HttpResult;
import io.culvert.testkit.workload.TcpResult;
import io.culvert.testkit.workload.TcpService;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

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

    @Test
    void serviceIsAnsweredByPodsOfBothNodesWhoSeeTheClientsAddress() throws IOException {
        Set<String> answered = new HashSet<>();
        for (int i = 0; i < 40; i++) {
            HttpResult result = client.http().get(mesh.service("web", 80), "web", "/");
            assertThat(result).isInstanceOfSatisfying(HttpResult.Reply.class, reply -> {
                assertThat(reply.status()).isEqualTo(200);
                assertThat(reply.peer()).startsWith(client.address().getHostAddress());
                answered.add(reply.pod());
            });
        }
        assertThat(answered).containsExactlyInAnyOrder("web-1", "web-2");
    }

    @Test
    void bothEndsAreNamedInTheAccessLogsOfBothNodes() throws IOException {
        assertThat(client.http().get(server.at(8080), "web", "/named")).isInstanceOf(HttpResult.Reply.class);
        AccessLine outbound = line(
                "one",
                line -> line.isOutbound()
                        && line.field("src.workload").equals("client")
                        && line.field("dst.hbone_addr").equals(server.address().getHostAddress() + ":8080"));
        AccessLine inbound = line(
                "two",
                line -> line.isInbound()
                        && line.field("src.workload").equals("client")
                        && line.field("dst.hbone_addr").equals(server.address().getHostAddress() + ":8080"));
        for (AccessLine line : List.of(outbound, inbound)) {
            assertThat(line.field("src.identity")).isEqualTo("spiffe://cluster.local/ns/default/sa/client");
            assertThat(line.field("dst.identity")).isEqualTo("spiffe://cluster.local/ns/default/sa/web");
            assertThat(line.field("error")).isEmpty();
        }
        // From the local application's view, so the two are each other's mirror.
        assertThat(inbound.field("bytes_recv")).isEqualTo(outbound.field("bytes_sent"));
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

    @Test
    void refusedPortIsAResetToTheCaller() throws IOException {
        assertThat(client.tcp().exchange(server.at(9), PING)).isInstanceOf(TcpResult.Reset.class);
    }

    @Test
    void plaintextFromOutsideIsDeliveredUntilPolicyForbidsIt() throws IOException {
        MeshPod guest = mesh.pod("guest");
        assertThat(guest.tcp().exchange(server.at(7), PING))
                .isInstanceOfSatisfying(
                        TcpResult.Answered.class,
                        answer -> assertThat(answer.text()).contains("ping"));
        PolicySpec strict = PolicySpec.deny("default", "strict")
                .selecting("app", "web")
                .rule(Matches.unauthenticated())
                .build();
        mesh.change(spec -> spec.policy(strict));
        try {
            assertThat(guest.tcp().exchange(server.at(7), PING)).isNotInstanceOf(TcpResult.Answered.class);
            assertThat(client.tcp().exchange(server.at(7), PING)).isInstanceOf(TcpResult.Answered.class);
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
    void stalledReaderKeepsBothProxiesSmallAndItsNeighboursFast() throws IOException {
        CountDownLatch done = new CountDownLatch(1);
        try (TcpService _ = server.serve(6005, connection -> await(done));
                SocketChannel sender = client.tcp().connect(server.at(6005))) {
            long before = residentKib("one") + residentKib("two");
            sender.configureBlocking(false);
            long sent = fill(sender);
            assertThat(sent).as("bytes taken from the sender").isLessThan(64L << 20);
            assertThat(client.tcp().exchange(server.at(7), PING)).isInstanceOf(TcpResult.Answered.class);
            // A stream's window is 4 MiB at each of the two proxies; the rest is what the JVMs do anyway.
            assertThat(residentKib("one") + residentKib("two") - before).isLessThan(48 * 1024);
        } finally {
            done.countDown();
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

    /** Writes until nothing has been taken for a while. */
    private static long fill(SocketChannel sender) throws IOException {
        ByteBuffer chunk = ByteBuffer.allocateDirect(64 * 1024);
        long sent = 0;
        int refusals = 0;
        while (refusals < 100 && sent < 64L << 20) {
            int taken = sender.write(chunk.clear());
            sent += taken;
            refusals = taken == 0 ? refusals + 1 : 0;
            if (taken == 0) {
                LockSupport.parkNanos(10_000_000);
            }
        }
        return sent;
    }

    private static long residentKib(String node) throws IOException {
        String status =
                Files.readString(Path.of("/proc/" + mesh.node(node).proxy().pid() + "/status"));
        return status.lines()
                .filter(line -> line.startsWith("VmRSS:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
                .sum();
    }

    private static void await(CountDownLatch latch) throws IOException {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    private static AccessLine line(String node, Predicate<AccessLine> wanted) {
        return Await.until(
                "access log line of node " + node,
                LIMIT,
                () -> mesh.node(node).accessLog(0).stream()
                        .filter(AccessLine::isEnd)
                        .filter(wanted)
                        .findFirst(),
                () -> "");
    }
}
