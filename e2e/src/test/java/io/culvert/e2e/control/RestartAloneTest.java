package io.culvert.e2e.control;

import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.e2e.mesh.Programs;
import io.culvert.testkit.mesh.AccessLine;
import io.culvert.testkit.mesh.Mesh;
import io.culvert.testkit.mesh.MeshNode;
import io.culvert.testkit.process.Await;
import io.culvert.testkit.spec.MeshSpec;
import io.culvert.testkit.spec.WorkloadPort.Kind;
import io.culvert.testkit.workload.TcpResult;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The control plane goes, and then both proxies die: what they kept carries their pods. */
@Tag("e2e")
final class RestartAloneTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final byte[] PING = "ping".getBytes(StandardCharsets.US_ASCII);

    private Map<String, KeptState> kept = Map.of();
    private Mesh mesh;

    @BeforeEach
    void start() throws IOException {
        Programs.assumeMeshesCanRun();
        kept = Map.of("one", KeptState.create("one"), "two", KeptState.create("two"));
        var options = Programs.options();
        kept.forEach((node, state) -> options.proxyOn(node, state.proxy()));
        mesh = Mesh.start(
                MeshSpec.mesh("alone")
                        .namespace("default", namespace -> namespace.mesh(true))
                        .node("one", node -> node.pod("client", pod -> pod.serviceAccount("client")))
                        .node(
                                "two",
                                node -> node.pod(
                                        "server",
                                        pod -> pod.serviceAccount("server").serves(Kind.ECHO, 7)))
                        .build(),
                options.build());
    }

    @AfterEach
    void stop() {
        if (mesh != null) {
            mesh.close();
        }
        kept.values().forEach(KeptState::close);
    }

    @Test
    void killedProxiesServeTheirPodsWithNeitherControlPlaneNorAuthority() throws IOException {
        assertAnswered();
        for (KeptState state : kept.values()) {
            Await.untilTrue(
                    "both pods and a certificate are kept",
                    LIMIT,
                    () -> state.tellsOf("Kubernetes//Pod/default/client")
                            && state.tellsOf("Kubernetes//Pod/default/server")
                            && !state.identityFiles().isEmpty(),
                    state::toString);
        }
        mesh.controlPlane().close();
        assertAnswered();

        long inbound = mesh.node("two").proxy().log().position();
        for (MeshNode node : mesh.nodes()) {
            long before = node.proxy().log().position();
            node.proxy().kill();
            node.proxy().restart();
            node.proxy().awaitReady(LIMIT);
            assertThat(node.proxy().log().linesSince(before))
                    .anySatisfy(line -> assertThat(line).contains("STARTING WITHOUT THE CONTROL PLANE"));
            assertThat(node.proxy().get(15020, "/stats/prometheus")).contains("culvert_state_snapshot_serving 1");
        }
        assertAnswered();
        List<AccessLine> seen = Await.until(
                "the access log of the server's node",
                LIMIT,
                () -> {
                    List<AccessLine> lines = mesh.node("two").accessLog(inbound);
                    return lines.isEmpty() ? Optional.empty() : Optional.of(lines);
                },
                () -> mesh.node("two").proxy().log().tail(20));
        assertThat(seen)
                .anySatisfy(line -> assertThat(line.toString())
                        .contains("spiffe://cluster.local/ns/default/sa/client")
                        .contains("spiffe://cluster.local/ns/default/sa/server"));
    }

    private void assertAnswered() {
        Await.untilTrue(
                "the client is answered",
                LIMIT,
                () -> mesh.pod("client").tcp().exchange(mesh.pod("server").at(7), PING) instanceof TcpResult.Answered,
                () -> mesh.node("one").proxy().log().tail(20)
                        + mesh.node("two").proxy().log().tail(20));
    }
}
