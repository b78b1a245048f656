package io.culvert.xds;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.culvert.xds.channel.ManualLoop;
import io.culvert.xds.mesh.AuthorizationPolicy;
import io.culvert.xds.mesh.MeshListener;
import io.culvert.xds.mesh.MeshSnapshot;
import io.culvert.xds.mesh.MeshState;
import io.culvert.xds.mesh.Workload;
import io.culvert.xds.mesh.WorkloadsChange;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A local file that changes while the mesh is in use. */
final class LocalFileTest {
    private static final Duration LOOK = Duration.ofSeconds(LocalFile.LOOK_SECONDS);
    private static final String DENY = """
            policies:
            - {name: p, namespace: default, scope: Namespace, action: Deny, dryRun: false, rules: []}
            """;

    private final ManualLoop loop = new ManualLoop();
    private final MeshState mesh = new MeshState("");
    private final List<String> told = new ArrayList<>();

    @TempDir
    private Path directory;

    private Path file;
    private LocalFile local;
    private int writes;

    @BeforeEach
    void start() throws Exception {
        file = directory.resolve("mesh.yaml");
        local = new LocalFile(file, mesh, loop, Runnable::run);
        write(workloads("a", "b"));
        local.load();
        local.follow();
        mesh.addListener(new MeshListener() {
            @Override
            public void workloadsChanged(WorkloadsChange change) {
                change.localForgotten().forEach(identity -> told.add("forget " + identity.serviceAccount()));
            }

            @Override
            public void policiesChanged(MeshSnapshot snapshot) {
                told.add("policies " + snapshot.policies().keySet());
            }
        });
    }

    private static String workloads(String... uids) {
        StringBuilder yaml = new StringBuilder("workloads:\n");
        for (String uid : uids) {
            yaml.append("- {uid: %1$s, name: %1$s, namespace: default, serviceAccount: %1$s, services: {}}\n"
                    .formatted(uid));
        }
        return yaml.toString();
    }

    /** With a time of its own, so that no write looks like the one before, whatever the clock of the file system. */
    private void write(String yaml) throws IOException {
        Files.writeString(file, yaml);
        writes++;
        Files.setLastModifiedTime(file, FileTime.from(Instant.ofEpochSecond(1_700_000_000 + writes)));
    }

    private void looks(int count) {
        for (int i = 0; i < count; i++) {
            loop.advance(LOOK);
        }
    }

    private List<String> uids() {
        return mesh.snapshot().workloads().stream().map(Workload::uid).sorted().toList();
    }

    @Test
    void takesWhatIsNewAndDropsWhatIsGone() throws Exception {
        write(workloads("b", "c") + DENY);
        looks(2);

        assertThat(uids()).containsExactly("b", "c");
        assertThat(mesh.snapshot().policies()).containsOnlyKeys("default/p");
        assertThat(told).contains("forget a", "policies [default/p]");
        assertThat(local.state().workloads()).hasSize(2);
        assertThat(local.applied()).isEqualTo(1);

        write("");
        looks(2);
        assertThat(uids()).isEmpty();
        assertThat(mesh.snapshot().policies()).isEmpty();
        assertThat(told).last().isEqualTo("policies []");
    }

    @Test
    void keepsTheLastGoodStateOfABrokenFileAndSaysWhereItIsBroken() throws Exception {
        write(workloads("c") + DENY.replace("scope: Namespace", "scope: Galaxy"));
        looks(5);

        assertThat(uids()).containsExactly("a", "b");
        assertThat(local.rejected()).isEqualTo(1);
        assertThat(local.problem().orElseThrow()).contains(file + ", line 4").contains("Galaxy");

        write(workloads("c"));
        looks(2);
        assertThat(uids()).containsExactly("c");
        assertThat(local.problem()).isEmpty();
    }

    @Test
    void leavesAFileAloneThatIsBeingWritten() throws Exception {
        write("");
        looks(1);
        write(workloads("c"));
        looks(1);
        assertThat(uids()).containsExactly("a", "b");

        looks(1);
        assertThat(uids()).containsExactly("c");
        assertThat(local.applied()).isEqualTo(1);
    }

    @Test
    void keepsTheStateOfAFileThatIsGoneAndTakesItWhenItComesBack() throws Exception {
        Files.delete(file);
        looks(5);
        assertThat(uids()).containsExactly("a", "b");
        assertThat(local.rejected()).isEqualTo(1);
        assertThat(local.problem().orElseThrow()).contains(file + " cannot be read");

        write(workloads("c"));
        looks(2);
        assertThat(uids()).containsExactly("c");
        assertThat(local.problem()).isEmpty();
    }

