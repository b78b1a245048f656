package io.culvert.e2e.control;

import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.e2e.mesh.Programs;
import io.culvert.testkit.mesh.Mesh;
import io.culvert.testkit.mesh.NodeProgram;
import io.culvert.testkit.process.Await;
import io.culvert.testkit.spec.MeshSpec;
import io.culvert.testkit.spec.WorkloadPort.Kind;
import io.culvert.testkit.workload.TcpResult;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A full disk costs the state snapshot, and nothing else; room on it brings the snapshot back. */
@Tag("e2e")
final class FullDiskTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final byte[] PING = "ping".getBytes(StandardCharsets.US_ASCII);

    /** A file system of a few pages, for this process alone, filled to the last. */
    private static final String ON_A_FULL_DISK = """
            set -eu
            mount -t tmpfs -o size=64k tmpfs /mnt
            head -c 1M /dev/zero > /mnt/fill 2>/dev/null || true
            exec "$@"
            """;

    @Test
    void trafficGoesOnAndTheSnapshotComesBackWithRoom() throws IOException {
        Programs.assumeMeshesCanRun();
        List<String> command = new ArrayList<>(List.of(
                "env",
                "CULVERT_STATE_SNAPSHOT=/mnt/state",
                "CULVERT_STATE_SNAPSHOT_INTERVAL=1s",
                "unshare",
                "--mount",
                "bash",
                "-c",
                ON_A_FULL_DISK,
                "full-disk"));
        command.addAll(Programs.proxy());
        MeshSpec spec = MeshSpec.mesh("fulldisk")
                .namespace("default", namespace -> namespace.mesh(true))
                .node("one", node -> node.pod("client", pod -> {}))
                .node("two", node -> node.pod("server", pod -> pod.serves(Kind.ECHO, 7)))
                .build();
        try (Mesh mesh =
                Mesh.start(spec, Programs.options().proxyOn("one", command).build())) {
            NodeProgram proxy = mesh.node("one").proxy();
            awaitWrites(proxy, "failed");
            assertThat(mesh.pod("client").tcp().exchange(mesh.pod("server").at(7), PING))
                    .isInstanceOf(TcpResult.Answered.class);
            assertThat(proxy.log().lines())
                    .anySatisfy(line -> assertThat(line)
                            .contains("warn")
                            .contains("/mnt/state")
                            .contains("No space left on device"));

            Path fill = Path.of("/proc/" + proxy.pid(), "root", "mnt", "fill");
            Files.delete(fill);
            awaitWrites(proxy, "written");
            assertThat(fill.resolveSibling("state")).exists();
        }
    }

    private static void awaitWrites(NodeProgram proxy, String result) {
        String sample = "culvert_state_snapshot_writes_total{result=\"" + result + "\"} ";
        Await.untilTrue(
                "a snapshot is " + result,
                LIMIT,
                () -> proxy.get(15020, "/stats/prometheus")
                        .lines()
                        .anyMatch(line -> line.startsWith(sample) && !line.endsWith(" 0")),
                () -> proxy.log().tail(20));
    }
}
