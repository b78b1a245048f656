package io.culvert.e2e.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.e2e.runtime.RuntimeNode.Pod;
import io.culvert.testkit.cri.ContainerRuntime;
import io.culvert.testkit.cri.CriClient.SandboxName;
import io.culvert.testkit.process.Await;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/**
 * Pods that a real container runtime makes, whose first process sends plaintext at once. None of it may be readable on
 * the node's wires, whatever happens to the agent meanwhile; and nothing is left when the pods are gone.
 */
@Tag("e2e")
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
final class RealRuntimeTest {
    private static final int PORT = 7777;
    private static final int PODS = Integer.getInteger("culvert.runtime.pods", 20);
    private static final int KILLS = Integer.getInteger("culvert.rounds", 3);

    /** An ADD takes some dozens of milliseconds, most of them in other plugins. */
    private static final long DELAY_MAX_NS = TimeUnit.MILLISECONDS.toNanos(250);

    @TempDir
    private static Path directory;

    private static @Nullable RuntimeNode started;
    private static @Nullable Pod serves;

    @BeforeAll
    static void start() throws IOException {
        RuntimeNode.assumeItCanRun();
        RuntimeNode node = RuntimeNode.start(directory);
        started = node;
        Pod server = node.awaitReady().runSandboxWithRetries(node.schedule(RuntimeNode.IN_MESH, "server"));
        serves = server;
        node.start(server, List.of("/first", "serve", Integer.toString(PORT)));
        node.awaitSaid(server, "serving");
    }

    @AfterAll
    static void stop() {
        if (started != null) {
            started.close();
        }
    }

    private static RuntimeNode node() {
        return Objects.requireNonNull(started);
    }

    private static Pod server() {
        return Objects.requireNonNull(serves);
    }

    @Test
    @Order(1)
    void nobodyReadsTheFirstWordsOfAPodInTheMesh() throws IOException {
        RuntimeNode node = node();
        assertThat(Files.readString(ContainerRuntime.netDirectory(directory).resolve("10-bridge.conflist")))
                .as("the agent chained the plugin itself")
                .contains("istio-cni");
        Pod client = node.runSandbox(node.schedule(RuntimeNode.IN_MESH, "impatient"));
        assertThat(node.isAnnotated(client.name())).isTrue();
        node.startTalking(client, server(), PORT);
        node.awaitSaid(client, "answered");

        Pod outsider = node.runSandbox(node.schedule(RuntimeNode.OUTSIDE, "outsider"));
        assertThat(node.isAnnotated(outsider.name())).isFalse();
        node.startTalking(outsider, server(), PORT);
        node.awaitSaid(outsider, "answered");
        Await.untilTrue(
                "the outsider's words on the wire",
                RuntimeNode.LIMIT,
                () -> node.readable().contains("outsider"),
                () -> node.readable().toString());
        assertThat(node.readable()).containsExactly("outsider");
        node.remove(client);
        node.remove(outsider);
    }

    @Test
    @Order(2)
    void anAgentThatIsKilledWithinAnAddLeavesNoPodUnprotected() throws Exception {
        RuntimeNode node = node();
        long seed = Long.getLong("culvert.seed", new SplittableRandom().nextInt(1_000_000_000));
        System.out.println("to repeat these moments: -Dculvert.seed=" + seed);
        SplittableRandom random = new SplittableRandom(seed);
        for (int round = 0; round < KILLS; round++) {
            SandboxName pod = node.schedule(RuntimeNode.IN_MESH, "killed-" + round);
            CompletableFuture<Pod> added = CompletableFuture.supplyAsync(
                    () -> node.runSandboxWithRetries(pod),
                    task -> Thread.ofPlatform().name("kubelet").start(task));
            LockSupport.parkNanos(random.nextLong(DELAY_MAX_NS)); // The moment itself is what is drawn by lot.
            node.node().agent().kill();
            node.node().agent().restart();
            Pod client = added.get(2 * RuntimeNode.LIMIT.toSeconds(), TimeUnit.SECONDS);
            node.startTalking(client, server(), PORT);
            node.awaitSaid(client, "answered");
            assertThat(node.readable()).as("round %s, seed %s", round, seed).doesNotContain("killed-" + round);
            node.remove(client);
        }
        node.node().agent().awaitReady(RuntimeNode.LIMIT);
    }

