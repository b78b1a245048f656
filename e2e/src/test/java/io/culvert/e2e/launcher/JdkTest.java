package io.culvert.e2e.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Which JDK the launcher takes, and what it says where there is none. The usual places are replaced by one of the
 * test's: what this machine has there is no matter.
 */
final class JdkTest {

    @TempDir
    private Path directory;

    private Path jdks;
    private Path seventeen;

    @BeforeEach
    void install() throws IOException {
        jdks = Files.createDirectory(directory.resolve("usual jdks"));
        seventeen = jdk("17.0.15");
        Files.copy(Shell.ROOT.resolve("culvert"), directory.resolve("culvert"));
        Path launcher = Files.createDirectory(directory.resolve("launcher"));
        try (var parts = Files.list(Shell.ROOT.resolve("launcher"))) {
            for (Path part : parts.filter(Files::isRegularFile).toList()) {
                Files.copy(part, launcher.resolve(part.getFileName()));
            }
        }
        Path found = launcher.resolve("jdk.sh");
        Files.writeString(
                found, Files.readString(found) + "\nusual_jdks() { printf '%s\\n' \"$root/usual jdks\"/*; }\n");
    }

    /** As much of a JDK as is looked at before it is started. */
    private Path jdk(String version) throws IOException {
        Path home = jdks.resolve("jdk-" + version);
        Path bin = Files.createDirectories(home.resolve("bin"));
        Files.writeString(home.resolve("release"), "IMPLEMENTOR=\"Test\"\nJAVA_VERSION=\"" + version + "\"\n");
        for (String program : new String[] {"java", "javac"}) {
            Path script = Files.writeString(bin.resolve(program), "#!/bin/sh\necho openjdk " + version + "\n");
            Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxr-xr-x"));
        }
        return home;
    }

    private Map<String, String> environment(Path home) {
        return Map.of(
                "PATH",
                seventeen.resolve("bin") + ":" + System.getenv("PATH"),
                "JAVA_HOME",
                home.toString(),
                "HOME",
                directory.toString());
    }

    /** The launcher's own choice, as every one of its programs makes it. */
    private Shell chosen(Path home) {
        String script = "set -euo pipefail; root=$0; die() { echo \"$*\"; exit 1; }; . \"$root/launcher/jdk.sh\";"
                + " require_jdk; printf '%s\\n' \"$JAVA_HOME\"";
        return Shell.run(directory, environment(home), "bash", "-c", script, directory.toString());
    }

    @Test
    void takesAJdk25WhereJavaIsAnOlderOne() throws IOException {
        Path wanted = jdk("25.0.1");

        assertThat(chosen(seventeen)).isEqualTo(new Shell(0, wanted + "\n"));
        assertThat(chosen(Path.of(""))).isEqualTo(new Shell(0, wanted + "\n"));
    }

    @Test
    void takesTheOneOfJavaHomeBeforeOthers() throws IOException {
        jdk("25.0.1");
        Path mine = jdk("25.0.2");

        assertThat(chosen(mine)).isEqualTo(new Shell(0, mine + "\n"));
    }

    @Test
    void saysInASentenceWhatToInstallWhereThereIsNone() throws IOException {
        jdk("26");

        for (String program : new String[] {"demo", "test", "proxy", "agent", "perf", "train"}) {
            Shell culvert = Shell.run(
                    directory,
                    environment(seventeen),
                    "bash",
                    directory.resolve("culvert").toString(),
                    program);

            assertThat(culvert)
                    .as(program)
                    .isEqualTo(new Shell(
                            1,
                            "culvert: no JDK 25 found: install one (Debian: temurin-25-jdk or openjdk-25-jdk-headless)"
                                    + " or set JAVA_HOME to it; another java on PATH may stay as it is.\n"));
        }
    }
}
