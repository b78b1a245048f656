package io.culvert.e2e.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code .ci/run} demands of a run, asked of the script itself: a launcher of ours stands where the other is. */
final class ContinuousIntegrationTest {

    /** In two parts, so that this class is none of those that say so. */
    private static final String REASON = "CULVERT_PEER_ZTUNNEL names no " + "ztunnel binary";

    @TempDir
    private Path checkout;

    @BeforeEach
    void copy() throws IOException {
        Files.createDirectory(checkout.resolve(".ci"));
        executable(checkout.resolve(".ci/run"), Files.readString(Shell.ROOT.resolve(".ci/run")));
        executable(
                checkout.resolve("culvert"),
                "#!/usr/bin/env bash\n[ \"$1\" != test ] || printf '%s\\n' \"may skip:\" $CULVERT_TEST_MAY_SKIP\n");
        // Nothing is installed by a test, and nobody else is become.
        Files.createDirectory(checkout.resolve("bin"));
        executable(checkout.resolve("bin/dpkg-query"), "#!/bin/sh\necho 'install ok installed'\n");
        executable(checkout.resolve("bin/sudo"), "#!/bin/sh\nexit 1\n");
    }

    private static void executable(Path file, String text) throws IOException {
        Files.writeString(file, text);
        assertThat(file.toFile().setExecutable(true)).isTrue();
    }

    private List<String> maySkip(String peer) {
        String path = checkout.resolve("bin") + ":" + System.getenv("PATH");
        Shell run = Shell.run(
                checkout,
                Map.of("PATH", path, "CULVERT_PEER_ZTUNNEL", peer),
                checkout.resolve(".ci/run").toString());
        assertThat(run.status()).as(run.output()).isZero();
        assertThat(run.lines()).first().isEqualTo("may skip:");
        return run.lines().subList(1, run.lines().size());
    }

    @Test
    void onlyTheClassesThatNeedTheBinaryOfAnotherProxyMayBeSkipped() throws IOException {
        assertThat(maySkip("")).containsExactlyInAnyOrderElementsOf(classesThatAskForAnotherProxy());
    }

    @Test
    void withThatBinaryNothingMay() {
        assertThat(maySkip("/somewhere/ztunnel")).isEmpty();
    }

    /** Those that assume it, by the variable's name in their sources. */
    private static List<String> classesThatAskForAnotherProxy() throws IOException {
        try (Stream<Path> modules = Files.list(Shell.ROOT)) {
            return modules.map(module -> module.resolve("src/test/java"))
                    .filter(Files::isDirectory)
                    .flatMap(ContinuousIntegrationTest::askForAnotherProxy)
                    .toList();
        }
    }

    private static Stream<String> askForAnotherProxy(Path tests) {
        try (Stream<Path> files = Files.walk(tests)) {
            return files
                    .filter(file -> file.toString().endsWith("Test.java") && asks(file))
                    .map(file -> tests.relativize(file)
                            .toString()
                            .replace(".java", "")
                            .replace('/', '.'))
                    .toList()
                    .stream();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static boolean asks(Path file) {
        try {
            String text = Files.readString(file, StandardCharsets.UTF_8);
            return text.contains("assume") && text.contains(REASON);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