    @Test
    @Order(3)
    void podsComeAndGoWhileTheAgentRestartsAndNothingIsLeft() throws Exception {
        RuntimeNode node = node();
        int namespaces = node.runtime().namespaces().size();
        int groups = node.runtime().containerGroups().size();
        int cables = node.cables();
        AtomicBoolean done = new AtomicBoolean();
        CompletableFuture<Void> restarts = CompletableFuture.runAsync(
                () -> restartUntil(node, done),
                task -> Thread.ofPlatform().name("daemonset").start(task));
        List<String> names = new ArrayList<>();
        try {
            for (int i = 0; i < PODS; i++) {
                Pod client = node.runSandboxWithRetries(node.schedule(RuntimeNode.IN_MESH, "fleeting-" + i));
                names.add(client.name().name());
                node.startTalking(client, server(), PORT);
                node.awaitSaid(client, "answered");
                node.remove(client);
            }
        } finally {
            done.set(true);
        }
        restarts.get(2 * RuntimeNode.LIMIT.toSeconds(), TimeUnit.SECONDS);
        node.node().agent().awaitReady(RuntimeNode.LIMIT);

        assertThat(node.readable()).doesNotContainAnyElementsOf(names);
        assertThat(node.runtime().namespaces()).hasSize(namespaces);
        assertThat(node.runtime().containerGroups()).hasSize(groups);
        assertThat(node.cables()).isEqualTo(cables);
        Await.untilTrue(
                "probes of the server alone",
                RuntimeNode.LIMIT,
                () -> node.probed().equals(List.of(server().address())),
                () -> node.node().agent().log().tail(10));
        Await.untilTrue(
                "an agent that knows of the server alone",
                RuntimeNode.LIMIT,
                () -> !node.node().agent().get(9876, "/pods").contains("fleeting-"),
                () -> node.node().agent().log().tail(10));
    }

    private static void restartUntil(RuntimeNode node, AtomicBoolean done) {
        while (!done.get()) {
            try {
                node.node().agent().awaitReady(RuntimeNode.LIMIT);
                // Long enough for some pods to start, short enough for others to meet an agent that is away.
                LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(1));
                node.node().agent().kill();
                node.node().agent().restart();
            } catch (IOException e) {
                throw new AssertionError("the agent cannot be restarted", e);
            }
        }
    }

    @Test
    @Order(4)
    void podsOutliveARestartOfTheRuntime() throws IOException {
        RuntimeNode node = node();
        node.runtime().restart();
        Pod client = node.runSandboxWithRetries(node.schedule(RuntimeNode.IN_MESH, "after-restart"));
        node.startTalking(client, server(), PORT);
        node.awaitSaid(client, "answered");
        assertThat(node.readable()).doesNotContain("after-restart");
        node.remove(client);
    }

    @Test
    @Order(5)
    void anExplicitUninstallTakesRunningPodsOutAndLeavesTheClustersCniAsItWas() throws IOException {
        RuntimeNode node = node();
        Path configuration = ContainerRuntime.netDirectory(directory).resolve("10-bridge.conflist");
        assertThat(node.isAnnotated(server().name())).isTrue();
        node.uninstall();
        assertThat(Files.readString(configuration)).contains("bridge").doesNotContain("istio-cni");
        assertThat(ContainerRuntime.binaryDirectory(directory).resolve("istio-cni"))
                .doesNotExist();
        assertThat(node.isAnnotated(server().name())).isFalse();

        Pod client = node.runSandboxWithRetries(node.schedule(RuntimeNode.IN_MESH, "afterwards"));
        assertThat(node.isAnnotated(client.name())).isFalse();
        node.startTalking(client, server(), PORT);
        node.awaitSaid(client, "answered");
        Await.untilTrue(
                "words that go direct",
                RuntimeNode.LIMIT,
                () -> node.readable().contains("afterwards"),
                () -> node.readable().toString());
        node.remove(client);
    }
}