    @Test
    void followsALinkThatIsMovedAsAConfigMapsIs() throws Exception {
        Files.writeString(Files.createDirectory(directory.resolve("1")).resolve("mesh.yaml"), workloads("c"));
        Files.writeString(Files.createDirectory(directory.resolve("2")).resolve("mesh.yaml"), workloads("d"));
        Path data = Files.createSymbolicLink(directory.resolve("..data"), Path.of("1"));
        Files.delete(file);
        Files.createSymbolicLink(file, Path.of("..data", "mesh.yaml"));
        looks(2);
        assertThat(uids()).containsExactly("c");

        Path next = Files.createSymbolicLink(directory.resolve("..next"), Path.of("2"));
        Files.move(next, data, StandardCopyOption.ATOMIC_MOVE);
        looks(2);
        assertThat(uids()).containsExactly("d");
    }

    @Test
    void readsNothingWhileNothingChanges() {
        looks(10);

        assertThat(local.applied()).isZero();
        assertThat(told).isEmpty();
    }

    @Test
    void leavesWhatTheControlPlaneSaidAlone() throws Exception {
        mesh.update(edit -> edit.putWorkload(pushed("b", "from-xds")).putWorkload(pushed("x", "from-xds")));
        assertThat(node("b")).isEqualTo("from-xds");

        write(workloads("a", "b", "x"));
        looks(2);
        assertThat(node("b")).isEqualTo("from-xds");
        assertThat(node("x")).isEqualTo("from-xds");

        write("");
        looks(2);
        assertThat(uids()).containsExactly("b", "x");
    }

    @Test
    void takesAPolicyBackOnlyIfTheControlPlaneDoesNotHaveTheSame() throws Exception {
        write(DENY);
        looks(2);
        AuthorizationPolicy same = Objects.requireNonNull(mesh.snapshot().policy("default/p"));
        mesh.update(edit -> edit.putPolicy("default/p", same));

        write("");
        looks(2);
        assertThat(mesh.snapshot().policies()).containsOnlyKeys("default/p");
    }

    @Test
    void hasANameAgainThatTheControlPlaneGaveUp() throws Exception {
        mesh.update(edit -> edit.putWorkload(pushed("b", "from-xds")));
        write(workloads("a", "b") + DENY);
        looks(2);
        mesh.update(edit -> edit.putWorkload(pushed("b", "still")).putWorkload(pushed("c", "from-xds")));
        assertThat(node("b")).isEqualTo("still");

        mesh.update(edit -> edit.removeAddress("b"));
        assertThat(node("b")).isEmpty();
        mesh.update(edit -> edit.removeAddress("c"));
        assertThat(uids()).containsExactly("a", "b");
    }

    @Test
    void hasAPolicyAgainThatTheControlPlaneGaveUp() throws Exception {
        write(DENY);
        looks(2);
        AuthorizationPolicy files = policy();
        AuthorizationPolicy other = new AuthorizationPolicy(
                files.name(),
                files.namespace(),
                files.scope(),
                AuthorizationPolicy.Action.ALLOW,
                files.dryRun(),
                List.of());
        mesh.update(edit -> edit.putPolicy("default/p", other));
        assertThat(policy()).isEqualTo(other);

        mesh.update(edit -> edit.removePolicy("default/p"));

        assertThat(policy()).isEqualTo(files);
    }

    @Test
    void keepsANameThatTheControlPlaneNeverHad() {
        mesh.update(edit -> assertThat(edit.removeAddress("a")).isFalse());

        assertThat(uids()).containsExactly("a", "b");
    }

    @Test
    void givesUpAShadowedNameThatTheFileNoLongerHas() throws Exception {
        mesh.update(edit -> edit.putWorkload(pushed("b", "from-xds")));
        write(workloads("a"));
        looks(2);

        mesh.update(edit -> edit.removeAddress("b"));

        assertThat(uids()).containsExactly("a");
    }

    private AuthorizationPolicy policy() {
        return Objects.requireNonNull(mesh.snapshot().policy("default/p"));
    }

    @Test
    void refusesAFileThatIsTooLongOrTooDeep() {
        assertThatThrownBy(() -> LocalState.parse("[".repeat(100_000))).isInstanceOf(InvalidLocalState.class);
        assertThatThrownBy(() -> LocalState.parse("# comment\n".repeat(400_000)))
                .isInstanceOf(InvalidLocalState.class)
                .hasMessageContaining("4000000 characters are more than the 3145728");
    }

    private static Workload pushed(String uid, String node) {
        return Workload.builder()
                .uid(uid)
                .name(uid)
                .namespace("default")
                .node(node)
                .build();
    }

    private String node(String uid) {
        return Objects.requireNonNull(mesh.snapshot().workloadByUid(uid)).node();
    }
}
