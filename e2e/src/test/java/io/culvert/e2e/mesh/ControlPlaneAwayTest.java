package io.culvert.e2e.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.testkit.controlplane.CertificateFault;
import io.culvert.testkit.controlplane.ControlPlane;
import io.culvert.testkit.controlplane.DiscoveryFault;
import io.culvert.testkit.mesh.Mesh;
import io.culvert.testkit.mesh.MeshNode;
import io.culvert.testkit.mesh.MeshPod;
import io.culvert.testkit.process.Await;
import io.culvert.testkit.spec.MeshSpec;
import io.culvert.testkit.spec.WorkloadPort.Kind;
import io.culvert.testkit.workload.TcpResult;
import io.grpc.Status;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What is known is enough: no failure of the control plane stops traffic, old or new. */
@Tag("e2e")
final class ControlPlaneAwayTest {

    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final byte[] PING = "ping".getBytes(StandardCharsets.US_ASCII);
    private static final int ADMIN = 15000;
    private static final int STATS = 15020;

    @Test
    void trafficGoesOnWhileItSpeaksGarbageHangsRefusesAndDies() throws IOException {
        Programs.assumeMeshesCanRun();
        try (Mesh mesh = Mesh.start(
                MeshSpec.mesh("away")
                        .namespace("default", namespace -> namespace.mesh(true))
                        .node("one", node -> node.pod("client", pod -> {}))
                        .node("two", node -> node.pod("server", pod -> pod.serves(Kind.ECHO, 7)))
                        .build(),
                Programs.options().build())) {
            MeshPod client = mesh.pod("client");
            MeshPod server = mesh.pod("server");
            ControlPlane control = mesh.controlPlane();
            try (SocketChannel old = client.tcp().connect(server.at(7))) {
                goesOn(old, client, server);
                control.certificateFaults().always(new CertificateFault.Silent());
                control.discoveryFaults().always(new DiscoveryFault.Garbage());
                control.closeStreams(Status.UNAVAILABLE);
                awaitAdmin(mesh, "INTERNAL");
                goesOn(old, client, server);

                control.discoveryFaults().clear();
                control.discoveryFaults().always(new DiscoveryFault.Mute());
                control.closeStreams(Status.UNAVAILABLE);
                awaitAdmin(mesh, "\"connected\"");
                goesOn(old, client, server);

                control.close();
                awaitAdmin(mesh, "\"server\": \"\"");
                goesOn(old, client, server);
                for (MeshNode node : mesh.nodes()) {
                    assertThat(node.proxy().isReady()).as("%s is ready", node).isTrue();
                    assertThat(node.proxy().get(STATS, "/metrics"))
                            .contains("culvert_xds_connected{server=\"\"} 0\n")
                            .contains("culvert_xds_message_age_seconds{url=")
                            .containsPattern("culvert_xds_resources_held\\{url=\"[^\"]*Address\"} [1-9]");
                }
            }
        }
    }

    private static void awaitAdmin(Mesh mesh, String part) {
        for (MeshNode node : mesh.nodes()) {
            Await.untilTrue(
                    node + " says " + part,
                    LIMIT,
                    () -> node.proxy().get(ADMIN, "/debug/xds").contains(part),
                    () -> node.proxy().log().tail(5));
        }
    }

    private static void goesOn(SocketChannel old, MeshPod client, MeshPod server) throws IOException {
        assertThat(client.tcp().exchange(server.at(7), PING)).isInstanceOf(TcpResult.Answered.class);
        old.write(ByteBuffer.wrap(PING));
        ByteBuffer echo = ByteBuffer.allocate(PING.length);
        while (echo.hasRemaining()) {
            assertThat(old.read(echo)).as("the old connection lives").isPositive();
        }
    }
}
