package io.culvert.e2e.launcher;

import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.proxy.admin.BuildVersion;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the build writes down of the revision that it is of: in a checkout, in a changed one, in an exported tree. */
final class RevisionTest {

    private static final String NOBODY = "git -c user.name=n -c user.email=e -c init.defaultBranch=main ";

    @TempDir
    private Path tree;

    @BeforeEach
    void copy() throws IOException {
        Files.createDirectory(tree.resolve("launcher"));
        for (String script : new String[] {"launcher/stamp.sh", "launcher/revision.sh"}) {
            Files.copy(Shell.ROOT.resolve(script), tree.resolve(script));
        }
    }

    private String shell(String script) {
        Shell run = Shell.run(tree, Map.of(), "bash", "-c", script);
        assertThat(run.status()).as(run.output()).isZero();
        return run.output().strip();
    }

    private String stamp() throws IOException {
        shell("bash launcher/stamp.sh out/build.properties 1.2.3");
        return Files.readString(tree.resolve("out/build.properties"));
    }

    @Test
    void aCheckoutIsNamedByItsCommitAndSaysSoIfFilesDiffer() throws IOException {
        String head =
                shell(NOBODY + "init -q . && git add launcher && " + NOBODY + "commit -q -m one && git rev-parse HEAD");

        assertThat(stamp()).isEqualTo("version=1.2.3\nrevision=" + head + "\n");
        Files.writeString(tree.resolve("launcher/revision.sh"), "# changed\n", StandardOpenOption.APPEND);
        assertThat(stamp()).isEqualTo("version=1.2.3\nrevision=" + head + "-dirty\n");
    }

    @Test
    void anExportedTreeIsUnknownEvenWithinSomebodyElsesCheckout() throws IOException {
        assertThat(stamp()).isEqualTo("version=1.2.3\nrevision=unknown\n");
        Path outer = Files.createDirectory(tree.resolve("outer"));
        shell("cd outer && " + NOBODY + "init -q . && " + NOBODY + "commit -q --allow-empty -m one"
                + " && mkdir inner && cp -r ../launcher inner");
        shell("bash outer/inner/launcher/stamp.sh outer/inner.properties 1.2.3");
        assertThat(outer.resolve("inner.properties")).hasContent("version=1.2.3\nrevision=unknown");
    }

    /** Otherwise each build would make jars, and what is trained on them, out of date. */
    @Test
    void aBuildThatChangesNothingLeavesTheFileAlone() throws IOException {
        stamp();
        FileTime before = FileTime.from(Instant.parse("2026-01-01T00:00:00Z"));
        Files.setLastModifiedTime(tree.resolve("out/build.properties"), before);

        stamp();

        assertThat(Files.getLastModifiedTime(tree.resolve("out/build.properties")))
                .isEqualTo(before);
    }

    @Test
    void theProxyOfThisBuildKnowsItsOwn() {
        assertThat(BuildVersion.current("unknown").gitRevision()).matches("[0-9a-f]{40}(-dirty)?|unknown");
        assertThat(BuildVersion.current("unknown").version()).isNotEqualTo("culvert-dev");
    }
}
