package io.culvert.e2e.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.testkit.mesh.Mesh;
import io.culvert.testkit.mesh.MeshNode;
import io.culvert.testkit.mesh.MeshPod;
import io.culvert.testkit.mesh.NodeProgram;
import io.culvert.testkit.network.PodNetwork;
import io.culvert.testkit.process.Child;
import io.culvert.testkit.spec.MeshSpec;
import io.culvert.testkit.spec.WorkloadPort.Kind;
import io.culvert.testkit.workload.TcpResult;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * An upgrade of the proxy as a DaemonSet does it: the new one starts beside the old, takes over the node's pods from
 * the same agent, then the old one gets SIGTERM. Five hundred new connections a second meanwhile: none of them fails.
 */
@Tag("e2e")
final class UpgradeTest {
    private static final Duration LIMIT = Duration.ofSeconds(90);
    private static final byte[] PING = "ping".getBytes(StandardCharsets.US_ASCII);
    private static final int PER_SECOND = 500;

    private final List<AutoCloseable> started = new ArrayList<>();
    private Mesh mesh;
    private MeshPod client;
    private MeshPod server;

    @BeforeEach
    void start() {
        Programs.assumeMeshesCanRun();
        mesh = Mesh.start(
                MeshSpec.mesh("upgrade")
                        .namespace("default", namespace -> namespace.mesh(true))
                        .node("one", node -> node.pod("client", pod -> {}).pod("guest", pod -> pod.mesh(false)))
                        .node("two", node -> node.pod("server", pod -> pod.serves(Kind.ECHO, 7)))
                        .build(),
                Programs.options()
                        .proxyEnvironment("CONNECTION_TERMINATION_DEADLINE", "10m")
                        .build());
        client = mesh.pod("client");
        server = mesh.pod("server");
    }

    @AfterEach
    void stop() throws Exception {
        for (AutoCloseable each : started.reversed()) {
            each.close();
        }
        if (mesh != null) {
            mesh.close();
        }
    }

    private NodeProgram nextGeneration(MeshNode node) throws IOException {
        PodNetwork network = node.network()
                .addPod(
                        node.name() + "-proxy-2",
                        mesh.plan().secondProxy(node.name()).list());
        started.add(network);
        NodeProgram next = node.proxy().beside(network.netns(), "-2");
        started.add(next);
        next.awaitReady(LIMIT);
        return next;
    }

    @Test
    void noNewConnectionFailsWhileBothEndsAreUpgraded() throws Exception {
        try (SocketChannel held = client.tcp(LIMIT).connect(server.at(7));
                SteadyCalls tunnelled = SteadyCalls.start(PER_SECOND / 2, this::throughATunnel);
                SteadyCalls plain = SteadyCalls.start(PER_SECOND / 2, this::inPlainText)) {
            echo(held);
            for (String node : List.of("one", "two")) {
                Child old = mesh.node(node).proxy().child();
                NodeProgram next = nextGeneration(mesh.node(node));
                assertThat(next.log().lines()).anyMatch(line -> line.contains("is taken over from another generation"));
                tunnelled.awaitMore(200, LIMIT);
                plain.awaitMore(200, LIMIT);

                old.terminate();

                old.awaitLine("the drain", 0, LIMIT, line -> line.contains("drain requested"));
                tunnelled.awaitMore(500, LIMIT);
                plain.awaitMore(500, LIMIT);
                // What runs goes on as long as it likes, by the old one.
                echo(held);
                assertThat(old.isAlive()).isTrue();
            }
            assertThat(tunnelled.failures()).isEmpty();
            assertThat(plain.failures()).isEmpty();

            held.shutdownOutput();
            assertThat(held.socket().getInputStream().read()).isNegative();
        }
        for (String node : List.of("one", "two")) {
            Child old = mesh.node(node).proxy().child();
            assertThat(old.awaitExit(LIMIT)).as(old.log().tail(20)).isTrue();
            assertThat(old.exitStatus()).isZero();
        }
        // Nobody is left but the new ones, and they serve.
        assertThat(throughATunnel()).isInstanceOf(TcpResult.Answered.class);
        assertThat(inPlainText()).isInstanceOf(TcpResult.Answered.class);
    }

    private TcpResult throughATunnel() throws IOException {
        return client.tcp(LIMIT).exchange(server.at(7), PING);
    }

    private TcpResult inPlainText() throws IOException {
        return mesh.pod("guest").tcp(LIMIT).exchange(server.at(7), PING);
    }

    private static void echo(SocketChannel open) throws IOException {
        open.write(ByteBuffer.wrap(PING));
        assertThat(open.socket().getInputStream().readNBytes(PING.length)).isEqualTo(PING);
    }
}
