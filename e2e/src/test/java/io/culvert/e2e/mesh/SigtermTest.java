package io.culvert.e2e.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.testkit.controlplane.PeerCredential;
import io.culvert.testkit.mesh.Mesh;
import io.culvert.testkit.mesh.MeshPod;
import io.culvert.testkit.mesh.NodeProgram;
import io.culvert.testkit.process.Await;
import io.culvert.testkit.process.Child;
import io.culvert.testkit.spec.Labels;
import io.culvert.testkit.spec.MeshSpec;
import io.culvert.testkit.spec.WorkloadPort.Kind;
import io.culvert.testkit.workload.TcpResult;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** SIGTERM to a proxy at work: nothing new is taken, what runs may end by itself, and is cut at the deadline. */
@Tag("e2e")
final class SigtermTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final byte[] PING = "ping".getBytes(StandardCharsets.US_ASCII);
    private static final int HBONE = 15008;

    private static Mesh mesh;
    private static MeshPod client;
    private static MeshPod server;

    @BeforeAll
    static void start() {
        Programs.assumeMeshesCanRun();
        mesh = Mesh.start(
                MeshSpec.mesh("drain")
                        .namespace("default", namespace -> namespace.mesh(true))
                        .node("hurried", node -> node.pod("client", pod -> {}).pod("guest", pod -> pod.mesh(false)))
                        .node("patient", node -> node.pod("server", pod -> pod.serves(Kind.ECHO, 7)))
                        .build(),
                Programs.options()
                        .proxyOn("hurried", withDeadline("2s"))
                        .proxyOn("patient", withDeadline("10m"))
                        .build());
        client = mesh.pod("client");
        server = mesh.pod("server");
    }

    /** By env(1), because the mesh tells all proxies the same. */
    private static List<String> withDeadline(String deadline) {
        List<String> command = new ArrayList<>(List.of("env", "CONNECTION_TERMINATION_DEADLINE=" + deadline));
        command.addAll(Programs.proxy());
        return command;
    }

    @AfterAll
    static void stop() {
        if (mesh != null) {
            mesh.close();
        }
    }

    @Test
    void whatRunsMayEndByItselfAndNothingNewIsTaken() throws Exception {
        NodeProgram proxy = mesh.node("patient").proxy();
        PeerCredential credential = mesh.controlPlane()
                .authority()
                .peerCredential("spiffe://cluster.local/ns/default/sa/default", Duration.ZERO, Duration.ofHours(1));
        try (SocketChannel open = client.tcp(LIMIT).connect(server.at(7))) {
            echo(open);
            Child drained = proxy.child();

            try (RawPeer peer = RawPeer.connect(mesh.pod("guest").tcp(LIMIT).connect(server.at(HBONE)), credential)) {
                peer.beginHttp2();
                peer.awaitSettings();
                drained.terminate();
                peer.awaitGoAway();
            }
            Await.untilTrue(
                    "a new connection is refused",
                    LIMIT,
                    () -> mesh.pod("guest").tcp(LIMIT).exchange(server.at(HBONE), PING) instanceof TcpResult.Refused,
                    () -> drained.log().tail(20));
            assertThat(client.tcp(LIMIT).exchange(server.at(7), PING)).isInstanceOf(TcpResult.Reset.class);
            assertThat(drained.isAlive())
                    .as("it waits for the connection that runs")
                    .isTrue();
            for (int i = 0; i < 100; i++) {
                echo(open);
            }

            open.shutdownOutput();
            assertThat(open.socket().getInputStream().read())
                    .as("the end, in order")
                    .isNegative();
            assertThat(drained.awaitExit(LIMIT)).as(drained.log().tail(20)).isTrue();
            assertThat(drained.exitStatus()).isZero();
            assertThat(drained.log().tail(5)).contains("shutdown complete");
        } finally {
            startAgain(proxy);
        }
    }

    @Test
    void whatDoesNotEndIsCutAtTheDeadline() throws Exception {
        NodeProgram proxy = mesh.node("hurried").proxy();
        try (SocketChannel open = client.tcp(LIMIT).connect(server.at(7))) {
            echo(open);
            Child drained = proxy.child();
            long position = drained.log().position();

            drained.terminate();

            assertThat(endsWithin(open)).as("the connection is cut").isTrue();
            assertThat(drained.awaitExit(LIMIT)).as(drained.log().tail(20)).isTrue();
            assertThat(drained.exitStatus()).isZero();
            assertThat(drained.log().linesSince(position))
                    .anyMatch(line -> line.contains("drain duration expired with pending connections"));
        } finally {
            startAgain(proxy);
        }
    }

    /** Its proxy would wait ten minutes at its own end; a pod's connections do not outlive its membership. */
    @Test
    void aPodThatLeavesTheMeshIsCutAtOnce() throws Exception {
        NodeProgram proxy = mesh.node("patient").proxy();
        long position = proxy.log().position();
        try (SocketChannel open = client.tcp(LIMIT).connect(server.at(7))) {
            echo(open);

            mesh.label(server, Labels.DATAPLANE_MODE, Labels.NONE);

            assertThat(endsWithin(open)).as("the connection is cut").isTrue();
            String line = proxy.child()
                    .awaitLine(
                            "its line in the access log",
                            position,
                            LIMIT,
                            each -> each.contains("direction=\"inbound\"") && each.contains("error="));
            assertThat(line).contains("connection closed due to connection drain");
            assertThat(proxy.child().isAlive()).isTrue();
        } finally {
            mesh.label(server, Labels.DATAPLANE_MODE, Labels.AMBIENT);
            mesh.awaitEnrolled(server, true, LIMIT);
        }
    }

    private static void startAgain(NodeProgram proxy) throws IOException {
        if (proxy.child().isAlive()) {
            proxy.kill();
        }
        proxy.restart();
        proxy.awaitReady(LIMIT);
        Await.untilTrue(
                "traffic flows again",
                LIMIT,
                () -> client.tcp(LIMIT).exchange(server.at(7), PING) instanceof TcpResult.Answered,
                () -> proxy.log().tail(20));
    }

    private static void echo(SocketChannel open) throws IOException {
        open.write(ByteBuffer.wrap(PING));
        assertThat(open.socket().getInputStream().readNBytes(PING.length)).isEqualTo(PING);
    }

    /** Whether reading comes to an end, in order or by a reset; not a byte is to come. */
    private static boolean endsWithin(SocketChannel open) throws IOException {
        try {
            return open.socket().getInputStream().read() < 0;
        } catch (SocketTimeoutException still) {
            return false;
        } catch (IOException reset) {
            return true;
        }
    }
}
