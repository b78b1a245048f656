package io.culvert.e2e.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.testkit.mesh.Mesh;
import io.culvert.testkit.mesh.MeshNode;
import io.culvert.testkit.mesh.MeshPod;
import io.culvert.testkit.process.Await;
import io.culvert.testkit.spec.MeshSpec;
import io.culvert.testkit.spec.WorkloadPort.Kind;
import io.culvert.testkit.workload.TcpResult;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Whatever is killed comes back without anybody's help, and what comes and goes leaves nothing. */
@Tag("e2e")
final class SurvivalTest {

    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final byte[] PING = "ping".getBytes(StandardCharsets.US_ASCII);
    /**
     * The agent's part is done a thousand times by EnrolmentCyclesTest; the whole road, which takes ten times as long,
     * here. -Dculvert.churn=1000 for as many of it.
     */
    private static final int CHURN = Integer.getInteger("culvert.churn", 200);

    private static final int WARM_UP = 20;

    private static Mesh mesh;
    private static MeshPod client;
    private static MeshPod server;

    @BeforeAll
    static void start() {
        Programs.assumeMeshesCanRun();
        mesh = Mesh.start(
                MeshSpec.mesh("survival")
                        .namespace("default", namespace -> namespace.mesh(true))
                        .node("one", node -> node.pod("client", pod -> {}))
                        .node("two", node -> node.pod("server", pod -> pod.serves(Kind.ECHO, 7)))
                        .build(),
                Programs.options().build());
        client = mesh.pod("client");
        server = mesh.pod("server");
    }

    @AfterAll
    static void stop() {
        if (mesh != null) {
            mesh.close();
        }
    }

    @Test
    void killedProxyComesBackWithItsPods() throws IOException {
        assertAnswered(client);
        for (MeshNode node : mesh.nodes()) {
            node.proxy().kill();
            node.proxy().restart();
            node.proxy().awaitReady(LIMIT);
        }
        assertAnswered(client);
    }

    @Test
    void killedAgentFindsItsPodsAgainAndTakesNewOnes() throws IOException {
        for (MeshNode node : mesh.nodes()) {
            node.agent().kill();
            assertAnswered(client);
            node.agent().restart();
            node.agent().awaitReady(LIMIT);
        }
        for (MeshNode node : mesh.nodes()) {
            node.proxy().awaitReady(LIMIT);
        }
        assertAnswered(client);
        MeshPod late = mesh.addPod("one", "late", pod -> {});
        assertAnswered(late);
        mesh.removePod(late);
    }

    @Test
    void proxyAndAgentKilledTogetherComeBack() throws IOException {
        MeshNode node = mesh.node("two");
        node.agent().kill();
        node.proxy().kill();
        node.proxy().restart();
        node.agent().restart();
        node.agent().awaitReady(LIMIT);
        node.proxy().awaitReady(LIMIT);
        assertAnswered(client);
    }

    @Test
    void podsThatComeAndGoLeaveNothingInProxyOrAgent() throws IOException {
        MeshNode node = mesh.node("one");
        comeAndGo(WARM_UP);
        Census before = Census.of(mesh, node);
        comeAndGo(CHURN);
        Await.untilTrue(
                "everything as before",
                LIMIT,
                () -> Census.of(mesh, node).isNoMoreThan(before),
                () -> before + " before, now " + tryCensus(node));
        System.out.println("after " + CHURN + " pods: " + tryCensus(node) + ", before them: " + before);
        assertAnswered(client);
    }

    /** Each calls and is called. */
    private static void comeAndGo(int times) throws IOException {
        for (int i = 0; i < times; i++) {
            MeshPod fleeting = mesh.addPod("one", "fleeting", pod -> pod.serves(Kind.ECHO, 7));
            assertAnsweredAtOnce(fleeting, server, i);
            assertAnsweredAtOnce(client, fleeting, i);
            assertAnsweredAtOnce(server, fleeting, i);
            mesh.removePod(fleeting);
        }
    }

    /** The first connection, and not one of several: a pod that was added is a pod that serves. */
    private static void assertAnsweredAtOnce(MeshPod from, MeshPod to, int round) throws IOException {
        TcpResult result = from.tcp(LIMIT).exchange(to.at(7), PING);
        assertThat(result)
                .as(() -> "round " + round + ": " + from + " calls " + to + "\n"
                        + mesh.node("one").proxy().log().tail(20) + "\n"
                        + mesh.node("two").proxy().log().tail(10))
                .isInstanceOf(TcpResult.Answered.class);
    }

    private static void assertAnswered(MeshPod from) {
        Await.untilTrue(
                from + " is answered by " + server,
                LIMIT,
                () -> from.tcp(LIMIT).exchange(server.at(7), PING) instanceof TcpResult.Answered,
                () -> "");
    }

    private static String tryCensus(MeshNode node) {
        try {
            return Census.of(mesh, node).toString();
        } catch (IOException e) {
            return e.toString();
        }
    }
}
