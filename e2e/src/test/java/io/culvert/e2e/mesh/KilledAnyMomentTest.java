package io.culvert.e2e.mesh;

import io.culvert.testkit.mesh.Mesh;
import io.culvert.testkit.mesh.MeshFailure;
import io.culvert.testkit.mesh.MeshNode;
import io.culvert.testkit.mesh.MeshPod;
import io.culvert.testkit.mesh.NodeProgram;
import io.culvert.testkit.process.Await;
import io.culvert.testkit.spec.Labels;
import io.culvert.testkit.spec.MeshSpec;
import io.culvert.testkit.spec.WorkloadPort.Kind;
import io.culvert.testkit.workload.TcpResult;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Proxy, agent or both are killed while pods come, go, join and leave: in the middle of an ADD, between rules and
 * proxy, during a snapshot, during a removal. A refused ADD is tried again, as the kubelet does; nothing else is done
 * by hand. Then every pod has all of its redirection or nothing, is served, and nothing is left of those that went.
 *
 * <p>{@code -Dculvert.seed=N} repeats a run's choices, though not the kernel's; {@code -Dculvert.rounds=N} makes it
 * longer.
 */
@Tag("e2e")
final class KilledAnyMomentTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    /** Of a program's own namespace: the way home, and the one in which the proxy serves itself. */
    private static final int OWN_HANDLES = 2;

    private static final byte[] PING = "ping".getBytes(StandardCharsets.US_ASCII);
    private static final int ROUNDS = Integer.getInteger("culvert.rounds", 8);

    /** A pod comes, joins, leaves or goes within a tenth of that on a machine at rest. */
    private static final long DELAY_MAX_NS = TimeUnit.MILLISECONDS.toNanos(700);

    private static Mesh mesh;
    private static MeshNode node;

    /** Whether the driver shall come to an end, at a point where all pods are as they should be. */
    private volatile boolean enough;

    @BeforeAll
    static void start() {
        Programs.assumeMeshesCanRun();
        mesh = Mesh.start(
                MeshSpec.mesh("killed")
                        .namespace("default", namespace -> namespace.mesh(true))
                        .node(
                                "one",
                                one -> one.pod("stays", pod -> pod.serves(Kind.ECHO, 7))
                                        .pod("joins", pod -> pod.serves(Kind.ECHO, 7)))
                        .node("two", two -> two.pod("server", pod -> pod.serves(Kind.ECHO, 7)))
                        .build(),
                Programs.options().build());
        node = mesh.node("one");
    }

    @AfterAll
    static void stop() {
        if (mesh != null) {
            mesh.close();
        }
    }

    @Test
    void nothingStaysHalfProgrammed() throws Exception {
        long seed = Long.getLong("culvert.seed", new SplittableRandom().nextInt(1_000_000_000));
        String replay = "mvn verify -pl e2e -am -Dsurefire.failIfNoSpecifiedTests=false -Dtest=KilledAnyMomentTest"
                + " -Dculvert.seed=" + seed + " -Dculvert.rounds=" + ROUNDS;
        System.out.println("to repeat these choices: " + replay);
        SplittableRandom random = new SplittableRandom(seed);
        for (int round = 0; round < ROUNDS; round++) {
            List<NodeProgram> victims = victims(random);
            long delayNs = random.nextLong(DELAY_MAX_NS);
            String what = "round " + round + ", "
                    + victims.stream().map(NodeProgram::name).toList() + " killed after "
                    + TimeUnit.NANOSECONDS.toMicros(delayNs) + " µs; " + replay;
            killWhilePodsMove(victims, delayNs, random.split(), what);
            for (MeshPod pod : mesh.pods()) {
                assertServed(pod, what);
            }
            assertNothingElse(what);
        }
    }

    private static List<NodeProgram> victims(SplittableRandom random) {
        return switch (random.nextInt(3)) {
            case 0 -> List.of(node.proxy());
            case 1 -> List.of(node.agent());
            default -> List.of(node.agent(), node.proxy());
        };
    }

    private void killWhilePodsMove(List<NodeProgram> victims, long delayNs, SplittableRandom random, String what)
            throws Exception {
        enough = false;
        CompletableFuture<Void> moved = CompletableFuture.runAsync(
                () -> movePods(random),
                command -> Thread.ofPlatform().daemon().name("kubelet").start(command));
        LockSupport.parkNanos(delayNs); // The moment itself is what is drawn by lot.
        for (NodeProgram victim : victims) {
            victim.kill();
        }
        for (NodeProgram victim : victims) {
            victim.restart();
        }
        node.agent().awaitReady(LIMIT);
        enough = true;
        try {
            moved.get(2 * LIMIT.toSeconds(), TimeUnit.SECONDS);
        } catch (Exception broken) {
            throw new AssertionError(what, broken);
        }
        node.proxy().awaitReady(LIMIT);
    }

    /** The kubelet and the API server of a busy node: always in the middle of something. */
    private void movePods(SplittableRandom random) {
        List<Runnable> verbs = List.of(this::come, this::go, this::leave, this::join, this::waver);
        do {
            verbs.get(random.nextInt(verbs.size())).run();
        } while (!enough);
    }

    private void come() {
        if (find("fleeting").isEmpty()) {
            Await.untilTrue("an ADD that is not refused", LIMIT, KilledAnyMomentTest::added, () -> logs());
        }
    }

    private static boolean added() throws IOException {
        try {
            MeshPod _ = mesh.addPod("one", "fleeting", pod -> pod.serves(Kind.ECHO, 7));
            return true;
        } catch (MeshFailure refused) {
            // Its sandbox is gone. The kubelet makes another one, after a while.
            throw new IOException(refused);
        }
    }

    private void go() {
        find("fleeting").forEach(mesh::removePod);
    }

    private void leave() {
        belong(false);
    }

    private void join() {
        belong(true);
    }

    /** A label that changes and changes back while the agent is still at the first, or is dead. */
    private void waver() {
        boolean member = mesh.spec().inMesh(mesh.pod("joins").spec());
        label(!member);
        belong(member);
    }

    private static void belong(boolean member) {
        label(member);
        mesh.awaitEnrolled(mesh.pod("joins"), member, LIMIT);
    }

    private static void label(boolean member) {
        mesh.label(mesh.pod("joins"), Labels.DATAPLANE_MODE, member ? Labels.AMBIENT : Labels.NONE);
    }

    private static List<MeshPod> find(String name) {
        return mesh.pods().stream().filter(pod -> pod.name().equals(name)).toList();
    }

    private static void assertServed(MeshPod pod, String what) {
        boolean member = mesh.spec().inMesh(pod.spec());
        Await.untilTrue(
                pod + (member ? " has all of its redirection" : " has nothing of ours"),
                LIMIT,
                () -> member
                        ? Redirection.in(pod).isWhole()
                        : Redirection.in(pod).isNone(),
                () -> what + ": " + seen(pod) + "\n" + logs());
        for (MeshPod other : mesh.pods()) {
            if (other != pod) {
                Await.untilTrue(
                        other + " answers " + pod,
                        LIMIT,
                        () -> pod.tcp().exchange(other.at(7), PING) instanceof TcpResult.Answered,
                        () -> what + "\n" + logs());
            }
        }
    }

    /** Of the pods that went, or that never came, neither proxy nor agent keeps anything. */
    private static void assertNothingElse(String what) {
        List<MeshPod> members = new ArrayList<>(mesh.pods());
        members.removeIf(pod -> !pod.node().equals(node.name()) || !mesh.spec().inMesh(pod.spec()));
        Await.untilTrue(
                "the proxy serves " + members + " and nobody else",
                LIMIT,
                () -> Metrics.ofProxy(node.proxy(), "workload_manager_active_proxy_count") == members.size()
                        && Metrics.ofProxy(node.proxy(), "workload_manager_pending_proxy_count") == 0,
                () -> what + "\n" + logs());
        for (NodeProgram program : List.of(node.proxy(), node.agent())) {
            Await.untilTrue(
                    program.name() + " holds the namespaces of " + members + ", its own, and no other",
                    LIMIT,
                    () -> Census.namespaces(program) <= members.size() + OWN_HANDLES,
                    () -> what + ": " + members.size() + " pods, " + held(program));
        }
    }

    private static String held(NodeProgram program) {
        try {
            return Census.namespaceLinks(program) + "\n" + logs();
        } catch (IOException e) {
            return e.toString();
        }
    }

    private static String seen(MeshPod pod) {
        try {
            return Redirection.in(pod).toString();
        } catch (IOException e) {
            return e.toString();
        }
    }

    private static String logs() {
        return node.agent().log().tail(20) + "\n" + node.proxy().log().tail(20);
    }
}
