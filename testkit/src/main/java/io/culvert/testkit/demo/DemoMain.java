package io.culvert.testkit.demo;

import io.culvert.testkit.mesh.Mesh;
import io.culvert.testkit.mesh.MeshOptions;
import io.culvert.testkit.mesh.NodePrograms;
import io.culvert.testkit.network.Privileges;
import io.culvert.testkit.process.Spawner;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Collectors;

/**
 * {@code ./culvert demo [--keep]}. Exit status 0 if every expectation held, 1 if one did not or the mesh did not come
 * up, 2 if it cannot be tried here.
 */
public final class DemoMain {
    private static final String KEEP = "--keep";
    /** A machine that compiles beside this is slow, and not broken. */
    private static final Duration READY_LIMIT = Duration.ofSeconds(90);

    private static final int NOT_HELD = 1;
    private static final int CANNOT = 2;

    private final Terminal terminal = Terminal.standard(System.getenv());
    private final Expectations expect = new Expectations(terminal);
    private final boolean keep;
    private final StartGoal startGoal;

    private DemoMain(boolean keep, StartGoal startGoal) {
        this.keep = keep;
        this.startGoal = startGoal;
    }

    public static void main(String[] args) {
        List<String> arguments = List.of(args);
        if (!arguments.isEmpty() && !arguments.equals(List.of(KEEP))) {
            System.err.println("usage: culvert demo [--keep]");
            System.exit(CANNOT);
        }
        System.exit(runWhole(arguments.contains(KEEP)));
    }

    /** A build of which a part is missing, unreadable or older than the rest is told as what it is. */
    private static int runWhole(boolean keep) {
        try {
            return new DemoMain(keep, startGoal()).run();
        } catch (LinkageError e) {
            System.err.println("culvert demo: this build is incomplete or mixed, "
                    + e.getClass().getSimpleName() + " of " + e.getMessage()
                    + "; build it anew: rm -r */target, then ./culvert demo");
            return CANNOT;
        }
    }

    private static StartGoal startGoal() {
        double load = ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
        int cores = Runtime.getRuntime().availableProcessors();
        try {
            return StartGoal.of(System.getenv(), load, cores);
        } catch (IllegalArgumentException unusable) {
            System.err.println("culvert demo: " + unusable.getMessage());
            System.exit(CANNOT);
            throw unusable;
        }
    }

    private int run() {
        Optional<NodePrograms> programs = NodePrograms.of(properties());
        if (programs.isEmpty()) {
            System.err.println("no proxy to show: start this by ./culvert demo, which says in the system property "
                    + NodePrograms.PROXY + " how one is started");
            return CANNOT;
        }
        Optional<String> obstacle = Privileges.obstacleToNamespaces();
        if (obstacle.isPresent()) {
            System.err.println(obstacle.get());
            return CANNOT;
        }
        terminal.title("Culvert: two nodes, two proxies, one mesh, on this machine");
        terminal.scene(1, "the mesh comes up");
        terminal.say(programs.get().agentInWords());
        try (Mesh mesh = Mesh.start(DemoMesh.spec(), options(programs.get()))) {
            play(mesh);
            return summarise(mesh);
        } catch (RuntimeException | IOException failure) {
            terminal.blank();
            terminal.verdict(false, "the mesh did not come up", String.valueOf(failure.getMessage()));
            return NOT_HELD;
        }
    }

    private MeshOptions options(NodePrograms programs) {
        return MeshOptions.proxy(programs.proxy())
                .agent(programs.agent())
                .readyLimit(READY_LIMIT)
                .observer(terminal::done)
                .build();
    }

    private void play(Mesh mesh) throws IOException {
        if (!Spawner.childrenDieWithParent()) {
            terminal.say(
                    "There is no setpriv (util-linux) here: should this be killed with -9, its programs live on until"
                            + " the next start.");
        }
        try (WireWitness wire = WireWitness.on(mesh)) {
            new Demo(mesh, wire, terminal, expect, DemoMain::sinceStart, startGoal).play();
        }
    }

    private int summarise(Mesh mesh) {
        terminal.title("What to try next");
        if (keep) {
            PlayGuide.print(mesh, terminal, System.getenv());
        } else {
            terminal.say("./culvert demo --keep leaves this mesh up, with the commands to play with it.");
            terminal.say(
                    "./culvert control-plane --mesh FILE serves a mesh of your own to any ztunnel-compatible proxy.");
        }
        terminal.title("Summary");
        if (expect.allHeld()) {
            terminal.verdict(true, "all " + expect.heldCount() + " expectations held", "");
        } else {
            expect.failures().forEach(failure -> terminal.verdict(false, failure, "it was not so"));
            terminal.say(expect.heldCount() + " expectations held, "
                    + expect.failures().size() + " did not.");
        }
        if (keep) {
            terminal.say("The mesh stays up. Ctrl-C takes it down.");
            awaitInterrupt();
        }
        return expect.allHeld() ? 0 : NOT_HELD;
    }

    /** Until the process is told to end; the mesh's shutdown hook does the rest. */
    private static void awaitInterrupt() {
        try {
            new CountDownLatch(1).await();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private static Duration sinceStart() {
        return Duration.ofMillis(ManagementFactory.getRuntimeMXBean().getUptime());
    }

    private static Map<String, String> properties() {
        return System.getProperties().stringPropertyNames().stream()
                .collect(Collectors.toMap(name -> name, name -> System.getProperty(name, "")));
    }
}
