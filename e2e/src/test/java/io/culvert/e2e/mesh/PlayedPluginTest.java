package io.culvert.e2e.mesh;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.culvert.testkit.mesh.Mesh;
import io.culvert.testkit.mesh.MeshOptions.CniPlugin;
import io.culvert.testkit.mesh.MeshPod;
import io.culvert.testkit.process.Await;
import io.culvert.testkit.spec.MeshSpec;
import io.culvert.testkit.spec.WorkloadPort.Kind;
import io.culvert.testkit.workload.TcpResult;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Where no C compiler made the CNI plugin, the testkit plays its part over the same socket, with the same outcome. */
@Tag("e2e")
final class PlayedPluginTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final byte[] PING = "ping".getBytes(StandardCharsets.US_ASCII);

    @Test
    void podsJoinByTheAgentsSocketAndFailWithoutIt() throws IOException {
        Programs.assumeMeshesCanRun();
        MeshSpec spec = MeshSpec.mesh("played-plugin")
                .namespace("default", namespace -> namespace.mesh(true))
                .node("one", node -> node.pod("client", pod -> {}).pod("server", pod -> pod.serves(Kind.ECHO, 7)))
                .build();
        try (Mesh mesh = Mesh.start(
                spec, Programs.options(new CniPlugin.PlayedByTestkit()).build())) {
            long position = mesh.node("one").proxy().log().position();
            MeshPod late = mesh.addPod("one", "late", pod -> pod.serves(Kind.ECHO, 7));
            mesh.awaitEnrolled(late, true, LIMIT);
            for (MeshPod server : new MeshPod[] {mesh.pod("server"), late}) {
                assertThat(mesh.pod("client").tcp(LIMIT).exchange(server.at(7), PING))
                        .isInstanceOf(TcpResult.Answered.class);
            }
            Await.untilTrue(
                    "a call by tunnel, so that both of its ends are in the mesh",
                    LIMIT,
                    () -> mesh.node("one").accessLog(position).stream()
                            .anyMatch(line -> line.field("src.identity").contains("spiffe://")),
                    () -> mesh.node("one").proxy().log().tail(10));

            mesh.node("one").agent().kill();
            assertThatThrownBy(() -> mesh.addPod("one", "lost", pod -> {}))
                    .hasStackTraceContaining("CNI ADD (played by the testkit) failed: ");
        }
    }
}
