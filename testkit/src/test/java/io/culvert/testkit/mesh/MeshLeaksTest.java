package io.culvert.testkit.mesh;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.culvert.testkit.network.Privileges;
import io.culvert.testkit.process.Await;
import io.culvert.testkit.spec.MeshSpec;
import io.culvert.testkit.spec.WorkloadPort.Kind;
import io.culvert.testkit.workload.HttpResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("netns")
final class MeshLeaksTest {
    private static final Duration LIMIT = Duration.ofSeconds(10);
    private static final Pattern PREFIX = Pattern.compile("cvt[0-9a-f]{8}");

    private final MeshSpec spec = MeshSpec.mesh("leaks")
            .node("one", node -> node.pod("a", pod -> pod.serves(Kind.HTTP, 8080)))
            .node("two", node -> node.pod("b", pod -> pod.serves(Kind.ECHO, 7)))
            .build();

    @BeforeEach
    void needsNamespaces() {
        Optional<String> obstacle = Privileges.obstacleToNamespaces();
        assumeTrue(obstacle.isEmpty(), () -> "mesh tests were not run: " + obstacle.orElse(""));
    }

    @Test
    void nothingStaysAfterSuccess() throws IOException {
        runOnce(); // What is loaded and opened once stays open.
        Map<String, Long> before = census();
        for (int i = 0; i < 3; i++) {
            runOnce();
        }
        awaitCensus(before);
    }

    @Test
    void nothingStaysAfterFailure() throws IOException {
        MeshOptions missing = MeshOptions.proxy(List.of("/no/such/proxy")).build();
        assertThatThrownBy(() -> Mesh.start(spec, missing)).hasMessageContaining("/no/such/proxy");
        Map<String, Long> before = census();
        assertThatThrownBy(() -> Mesh.start(spec, missing))
                .isInstanceOf(Await.NotInTimeException.class)
                .hasMessageContaining("proxy of one ended with status");
        awaitCensus(before);
    }

    @Test
    void podsThatComeAndGoLeaveNothing() throws IOException {
        try (Mesh mesh = Mesh.start(spec, MeshOptions.withoutProxies().build())) {
            comeAndGo(mesh);
            Map<String, Long> before = census();
            for (int i = 0; i < 10; i++) {
                comeAndGo(mesh);
            }
            awaitCensus(before);
        }
    }

    @Test
    void closedMeshRefusesAndClosesAgain() {
        Mesh mesh = Mesh.start(spec, MeshOptions.withoutProxies().build());
        mesh.close();
        mesh.close();
        assertThatThrownBy(() -> mesh.addPod("one", "late", pod -> {}))
                .isInstanceOf(MeshFailure.class)
                .hasMessageContaining("closed");
    }

    private static void comeAndGo(Mesh mesh) {
        mesh.removePod(mesh.addPod("one", "fleeting", pod -> pod.serves(Kind.HTTP, 8080)));
    }

    private void runOnce() throws IOException {
        try (Mesh mesh = Mesh.start(spec, MeshOptions.withoutProxies().build())) {
            HttpResult result = mesh.pod("b").http().get(mesh.pod("a").at(8080), "a", "/");
            assertThat(result).isInstanceOf(HttpResult.Reply.class);
        }
    }

    private static void awaitCensus(Map<String, Long> before) {
        Await.untilTrue("things as before", LIMIT, () -> census().equals(before), () -> before + "\n" + tryCensus());
    }

    private static String tryCensus() {
        try {
            return census().toString();
        } catch (IOException failure) {
            return failure.toString();
        }
    }

    /** How many there are of all that a mesh makes and could forget, without those of other processes' meshes. */
    private static Map<String, Long> census() throws IOException {
        Set<String> others = prefixesOfOthers();
        Map<String, Long> census = new TreeMap<>();
        census.put("descriptors", (long) names("/proc/self/fd").size());
        census.put("mounts", countOurs(Files.readAllLines(Path.of("/proc/self/mountinfo")), others));
        for (String directory : List.of("/run/netns", "/tmp", "/sys/fs/cgroup/unified", "/sys/fs/cgroup/pids")) {
            census.put(directory, countOurs(names(directory), others));
        }
        census.put("children", ProcessHandle.current().descendants().count());
        census.put("strayed threads", strayedThreads());
        return census;
    }

    private static long countOurs(List<String> names, Set<String> others) {
        Predicate<String> ofOthers = name -> others.stream().anyMatch(name::contains);
        return names.stream()
                .filter(PREFIX.asPredicate())
                .filter(ofOthers.negate())
                .count();
    }

    private static Set<String> prefixesOfOthers() throws IOException {
        Set<String> others = new HashSet<>();
        for (String name : names("/tmp")) {
            Path pid = Path.of("/tmp", name, "pid");
            if (PREFIX.asMatchPredicate().test(name) && Files.exists(pid) && !isOwn(Files.readString(pid))) {
                others.add(name);
            }
        }
        return others;
    }

    private static boolean isOwn(String pid) {
        return pid.strip().equals(Long.toString(ProcessHandle.current().pid()));
    }

    private static List<String> names(String directory) throws IOException {
        if (!Files.isDirectory(Path.of(directory))) {
            return List.of();
        }
        try (Stream<Path> entries = Files.list(Path.of(directory))) {
            return entries.map(entry -> String.valueOf(entry.getFileName())).toList();
        }
    }

    private static long strayedThreads() throws IOException {
        Object home = Files.getAttribute(Path.of("/proc/self/ns/net"), "unix:ino");
        try (Stream<Path> threads = Files.list(Path.of("/proc/self/task"))) {
            return threads.filter(thread -> !isIn(thread, home)).count();
        }
    }

    private static boolean isIn(Path thread, Object home) {
        try {
            return home.equals(Files.getAttribute(thread.resolve("ns/net"), "unix:ino"));
        } catch (IOException gone) {
            return true;
        }
    }
}
