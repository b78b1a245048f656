package io.culvert.e2e.mesh;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The demonstration holds what it shows: as root, and as a user who is nobody. */
@Tag("e2e")
final class DemoTest {
    private static final String NOBODY = "65534";
    private static final String JAVA_HOME = "JAVA_HOME=" + System.getProperty("java.home");
    private static final Path SETPRIV = Path.of("/usr/bin/setpriv");

    @TempDir
    private Path directory;

    @Test
    void everyExpectationHoldsAsRoot() throws Exception {
        Programs.assumeMeshesCanRun();
        Ended demo = run(Programs.demo());
        assertThat(demo.status()).as(demo.output()).isZero();
        assertThat(demo.output()).contains("expectations held").doesNotContain("✗");
    }

    /** As somebody would who has cloned and built the tree, and may do nothing. */
    @Test
    void everyExpectationHoldsForAnUnprivilegedUser() throws Exception {
        Ended demo = run(asNobody(List.of(), "demo"));
        assertThat(demo.status()).as(demo.output()).isZero();
        assertThat(demo.output())
                .contains("running in user namespaces of its own", "expectations held")
                .doesNotContain("✗");
    }

    @Test
    void oneSentenceSaysWhatToDoWhereNamespacesAreForbidden() throws Exception {
        Path forbidding = Files.createDirectories(directory.resolve("bin"));
        Path unshare = Files.writeString(forbidding.resolve("unshare"), "#!/bin/sh\nexit 1\n");
        Files.setPosixFilePermissions(unshare, PosixFilePermissions.fromString("rwxr-xr-x"));
        Ended demo = run(asNobody(List.of("PATH=" + forbidding + ":" + System.getenv("PATH")), "demo"));
        assertThat(demo.status()).as(demo.output()).isEqualTo(1);
        assertThat(demo.output().lines())
                .singleElement()
                .asString()
                .startsWith("culvert: this kernel lets us make no network namespaces: run as root, ");
    }

    /** A kernel that forbids, and not a tool that fails: in a user namespace that may have no others below it. */
    @Test
    void theSentenceNamesTheKernelsOwnLimit() throws Exception {
        Programs.assumeMeshesCanRun();
        assumeTrue(Files.isExecutable(SETPRIV), "not run: util-linux has no setpriv here");
        String forbid = "echo 0 > /proc/sys/user/max_user_namespaces && exec setpriv --inh-caps=-all"
                + " --bounding-set=-all --no-new-privs -- \"$@\"";
        Path clone = Clone.of(Programs.root(), directory.resolve("clone"), 0);
        List<String> command = new ArrayList<>(List.of("unshare", "--user", "--map-root-user", "sh", "-c", forbid));
        command.addAll(List.of("sh", "env", JAVA_HOME, clone.resolve("culvert").toString(), "demo"));
        Ended demo = run(command);
        assertThat(demo.status()).as(demo.output()).isEqualTo(1);
        assertThat(demo.output().lines())
                .singleElement()
                .isEqualTo("culvert: this kernel lets us make no network namespaces: run as root,"
                        + " or allow user namespaces: sudo sysctl user.max_user_namespaces=15000.");
    }

    private List<String> asNobody(List<String> environment, String... arguments) throws IOException {
        Programs.assumeMeshesCanRun();
        assumeTrue(Files.isExecutable(SETPRIV), "not run: util-linux has no setpriv here");
        Path clone = Clone.of(Programs.root(), directory.resolve("clone"), Integer.parseInt(NOBODY));
        List<String> command = new ArrayList<>(List.of("setpriv", "--reuid=" + NOBODY, "--regid=" + NOBODY));
        command.addAll(List.of("--clear-groups", "--no-new-privs", "--", "env", "HOME=" + clone, "TMPDIR=" + clone));
        command.add(JAVA_HOME);
        command.addAll(environment);
        command.add(clone.resolve("culvert").toString());
        command.addAll(List.of(arguments));
        return command;
    }

    private Ended run(List<String> command) throws IOException, InterruptedException {
        Path output = directory.resolve("demo.log");
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        // Whether a start was fast is for people at machines at rest.
        builder.environment().put("CULVERT_DEMO_START_LIMIT_S", "600");
        Process process = builder.redirectOutput(output.toFile()).start();
        try {
            assertThat(process.waitFor(5, TimeUnit.MINUTES)).as("ended in time").isTrue();
        } finally {
            process.destroy();
        }
        return new Ended(process.exitValue(), Files.readString(output, StandardCharsets.UTF_8));
    }

    private record Ended(int status, String output) {}
}
