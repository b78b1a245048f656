package io.culvert.e2e.mesh;

import io.culvert.testkit.mesh.Mesh;
import io.culvert.testkit.mesh.MeshNode;
import io.culvert.testkit.mesh.MeshPod;
import io.culvert.testkit.mesh.NodeProgram;
import io.culvert.testkit.process.Await;
import io.culvert.testkit.spec.MeshSpec;
import io.culvert.testkit.spec.WorkloadPort.Kind;
import io.culvert.testkit.workload.TcpResult;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Whatever is killed comes back without anybody's help, and what comes and goes leaves nothing. */
@Tag("e2e")
final class SurvivalTest {

    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final byte[] PING = "ping".getBytes(StandardCharsets.US_ASCII);
    /** By default fewer than the thousand that are promised, for the sake of everybody's time: -Dculvert.churn=1000. */
    private static final int CHURN = Integer.getInteger("culvert.churn", 60);

    private static final int WARM_UP = 20;
    /** Far fewer than one for each pod that comes and goes. */
    private static final long DESCRIPTORS_SLACK = 10;

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
        Map<String, Long> before = census(node);
        comeAndGo(CHURN);
        Await.untilTrue(
                "descriptors and threads as before",
                LIMIT,
                () -> nothingLeaked(before, census(node)),
                () -> before + " before, now " + tryCensus(node));
        assertAnswered(client);
    }

    /** Namespaces exactly; of descriptors a few may be connections to the API server that come and go by themselves. */
    private static boolean nothingLeaked(Map<String, Long> before, Map<String, Long> now) {
        return now.entrySet().stream().allMatch(entry -> {
            long slack = entry.getKey().endsWith("namespaces") ? 0 : DESCRIPTORS_SLACK;
            return entry.getValue() <= before.getOrDefault(entry.getKey(), 0L) + slack;
        });
    }

    private static void comeAndGo(int times) throws IOException {
        for (int i = 0; i < times; i++) {
            MeshPod fleeting = mesh.addPod("one", "fleeting", pod -> {});
            if (i % 10 == 0) {
                assertAnswered(fleeting);
            }
            mesh.removePod(fleeting);
        }
    }

    private static void assertAnswered(MeshPod from) {
        Await.untilTrue(
                from + " is answered by " + server,
                LIMIT,
                () -> from.tcp().exchange(server.at(7), PING) instanceof TcpResult.Answered,
                () -> "");
    }

    private static Map<String, Long> census(MeshNode node) throws IOException {
        Map<String, Long> counts = new TreeMap<>();
        for (NodeProgram program : new NodeProgram[] {node.proxy(), node.agent()}) {
            counts.put(program.name() + " descriptors", entries("/proc/" + program.pid() + "/fd"));
            counts.put(program.name() + " namespaces", namespaces(program.pid()));
        }
        return counts;
    }

    private static String tryCensus(MeshNode node) {
        try {
            return census(node).toString();
        } catch (IOException e) {
            return e.toString();
        }
    }

    private static long entries(String directory) throws IOException {
        try (Stream<Path> entries = Files.list(Path.of(directory))) {
            return entries.count();
        }
    }

    private static long namespaces(long pid) throws IOException {
        try (Stream<Path> entries = Files.list(Path.of("/proc/" + pid + "/fd"))) {
            return entries.filter(SurvivalTest::isNamespace).count();
        }
    }

    private static boolean isNamespace(Path fd) {
        try {
            return Files.readSymbolicLink(fd).toString().startsWith("net:");
        } catch (IOException gone) {
            return false;
        }
    }
}
