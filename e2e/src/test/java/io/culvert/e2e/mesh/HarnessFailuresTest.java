package io.culvert.e2e.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.testkit.process.Await;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The load harness when something goes wrong: it says what, ends or goes on, and leaves nothing behind. */
@Tag("e2e")
final class HarnessFailuresTest {
    private static final Duration LIMIT = Duration.ofMinutes(3);

    private static final Path TEMPORARY = Path.of(System.getProperty("java.io.tmpdir"));
    private static final Path NAMESPACES = Path.of("/run/netns");

    @TempDir
    Path out;

    private @Nullable Process harness;
    /** All that the harness had started when it was looked at last. */
    private List<ProcessHandle> children = List.of();

    /** Directories of the meshes that these belong to. */
    private final Set<Path> meshes = new HashSet<>();

    @AfterEach
    void end() {
        if (harness != null) {
            harness.destroyForcibly();
        }
    }

    private void start(String... arguments) throws IOException {
        Programs.assumeMeshesCanRun();
        List<String> command = new ArrayList<>(Programs.perf());
        command.addAll(List.of("--quick", "--seconds", "0.5", "--connections", "1", "--out", out.toString()));
        command.addAll(List.of(arguments));
        harness = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(said().toFile())
                .start();
    }

    private Process harness() {
        return Objects.requireNonNull(harness, "the harness was not started");
    }

    private Path said() {
        return out.resolve("said.txt");
    }

    private String text() throws IOException {
        return Files.readString(said(), StandardCharsets.UTF_8);
    }

    private void awaitSaid(String what) {
        Await.untilTrue(
                "the harness says: " + what,
                LIMIT,
                () -> text().contains(what) || !harness().isAlive(),
                () -> "see " + said());
        look();
    }

    /** A process of the harness whose command line has this word. */
    private ProcessHandle awaitChild(String word) {
        return Await.until(
                "a process of the harness",
                LIMIT,
                () -> {
                    look();
                    return children.stream()
                            .filter(child -> words(child).contains(word))
                            .findFirst();
                },
                () -> "there are " + children);
    }

    /** Not by {@link ProcessHandle.Info}, which says nothing of command lines longer than a page. */
    private static List<String> words(ProcessHandle child) {
        try {
            Path line = Path.of("/proc", Long.toString(child.pid()), "cmdline");
            return List.of(Files.readString(line, StandardCharsets.UTF_8).split("\0", -1));
        } catch (IOException ended) {
            return List.of();
        }
    }

    private int status() throws Exception {
        assertThat(harness().waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS))
                .as("ended in time")
                .isTrue();
        return harness().exitValue();
    }

    /** Neither processes, nor the files and namespaces of a mesh, which bear the name of its directory. */
    private void assertNothingLeft() throws IOException {
        assertThat(meshes).isNotEmpty();
        Await.untilTrue(
                "all that it started is gone",
                LIMIT,
                () -> children.stream().noneMatch(ProcessHandle::isAlive),
                () -> children.stream().filter(ProcessHandle::isAlive).toList().toString());
        for (Path mesh : meshes) {
            assertThat(mesh).doesNotExist();
            if (Files.isDirectory(NAMESPACES)) {
                try (Stream<Path> names = Files.list(NAMESPACES)) {
                    assertThat(names.map(name -> name.getFileName().toString()))
                            .noneMatch(name -> name.startsWith(mesh.getFileName() + "-"));
                }
            }
        }
    }

    /** Children work in directories below their mesh's. */
    private void look() {
        children = harness().descendants().toList();
        for (ProcessHandle child : children) {
            try {
                Path works = Files.readSymbolicLink(Path.of("/proc", Long.toString(child.pid()), "cwd"));
                if (works.startsWith(TEMPORARY) && works.getNameCount() > TEMPORARY.getNameCount()) {
                    meshes.add(TEMPORARY.resolve(works.getName(TEMPORARY.getNameCount())));
                }
            } catch (IOException ended) {
                // It leaves nothing of its own; the mesh's other children tell the place.
            }
        }
    }

    @Test
    void saysWhichProxyDoesNotStartAndEnds() throws Exception {
        start("--proxy", "hung=sleep 600", "--subjects", "direct,hung", "--axis", "upload", "--ready-seconds", "5");
        awaitSaid("starting two nodes for hung");
        awaitChild("600");

        assertThat(status()).as(text()).isEqualTo(1);
        assertThat(text()).contains("200 on 15021/healthz/ready did not happen within 5000 ms");
        assertNothingLeft();
    }

    @Test
    void tellsOfAProxyThatDiesUnderLoadAndMeasuresOnWithANewOne() throws Exception {
        start("--subjects", "culvert", "--axis", "upload", "--rounds", "2", "--seconds", "3");
        awaitSaid("measuring for about");
        ProcessHandle proxy = awaitChild("io.culvert.proxy.Main");
        assertThat(proxy.destroyForcibly()).isTrue();
        awaitSaid("both are started anew");

        assertThat(status()).as(text()).isEqualTo(1);
        assertThat(Files.readString(out.resolve("report.md")))
                .contains("Not measured:", "- upload, culvert: ", "had ended with status 137");
        assertThat(Files.readAllLines(out.resolve("values.csv")))
                .anyMatch(line -> line.startsWith("upload,1 connection,Gb/s,higher,2,culvert,1,"));
        assertNothingLeft();
    }

    @Test
    void keepsTheRoundsThatAreDoneWhenItIsInterrupted() throws Exception {
        start("--subjects", "direct,culvert", "--axis", "upload", "--rounds", "100");
        awaitSaid("round 2/100");
        // SIGTERM ends a JVM as Ctrl-C does, and is not ignored where a shell has started all this in the background.
        harness().destroy();

        assertThat(status()).as(text()).isNotZero();
        assertThat(Files.readString(out.resolve("report.md"))).contains("1 connection, Gb/s");
        assertNothingLeft();
    }
}
