package io.culvert.e2e.mesh;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The demonstration holds what it shows: as root, and without any privilege. */
@Tag("e2e")
final class DemoTest {

    @Test
    void everyExpectationHoldsAsRoot() throws Exception {
        Programs.assumeMeshesCanRun();
        assertThat(run(Programs.demo())).contains("expectations held").doesNotContain("✗");
    }

    /**
     * Still by the name of root, so that it can read this build wherever it lies, but with no capability that makes a
     * mesh: CAP_SETFCAP is what the kernel wants of one who maps that name into a user namespace (user_namespaces(7)).
     */
    @Test
    void everyExpectationHoldsWithoutPrivilegesInUserNamespaces() throws Exception {
        Programs.assumeMeshesCanRun();
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/setpriv")), "not run: util-linux has no setpriv here");
        List<String> command = new ArrayList<>(List.of(
                "setpriv",
                "--bounding-set",
                "-all,+setfcap",
                "--inh-caps",
                "-all",
                "--no-new-privs",
                "--",
                "bash",
                "-c",
                ENTER,
                Programs.root().toString(),
                System.getProperty("java.home")));
        command.addAll(Programs.demo());
        assertThat(run(command))
                .contains("running in user namespaces of its own", "expectations held")
                .doesNotContain("✗");
    }

    private static final String ENTER = """
            set -eu
            root=$0 JAVA_HOME=$1
            export JAVA_HOME
            shift
            say() { echo "$*"; }
            die() { echo "$*" >&2; exit 1; }
            . "$root/launcher/build.sh"
            . "$root/launcher/commands.sh"
            . "$root/launcher/namespaces.sh"
            enter_namespaces "$@"
            """;

    private static String run(List<String> command) throws IOException, InterruptedException {
        Path output = Files.createTempFile("demo", ".log");
        try {
            Process process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile())
                    .start();
            try {
                assertThat(process.waitFor(5, TimeUnit.MINUTES))
                        .as("ended in time")
                        .isTrue();
            } finally {
                process.destroy();
            }
            String text = Files.readString(output, StandardCharsets.UTF_8);
            assertThat(process.exitValue()).as(text).isZero();
            return text;
        } finally {
            Files.delete(output);
        }
    }
}
