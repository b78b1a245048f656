package io.culvert.e2e.control;

import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.e2e.mesh.Programs;
import io.culvert.testkit.mesh.AccessLine;
import io.culvert.testkit.mesh.Mesh;
import io.culvert.testkit.mesh.MeshNode;
import io.culvert.testkit.process.Await;
import io.culvert.testkit.spec.MeshSpec;
import io.culvert.testkit.spec.WorkloadPort.Kind;
import io.culvert.testkit.workload.TcpResult;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A pod's certificate is revoked by CRL_PATH's file while a connection runs: it ends, and none comes after it. */
@Tag("e2e")
final class RevocationRoadTest {
    private static final Duration LIMIT = Duration.ofSeconds(90);
    private static final String REVOKED = "connection closed: peer certificate revoked by CRL";

    @TempDir
    private Path directory;

    private Path file;
    private Mesh mesh;

    @BeforeEach
    void start() throws IOException {
        Programs.assumeMeshesCanRun();
        file = Files.writeString(directory.resolve("ca.crl"), "");
        mesh = Mesh.start(
                MeshSpec.mesh("revocation")
                        .namespace("default", namespace -> namespace.mesh(true))
                        .node("one", node -> node.pod("client", pod -> pod.serviceAccount("client")))
                        .node(
                                "two",
                                node -> node.pod(
                                        "server",
                                        pod -> pod.serviceAccount("server").serves(Kind.ECHO, 7)))
                        .build(),
                Programs.options().proxyEnvironment("CRL_PATH", file.toString()).build());
    }

    @AfterEach
    void stop() {
        if (mesh != null) {
            mesh.close();
        }
    }

    @Test
    void aClientIsCutOffAndTurnedAwayByTheServersSide() throws IOException {
        MeshNode server = mesh.node("two");
        try (SocketChannel running =
                mesh.pod("client").tcp(LIMIT).connect(mesh.pod("server").at(7))) {
            assertEchoes(running);
            revoke("one", "client");
            assertEnds(running);
        }
        assertThat(line(server, REVOKED).level()).isEqualTo("error");
        awaitMetric(server, "istio_crl_policy_rejections_total{reporter=\"destination\"} 1");
        awaitMetric(server, "response_flags=\"CERT_REVOKED\"");
        assertThat(call()).isInstanceOf(TcpResult.Reset.class);
        line(server, "tls handshake error: invalid peer certificate: Revoked");
        awaitMetric(server, "istio_crl_policy_rejections_total{reporter=\"destination\"} 2");
    }

    @Test
    void aServerIsLeftAndNotGoneToAgainByTheClientsSide() throws IOException {
        MeshNode client = mesh.node("one");
        try (SocketChannel running =
                mesh.pod("client").tcp(LIMIT).connect(mesh.pod("server").at(7))) {
            assertEchoes(running);
            revoke("two", "server");
            assertEnds(running);
        }
        line(client, REVOKED);
        awaitMetric(client, "istio_crl_policy_rejections_total{reporter=\"source\"} 1");
        assertThat(call()).isInstanceOf(TcpResult.Reset.class);
        line(client, "io error: invalid peer certificate: Revoked");
        awaitMetric(client, "istio_crl_policy_rejections_total{reporter=\"source\"} 2");
    }

    private TcpResult call() throws IOException {
        return mesh.pod("client").tcp(LIMIT).exchange(mesh.pod("server").at(7), new byte[] {1});
    }

    /** By the name of an account: each has one pod, and that one certificate. */
    private void revoke(String node, String account) throws IOException {
        Pattern leaf = Pattern.compile("\"certChain\"\\s*:\\s*\\[[^]]*?\"serialNumber\"\\s*:\\s*\"(\\d+)\"[^]]*]\\s*,"
                + "\\s*\"identity\"\\s*:\\s*\"[^\"]*/sa/" + account + "\"");
        Matcher found = leaf.matcher(mesh.node(node).proxy().get(15000, "/config_dump"));
        assertThat(found.find()).as("the certificate of %s", account).isTrue();
        String list = mesh.controlPlane().authority().revocationList(List.of(new BigInteger(found.group(1))));
        Path next = Files.writeString(directory.resolve("next"), list);
        Files.move(next, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
    }

    private static void assertEchoes(SocketChannel channel) throws IOException {
        channel.write(ByteBuffer.wrap(new byte[] {42}));
        assertThat(channel.socket().getInputStream().read()).isEqualTo(42);
    }

    /** By a reset: nothing that could be taken for the end of an answer. */
    private static void assertEnds(SocketChannel channel) {
        try {
            assertThat(channel.socket().getInputStream().read()).isNegative();
            throw new AssertionError("the connection ended in order");
        } catch (IOException reset) {
            assertThat(reset).hasMessageContaining("reset");
        }
    }

    private static AccessLine line(MeshNode node, String error) {
        return Await.until(
                "a line of " + node + " that says: " + error,
                LIMIT,
                () -> node.accessLog(0).stream()
                        .filter(line -> line.line().contains(error))
                        .findFirst(),
                () -> node.proxy().log().tail(20));
    }

    private static void awaitMetric(MeshNode node, String text) {
        Await.untilTrue(
                text + " in the metrics of " + node, LIMIT, () -> metrics(node).contains(text), () -> metrics(node));
    }

    private static String metrics(MeshNode node) {
        try {
            return node.proxy().get(15020, "/stats/prometheus");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
