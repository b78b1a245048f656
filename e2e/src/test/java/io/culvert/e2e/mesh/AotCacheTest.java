package io.culvert.e2e.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.testkit.mesh.Mesh;
import io.culvert.testkit.mesh.MeshOptions;
import io.culvert.testkit.mesh.NodeProgram;
import io.culvert.testkit.spec.MeshSpec;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The caches that {@code ./culvert train} makes: the JVM takes them, and one that it cannot take costs one line. The
 * training is the launcher's own, into a directory of this test.
 */
@Tag("e2e")
final class AotCacheTest {
    private static final Duration READY_LIMIT = Duration.ofSeconds(90);
    private static final long TRAINING_MINUTES_MAX = 8;
    private static final String NOT_USED = "is not used";

    @TempDir
    private static Path caches;

    @TempDir
    private Path damaged;

    @BeforeAll
    static void train() throws Exception {
        Programs.assumeMeshesCanRun();
        Path log = caches.resolve("training.log");
        Process training = new ProcessBuilder(Programs.launcher("CULVERT_AOT_DIRECTORY=" + caches + "; train_built"))
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        assertThat(training.waitFor(TRAINING_MINUTES_MAX, TimeUnit.MINUTES))
                .as("the training ends")
                .isTrue();
        assertThat(training.exitValue())
                .as(Files.readString(log, StandardCharsets.UTF_8))
                .isZero();
    }

    @AfterAll
    static void nothingIsLeft() throws IOException {
        try (var files = Files.list(caches)) {
            assertThat(files.map(file -> file.getFileName().toString()))
                    .isSubsetOf("proxy.aot", "proxy.aot.classpath", "agent.aot", "agent.aot.classpath", "training.log");
        }
    }

    /** With AOTMode=on the JVM does not start if it cannot take the cache. */
    @Test
    void bothProgramsTakeTheirs() throws Exception {
        for (String program : List.of("proxy", "agent")) {
            List<String> command = new ArrayList<>(trained(program));
            assertThat(command).contains("-XX:AOTCache=" + caches.resolve(program + ".aot"));
            command.add(1, "-XX:AOTMode=on");
            command.set(command.size() - 1, "-version");
            Process version =
                    new ProcessBuilder(command).redirectErrorStream(true).start();
            String said = new String(version.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(version.waitFor()).as(said).isZero();
        }
    }

    @Test
    void aProxyThatTookItSaysNothingOfIt() {
        List<String> command = new ArrayList<>(trained("proxy"));
        command.add(1, "-XX:AOTMode=on");

        assertThat(linesOfAProxyOnCaches(command)).isEmpty();
    }

    @Test
    void damagedCachesCostOneLine() throws IOException {
        Path whole = caches.resolve("proxy.aot");
        long length = Files.size(whole);
        for (long at : List.of(0L, length / 3, length / 2)) {
            Path copy = Files.copy(whole, damaged.resolve("at-" + at + ".aot"), StandardCopyOption.REPLACE_EXISTING);
            try (RandomAccessFile file = new RandomAccessFile(copy.toFile(), "rw")) {
                file.seek(at);
                file.write(new byte[4096]);
            }
            costsOneLine(copy);
        }
        Path half = Files.copy(whole, damaged.resolve("half.aot"));
        try (RandomAccessFile file = new RandomAccessFile(half.toFile(), "rw")) {
            file.setLength(length / 2);
        }
        costsOneLine(half);
        costsOneLine(damaged.resolve("missing.aot"));
    }

    @Test
    void noCacheOrOneForAnotherClassPathCostsALine() throws Exception {
        assertThat(flagsOfAProxyOn(damaged)).contains("no AOT cache of the proxy");

        Files.createLink(damaged.resolve("proxy.aot"), caches.resolve("proxy.aot"));
        Files.writeString(damaged.resolve("proxy.aot.classpath"), "/elsewhere/culvert.jar\n");
        assertThat(flagsOfAProxyOn(damaged)).contains("AOT cache of the proxy").contains(NOT_USED);
    }

    /** What the launcher says, and on the last line the flags that it found: none. */
    private static String flagsOfAProxyOn(Path directory) throws Exception {
        Process asked = new ProcessBuilder(Programs.launcher(
                        "CULVERT_AOT_DIRECTORY=" + directory + "; cache_flags proxy; echo \"flags: ${CACHE[*]}\""))
                .redirectErrorStream(true)
                .start();
        String said = new String(asked.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

        assertThat(said.lines()).hasSize(2);
        assertThat(said).endsWith("flags: \n");
        return said;
    }

    private void costsOneLine(Path cache) {
        String whole = caches.resolve("proxy.aot").toString();
        List<String> command = trained("proxy").stream()
                .map(argument -> argument.replace(whole, cache.toString()))
                .toList();

        assertThat(linesOfAProxyOnCaches(command))
                .singleElement()
                .asString()
                .contains(cache.toString())
                .contains(NOT_USED);
    }

    /** Starts a proxy in a mesh of its own until it is ready; what it and its JVM said of caches. */
    private static List<String> linesOfAProxyOnCaches(List<String> command) {
        MeshSpec spec = MeshSpec.mesh("aot").node("one", node -> {}).build();
        try (Mesh mesh = Mesh.start(
                spec, MeshOptions.proxy(command).readyLimit(READY_LIMIT).build())) {
            NodeProgram proxy = mesh.node("one").proxy();
            return proxy.log().linesSince(0).stream()
                    .filter(line -> line.contains("AOT") || line.contains("[aot]") || line.contains("[cds]"))
                    .toList();
        }
    }

    private static List<String> trained(String program) {
        return Programs.command("CULVERT_AOT_DIRECTORY=" + caches + "; program_command " + program);
    }
}
