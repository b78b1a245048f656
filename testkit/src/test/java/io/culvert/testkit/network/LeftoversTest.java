package io.culvert.testkit.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.culvert.linux.Netns;
import io.culvert.testkit.process.Await;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("netns")
final class LeftoversTest {
    private static final Duration LIMIT = Duration.ofSeconds(20);

    @TempDir
    Path directory;

    @BeforeEach
    void needsNamespaces() {
        Optional<String> obstacle = Privileges.obstacleToNamespaces();
        assumeTrue(obstacle.isEmpty(), () -> "namespace tests were not run: " + obstacle.orElse(""));
    }

    @Test
    void namespaceIsFoundUnderItsName() throws IOException {
        try (RunDirectory run = RunDirectory.create();
                NamedNetns named = NamedNetns.create(run, "web");
                Netns again = Netns.open(named.path())) {
            assertThat(again.id()).isEqualTo(named.netns().id());
            assertThat(named.path().getFileName()).hasToString(run.prefix() + "-web");
        }
    }

    @Test
    void nothingStaysAfterAnOrderlyEnd() throws IOException {
        Path path;
        Path name;
        try (RunDirectory run = RunDirectory.create();
                NamedNetns named = NamedNetns.create(run, "web")) {
            path = run.path();
            name = named.path();
            Files.writeString(run.directory("logs").resolve("a.log"), "text");
        }
        assertThat(path).doesNotExist();
        assertThat(name).doesNotExist();
    }

    @Test
    void filesStayWhenAskedAndAreNotSwept() throws IOException {
        Path path;
        try (RunDirectory run = RunDirectory.create()) {
            path = run.path();
            run.keepFiles();
        }
        try {
            Leftovers.sweep();
            assertThat(path).isDirectory();
        } finally {
            RunDirectory.deleteTree(path);
        }
    }

    @Test
    void sweepSparesTheLiving() throws IOException {
        try (RunDirectory run = RunDirectory.create();
                NamedNetns named = NamedNetns.create(run, "web")) {
            Leftovers.sweep();
            assertThat(run.path()).isDirectory();
            assertThat(named.path()).exists();
        }
    }

    @Test
    void sweepClearsUpAfterTheKilled() throws Exception {
        Path told = directory.resolve("told");
        Process victim = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Victim.class.getName(),
                        told.toString())
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("victim.log").toFile())
                .start();
        Await.untilTrue("the victim's namespace", LIMIT, () -> Files.exists(told), () -> "see its log");
        Path run = Path.of(Files.readAllLines(told).get(0));
        Path name = Path.of(Files.readAllLines(told).get(1));
        Leftovers.sweep();
        assertThat(name).as("while its owner lives in another process").exists();

        victim.destroyForcibly().waitFor();
        Leftovers.sweep();

        assertThat(run).doesNotExist();
        assertThat(name).doesNotExist();
    }

    /** Makes a directory and a namespace, tells where, and waits to be killed. */
    static final class Victim {
        public static void main(String[] args) throws Exception {
            RunDirectory run = RunDirectory.create();
            NamedNetns named = NamedNetns.create(run, "web");
            Path told = Path.of(args[0]);
            Path written = Files.writeString(told.resolveSibling("telling"), run.path() + "\n" + named.path() + "\n");
            Files.move(written, told);
            new CountDownLatch(1).await();
        }
    }
}
