package io.culvert.testkit.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("direct")
final class SpawnerTest {
    private static final Duration LIMIT = Duration.ofSeconds(20);

    @TempDir
    Path directory;

    @Test
    void childHasTheGivenEnvironmentDirectoryAndLog() throws IOException {
        Program program = shell("env; pwd; echo to stderr >&2", Map.of("CULVERT_TEST", "a value with spaces"));
        try (Child child = Spawner.start(program)) {
            assertThat(child.awaitExit(LIMIT)).isTrue();
            assertThat(child.log().lines())
                    .contains(
                            "CULVERT_TEST=a value with spaces",
                            directory.toRealPath().toString(),
                            "to stderr")
                    .noneMatch(line -> line.startsWith("MAVEN_"));
        }
    }

    @Test
    void readinessByLogLineReturnsTheLine() throws IOException {
        try (Child child = Spawner.start(shell("echo starting; echo ready on 8080; exec sleep 1000", Map.of()))) {
            assertThat(child.awaitLine("ready", 0, LIMIT, line -> line.startsWith("ready")))
                    .isEqualTo("ready on 8080");
        }
    }

    @Test
    void programThatEndsBeforeItIsReadyFailsWithItsLastLines() throws IOException {
        try (Child child = Spawner.start(shell("echo no such option: -x; exit 3", Map.of()))) {
            assertThatThrownBy(() -> child.awaitLine("ready", 0, LIMIT, line -> line.startsWith("ready")))
                    .isInstanceOf(Await.NotInTimeException.class)
                    .hasMessageContaining("ended with status 3")
                    .hasMessageContaining("no such option: -x");
        }
    }

    @Test
    void programThatIsNeverReadyFailsWithItsLastLines() throws IOException {
        try (Child child = Spawner.start(shell("echo thinking; exec sleep 1000", Map.of()))) {
            child.awaitLine("thinking", 0, LIMIT, "thinking"::equals);
            assertThatThrownBy(() -> child.await("readiness", Duration.ofMillis(30), Optional::empty))
                    .isInstanceOf(Await.NotInTimeException.class)
                    .hasMessageContaining("did not happen within 30 ms")
                    .hasMessageContaining("thinking");
        }
    }

    @Test
    void programThatIgnoresSigtermIsKilled() throws IOException {
        Child child = Spawner.start(shell("trap '' TERM; echo deaf; while true; do sleep 1000; done", Map.of()));
        child.awaitLine("deaf", 0, LIMIT, "deaf"::equals);
        child.stop(Duration.ofMillis(50));
        assertThat(child.isAlive()).isFalse();
        assertThat(child.exitStatus()).isEqualTo(128 + 9);
    }

    @Test
    void programThatHeedsSigtermEndsByItself() throws IOException {
        Child child = Spawner.start(
                shell("trap 'echo bye; exit 7' TERM; echo up; while true; do sleep 0.01; done", Map.of()));
        child.awaitLine("up", 0, LIMIT, "up"::equals);
        child.stop(LIMIT);
        assertThat(child.exitStatus()).isEqualTo(7);
        assertThat(child.log().lines()).endsWith("bye");
    }

    @Test
    void missingProgramIsAnErrorThatNamesIt() throws IOException {
        Program program = new Program("nothing", List.of("/no/such/program"), Map.of(), directory, log());
        try (Child child = Spawner.start(program)) {
            assertThat(child.awaitExit(LIMIT)).isTrue();
            assertThat(child.exitStatus()).isNotZero();
            assertThat(child.log().tail(5)).contains("/no/such/program");
        }
    }

    @Test
    void childrenDieWithAKilledParent() throws Exception {
        assertThat(Spawner.childrenDieWithParent()).isTrue();
        Process parent = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("java.class.path"),
                        OrphanMaker.class.getName(),
                        directory.toString())
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("parent.log").toFile())
                .start();
        Path pidFile = directory.resolve("pid");
        Await.untilTrue(
                "pid file",
                LIMIT,
                () -> Files.exists(pidFile),
                () -> LogFile.at(directory.resolve("parent.log")).tail(10));
        ProcessHandle child =
                ProcessHandle.of(Long.parseLong(Files.readString(pidFile))).orElseThrow();
        assertThat(child.isAlive()).isTrue();

        parent.destroyForcibly().waitFor();

        Await.untilTrue("death of the orphan", LIMIT, () -> !child.isAlive(), () -> "pid " + child.pid() + " lives on");
    }

    private Program shell(String script, Map<String, String> environment) {
        return new Program("shell", List.of("sh", "-c", script), environment, directory, log());
    }

    private Path log() {
        return directory.resolve("child.log");
    }

    /** Starts a child, writes its pid, and waits to be killed. */
    static final class OrphanMaker {
        public static void main(String[] args) throws Exception {
            Path directory = Path.of(args[0]);
            Program sleep =
                    new Program("sleep", List.of("sleep", "1000"), Map.of(), directory, directory.resolve("sleep.log"));
            Child child = Spawner.start(sleep);
            Path written = Files.writeString(directory.resolve("pid.tmp"), Long.toString(child.pid()));
            Files.move(written, directory.resolve("pid"));
            new java.util.concurrent.CountDownLatch(1).await();
        }
    }
}
