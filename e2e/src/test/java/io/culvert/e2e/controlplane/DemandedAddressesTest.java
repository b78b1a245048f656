package io.culvert.e2e.controlplane;

import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.testkit.controlplane.ControlPlane;
import io.culvert.testkit.controlplane.DiscoveryFault;
import io.culvert.testkit.controlplane.ResourceType;
import io.culvert.testkit.spec.AddressPlan;
import io.culvert.testkit.spec.MeshSpec;
import io.culvert.xds.AdsStatus;
import io.culvert.xds.mesh.IpAddress;
import io.grpc.Status;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** XDS_ON_DEMAND against a server that answers as istiod was seen to. */
@Tag("direct")
final class DemandedAddressesTest {
    private static final MeshSpec MESH = MeshSpec.mesh("m")
            .namespace("default", n -> n.mesh(true))
            .node("node-a", n -> n.pod("client", p -> {}))
            .node("node-b", n -> n.pod("echo", p -> p.label("app", "echo")).pod("other", p -> {}))
            .service("echo", s -> s.selecting("app", "echo").port(80, 8080))
            .build();
    private static final AddressPlan PLAN = AddressPlan.of(MESH, 0);
    private static final String ECHO = "Kubernetes//Pod/default/echo";
    private static final String VIP = "10.180.0.10";

    private final ControlPlane server;
    private Follower follower;

    @TempDir
    private Path directory;

    DemandedAddressesTest() throws Exception {
        server = ControlPlane.builder().start();
    }

    @BeforeEach
    void start() throws Exception {
        server.serve(MESH, PLAN);
        follower = Follower.onDemand(server, directory);
        follower.awaitSync();
    }

    @AfterEach
    void stop() {
        follower.close();
        server.close();
    }

    @Test
    void knowsItsOwnPodsAndWhatItAskedFor() throws Exception {
        follower.awaitMesh("own pods", mesh -> mesh.localWorkload("client", "default", "default") != null);
        assertThat(follower.mesh().services()).isEmpty();

        follower.demand("/" + VIP);

        assertThat(follower.mesh().serviceByVip("", IpAddress.parse(VIP), "default"))
                .isNotNull();
        assertThat(follower.mesh().workloadByUid(ECHO)).isNotNull();
        assertThat(follower.mesh().workloads()).hasSize(2);
    }

    @Test
    void isToldThatThereIsNothing() throws Exception {
        follower.demand("/10.99.99.99");
        assertThat(follower.mesh().workloadByAddress("", IpAddress.parse("10.99.99.99")))
                .isNull();
    }

    @Test
    void isAnsweredByTheNextStreamIfTheFirstIsLost() throws Exception {
        follower.demand("/" + VIP);
        server.discoveryFaults().about(ResourceType.ADDRESS.name()::equals, new DiscoveryFault.Mute());
        CompletableFuture<Void> known = demand("/" + VIP);
        CompletableFuture<Void> unknown = demand("/10.99.99.99");
        CompletableFuture<Void> byUid = demand("Kubernetes//Pod/default/other");
        long streams = follower.status().streams();
        server.closeStreams(Status.UNAVAILABLE);
        follower.awaitStatus(
                "the next stream",
                status -> status.streams() > streams && status.connection() == AdsStatus.Connection.CONNECTED);
        server.discoveryFaults().clear();

        known.get();
        unknown.get();
        byUid.get();
        assertThat(follower.mesh().workloads()).hasSize(3);
    }

    private CompletableFuture<Void> demand(String key) {
        return CompletableFuture.runAsync(() -> {
            try {
                follower.demand(key);
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
    }

    @Test
    void hearsOfChangesToWhatItAskedFor() throws Exception {
        follower.demand("/" + VIP);
        server.edit(edit -> edit.remove(ResourceType.ADDRESS, ECHO));
        follower.awaitMesh("the removal", mesh -> mesh.workloadByUid(ECHO) == null);
    }
}
