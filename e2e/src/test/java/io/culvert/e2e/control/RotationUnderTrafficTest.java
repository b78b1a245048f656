package io.culvert.e2e.control;

import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.e2e.mesh.Programs;
import io.culvert.testkit.controlplane.CertificateAuthority;
import io.culvert.testkit.controlplane.CertificateFault;
import io.culvert.testkit.mesh.Mesh;
import io.culvert.testkit.mesh.MeshNode;
import io.culvert.testkit.process.Await;
import io.culvert.testkit.spec.MeshSpec;
import io.culvert.testkit.spec.WorkloadPort.Kind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Root and intermediate are exchanged while connections are made all the time, each with a TLS handshake of its own:
 * not one of them fails, and one that was open before is open after.
 */
@Tag("e2e")
final class RotationUnderTrafficTest {
    private static final Duration LIMIT = Duration.ofMinutes(2);
    /** Renewed at half of it; the other half is for a machine that is busy. */
    private static final Duration LIFETIME = Duration.ofSeconds(16);

    private static final Pattern SERIAL = Pattern.compile("\"serialNumber\"\\s*:\\s*\"(\\d+)\"");
    private static final Pattern CERTIFICATES =
            Pattern.compile("\"identity\"\\s*:\\s*\"spiffe://[^\"]*/sa/(?:client|server)\"");

    private Mesh mesh;

    @BeforeEach
    void start() {
        Programs.assumeMeshesCanRun();
        mesh = Mesh.start(
                MeshSpec.mesh("rotation")
                        .namespace("default", namespace -> namespace.mesh(true))
                        .node("one", node -> node.pod("client", pod -> pod.serviceAccount("client")))
                        .node(
                                "two",
                                node -> node.pod(
                                        "server",
                                        pod -> pod.serviceAccount("server").serves(Kind.ECHO, 7)))
                        .build(),
                Programs.options()
                        // Each connection has a tunnel of its own, and no tunnel is kept for the next one.
                        .proxyEnvironment("POOL_MAX_STREAMS_PER_CONNECTION", "1")
                        .proxyEnvironment("POOL_UNUSED_RELEASE_TIMEOUT", "1ms")
                        .build());
        mesh.controlPlane().certificateFaults().always(new CertificateFault.Life(LIFETIME));
    }

    @AfterEach
    void stop() {
        if (mesh != null) {
            mesh.close();
        }
    }

    @Test
    void rootAndIntermediateAreExchangedWithoutAFailedConnection() throws IOException {
        restartWithShortLives();
        CertificateAuthority authority = mesh.controlPlane().authority();
        String firstRoot = serial(authority.root());
        try (Caller caller = Caller.start(mesh.pod("client"), mesh.pod("server").at(7));
                SocketChannel old =
                        mesh.pod("client").tcp().connect(mesh.pod("server").at(7))) {
            assertEchoes(old);
            authority.rotateIntermediate();
            awaitEverywhere("the new intermediate", serial(authority.signer()), true);
            authority.addRoot();
            String secondRoot = serial(authority.newestRoot());
            awaitEverywhere("trust in both roots", secondRoot, true);
            authority.signByNewestRoot();
            // One of its own, so that a certificate tells by its chain which root it is below.
            authority.rotateIntermediate();
            awaitEverywhere("certificates below the new root", serial(authority.signer()), true);
            authority.dropOldRoots();
            awaitEverywhere("no trust in the old root", firstRoot, false);

            long before = caller.answered();
            Await.untilTrue(
                    "connections below the new root alone",
                    LIMIT,
                    () -> caller.answered() > before + 20 || !caller.failures().isEmpty(),
                    this::logs);
            assertEchoes(old);
            assertThat(caller.failures()).as("failed connections\n" + logs()).isEmpty();
        }
    }

    /** The certificates of the start live long; those of proxies that start now do not. */
    private void restartWithShortLives() throws IOException {
        for (MeshNode node : mesh.nodes()) {
            node.proxy().kill();
            node.proxy().restart();
        }
        for (MeshNode node : mesh.nodes()) {
            node.proxy().awaitReady(LIMIT);
        }
    }

    private void awaitEverywhere(String what, String serial, boolean wanted) {
        for (MeshNode node : mesh.nodes()) {
            Await.untilTrue(
                    what + " on " + node,
                    LIMIT,
                    () -> {
                        String dump = node.proxy().get(15000, "/config_dump");
                        return CERTIFICATES.matcher(dump).find()
                                && serials(dump).contains(serial) == wanted;
                    },
                    this::logs);
        }
    }

    private static String serial(X509Certificate certificate) {
        return certificate.getSerialNumber().toString();
    }

    private static List<String> serials(String dump) {
        return SERIAL.matcher(dump)
                .results()
                .map((MatchResult found) -> found.group(1))
                .toList();
    }

    private static void assertEchoes(SocketChannel channel) throws IOException {
        byte[] said = "still here".getBytes(StandardCharsets.US_ASCII);
        channel.write(ByteBuffer.wrap(said));
        byte[] heard = channel.socket().getInputStream().readNBytes(said.length);
        assertThat(heard).isEqualTo(said);
    }

    private String logs() {
        StringBuilder text = new StringBuilder();
        for (MeshNode node : mesh.nodes()) {
            text.append(node).append('\n').append(node.proxy().log().tail(20)).append('\n');
        }
        return text.toString();
    }
}
