package io.culvert.e2e.controlplane;

import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.testkit.controlplane.ControlPlane;
import io.culvert.testkit.controlplane.DiscoveryFault;
import io.culvert.testkit.controlplane.ResourceType;
import io.culvert.testkit.spec.ScaleMesh;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Single messages as a control plane of a very large mesh sends them: up to 200 MiB, and beyond. */
@Tag("direct")
final class LargeMessageTest {
    private static final ScaleMesh MESH = new ScaleMesh(50, 5, 3);
    private static final int MIB = 1024 * 1024;

    private ControlPlane server;
    private Follower follower;

    @TempDir
    private Path directory;

    LargeMessageTest() throws Exception {
        server = ControlPlane.builder().start();
    }

    @BeforeEach
    void start() throws Exception {
        server.serve(MESH);
        follower = Follower.of(server, directory);
        follower.awaitSync();
    }

    @AfterEach
    void stop() {
        follower.close();
        server.close();
    }

    private static String uid(int number) {
        return MESH.changed(number, true).getWorkload().getUid();
    }

    private void remove(int number) {
        server.edit(edit -> edit.remove(ResourceType.ADDRESS, uid(number)));
    }

    /** As much as the heap of a test bears, with server and client in it. */
    @Test
    void oneOfAHundredMebibytesIsTakenAndTheStreamGoesOn() {
        server.discoveryFaults().next(1, new DiscoveryFault.Oversized(100 * MIB));
        remove(7);
        follower.awaitMesh("what was in it", mesh -> mesh.workloadByUid(uid(7)) == null);
        remove(8);
        follower.awaitMesh("what came behind it", mesh -> mesh.workloadByUid(uid(8)) == null);
        assertThat(follower.ends).isEmpty();
        assertThat(follower.status().streams()).isEqualTo(1);
    }

    @Test
    void oneOfMoreThanTwoHundredIsRefusedByNameAndAskedForAnew() {
        server.discoveryFaults().next(1, new DiscoveryFault.Oversized(201 * MIB));
        remove(7);

        follower.awaitMesh("the next stream's answer", mesh -> mesh.workloadByUid(uid(7)) == null);
        assertThat(follower.mesh().workloads()).hasSize(49);
        assertThat(follower.status().lastFailure())
                .startsWith("RESOURCE_EXHAUSTED")
                .contains("exceeds maximum size " + 200 * MIB)
                .contains("CULVERT_PROXY_JAVA_OPTS");
    }
}
