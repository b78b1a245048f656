package io.culvert.e2e.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The launcher in a tree that somebody else built, and without a place for Maven's downloads: a copy of it, with empty
 * jars, started by a user that is not root. Each trouble is one line that names cause and remedy.
 */
final class OtherUsersTreeTest {

    private static final List<String> MODULES =
            List.of("proto", "linux", "xds-client", "proxy", "cni-agent", "testkit");
    private static final boolean ROOT = "root".equals(System.getProperty("user.name"));

    @TempDir
    private Path temporary;

    private Path tree;

    @BeforeEach
    void aBuiltTree() throws IOException {
        mode(temporary, "rwxr-xr-x");
        tree = Files.createDirectory(temporary.resolve("culvert"));
        Files.createDirectory(tree.resolve("launcher"));
        try (Stream<Path> scripts = Files.list(Shell.ROOT.resolve("launcher"))) {
            for (Path script : scripts.toList()) {
                Files.copy(script, tree.resolve("launcher").resolve(script.getFileName()));
            }
        }
        for (String file : List.of("culvert", "pom.xml")) {
            Files.copy(Shell.ROOT.resolve(file), tree.resolve(file));
        }
        mode(tree.resolve("culvert"), "rwxr-xr-x");
        for (String module : MODULES) {
            Files.createDirectories(tree.resolve(module + "/src/main"));
            Path target = Files.createDirectories(tree.resolve(module + "/target"));
            Files.createFile(tree.resolve(module + "/pom.xml"));
            Files.createFile(target.resolve("culvert-" + module + "-0.1.0-SNAPSHOT.jar"));
            Files.writeString(
                    target.resolve("classpath"), tree.resolve("library.jar").toString());
            Files.createFile(target.resolve("built"));
            Files.setLastModifiedTime(target.resolve("built"), FileTime.from(Instant.parse("2100-01-01T00:00:00Z")));
        }
        Files.createFile(tree.resolve("library.jar"));
    }

    /** So that the directory can be removed. */
    @AfterEach
    void openAgain() throws IOException {
        change("rwxr-xr-x", tree);
    }

    private static void mode(Path path, String permissions) throws IOException {
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(permissions));
    }

    private static void change(String permissions, Path tree) throws IOException {
        try (Stream<Path> paths = Files.walk(tree)) {
            for (Path path : paths.filter(Files::isDirectory).toList()) {
                mode(path, permissions);
            }
        }
    }

    private Shell culvert(Map<String, String> environment, String... arguments) {
        List<String> command = new ArrayList<>();
        if (ROOT) {
            command.addAll(List.of("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--"));
        }
        command.add(tree.resolve("culvert").toString());
        command.addAll(List.of(arguments));
        Map<String, String> whole = new TreeMap<>(environment);
        whole.put("JAVA_HOME", System.getProperty("java.home"));
        return Shell.run(Path.of("/"), whole, command.toArray(String[]::new));
    }

    private static void oneLine(Shell run, String... parts) {
        assertThat(run.status()).as(run.output()).isEqualTo(1);
        assertThat(run.lines())
                .singleElement()
                .asString()
                .startsWith("culvert: ")
                .contains(parts);
    }

    /** Its directories are not to be written by the one who starts. */
    private void closed() throws IOException {
        change("r-xr-xr-x", tree);
    }

    @Test
    void aBuildThatCanBeReadIsRunByWhoMayNotWriteIt() throws IOException {
        closed();

        Shell command = culvert(Map.of(), "command", "proxy");

        assertThat(command.status()).as(command.output()).isZero();
        assertThat(command.lines()).last().isEqualTo("io.culvert.proxy.Main");
    }

    /** As under a service manager. */
    @Test
    void aProcessWithoutHomeIsServedToo() {
        Shell command = culvert(Map.of("HOME", ""), "command", "agent");

        assertThat(command.status()).as(command.output()).isZero();
        assertThat(command.lines()).last().isEqualTo("io.culvert.agent.Main");
    }

    @Test
    void aJarThatCannotBeReadIsNamedWithTheRemedy() throws IOException {
        mode(tree.resolve("library.jar"), "---------");
        closed();

        oneLine(
                culvert(Map.of(), "command", "proxy"),
                "this tree's build names " + tree.resolve("library.jar") + ", which ",
                " may not read, and another cannot be made: " + tree,
                "use a clone of your own");
    }

    @Test
    void aStaleBuildThatCannotBeReplacedIsToldAsThat() throws IOException {
        Files.delete(tree.resolve("proxy/target/built"));
        closed();

        for (String verb : List.of("proxy", "demo", "train", "test")) {
            oneLine(
                    culvert(Map.of("MAVEN_OPTS", "-Dmaven.repo.local=/tmp"), verb),
                    "a build cannot be made: " + tree,
                    " may not write it; run this as ",
                    "chown -R");
        }
    }

    @Test
    void withoutAPlaceForDownloadsMavenIsNotEvenAsked() throws IOException {
        Path closed = Files.createDirectory(temporary.resolve("closed"));
        mode(closed, "r-xr-xr-x");
        change("rwxrwxrwx", tree);
        for (String module : MODULES) {
            Path target = tree.resolve(module + "/target");
            mode(target.resolve("classpath"), "rw-rw-rw-");
            mode(target.resolve("culvert-" + module + "-0.1.0-SNAPSHOT.jar"), "rw-rw-rw-");
            Files.deleteIfExists(target.resolve("built"));
        }

        oneLine(
                culvert(Map.of("MAVEN_OPTS", "-Dmaven.repo.local=" + closed + "/m2/repository"), "command", "proxy"),
                "Maven keeps what it downloads in " + closed + "/m2/repository, and ",
                " may not write " + closed + "; make it writable, or name another directory: MAVEN_OPTS=");
    }
}
