package io.culvert.e2e.controlplane;

import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.testkit.controlplane.ControlPlane;
import io.culvert.testkit.controlplane.ControlPlaneEvent;
import io.culvert.testkit.controlplane.DiscoveryFault;
import io.culvert.testkit.controlplane.ResourceType;
import io.culvert.testkit.controlplane.Unusable;
import io.culvert.testkit.spec.ScaleMesh;
import io.culvert.xds.AdsCounters;
import io.culvert.xds.AdsStatus;
import io.grpc.Status;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** A client that follows while the server does everything wrong that it can. */
@Tag("direct")
final class DiscoveryFaultsTest {
    private static final ScaleMesh MESH = new ScaleMesh(50, 5, 3);

    private ControlPlane server;
    private Follower follower;

    @TempDir
    private Path directory;

    DiscoveryFaultsTest() throws Exception {
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

    static Stream<DiscoveryFault> faults() {
        return Stream.of(
                new DiscoveryFault.Drop(),
                new DiscoveryFault.Delay(Duration.ofMillis(20)),
                new DiscoveryFault.Duplicate(),
                new DiscoveryFault.RepeatNonce(),
                new DiscoveryFault.SkewVersions(),
                new DiscoveryFault.Spoil(Unusable.UNKNOWN_ENUM),
                new DiscoveryFault.UnknownType(),
                new DiscoveryFault.Garbage(),
                new DiscoveryFault.Oversized(8 * 1024 * 1024),
                new DiscoveryFault.End(Status.OK),
                new DiscoveryFault.End(Status.UNAVAILABLE),
                new DiscoveryFault.End(Status.INTERNAL));
    }

    private String uid(int number) {
        return MESH.changed(number, true).getWorkload().getUid();
    }

    private void remove(int number) {
        server.edit(edit -> edit.remove(ResourceType.ADDRESS, uid(number)));
    }

    @ParameterizedTest
    @MethodSource("faults")
    void catchesUpAfterwardsAndLosesNothingMeanwhile(DiscoveryFault fault) {
        server.discoveryFaults().next(1, fault);
        remove(7);
        remove(8);
        server.closeStreams(Status.UNAVAILABLE);

        follower.awaitMesh(
                "both removals", mesh -> mesh.workloadByUid(uid(7)) == null && mesh.workloadByUid(uid(8)) == null);
        assertThat(follower.mesh().workloads()).hasSize(48);
        assertThat(follower.mesh().services()).hasSize(5);
        assertThat(follower.mesh().policies()).hasSize(3);
    }

    @ParameterizedTest
    @EnumSource(Unusable.class)
    void namesWhatIsUnusableAndTakesTheRest(Unusable kind) throws Exception {
        long position = server.events().position();
        server.discoveryFaults().next(1, new DiscoveryFault.Spoil(kind));
        remove(7);

        ControlPlaneEvent.Nacked nacked =
                server.events().awaitAfter(position, ControlPlaneEvent.Nacked.class, nack -> true, Follower.LIMIT);

        assertThat(nacked.message()).startsWith("unusable/").hasSizeLessThan(40_000);
        assertThat(follower.mesh().workloadByUid(uid(7))).isNull();
        assertThat(follower.mesh().workloads()).hasSize(49);
        follower.awaitStatus("one rejected", status -> addresses(status).rejected() == 1);
    }

    private static AdsStatus.TypeStatus addresses(AdsStatus status) {
        return Objects.requireNonNull(status.types().get(ResourceType.ADDRESS.url()));
    }

    @Test
    void aServerThatSpeaksGarbageIsCalledLessAndLessOften() throws Exception {
        follower.ends.clear();
        server.discoveryFaults().always(new DiscoveryFault.Garbage());
        server.closeStreams(Status.UNAVAILABLE);

        follower.awaitStatus("several streams", status -> status.streams() >= 5);

        assertThat(follower.ends.subList(1, follower.ends.size()))
                .as("bytes that are no message are an error, not a wish for another connection")
                .containsOnly(AdsCounters.Termination.ERROR);
        assertThat(follower.status().lastFailure()).startsWith("INTERNAL");
        assertThat(follower.mesh().workloads()).hasSize(50);
        server.discoveryFaults().clear();
        remove(7);
        follower.awaitMesh("recovery", mesh -> mesh.workloadByUid(uid(7)) == null);
    }

    @Test
    void aServerThatHangsCostsFreshnessAndNothingElse() throws Exception {
        server.discoveryFaults().always(new DiscoveryFault.Mute());
        remove(7);
        server.closeStreams(Status.UNAVAILABLE);
        follower.awaitStatus(
                "the next stream",
                status -> status.streams() == 2 && status.connection() == AdsStatus.Connection.CONNECTED);
        assertThat(follower.mesh().workloads()).hasSize(50);

        server.discoveryFaults().clear();
        follower.awaitMesh("what was kept back", mesh -> mesh.workloads().size() == 49);
    }

    @Test
    void aServerThatHearsNothingIsStillHeard() {
        server.deaf(true);
        remove(7);
        follower.awaitMesh("the removal", mesh -> mesh.workloads().size() == 49);
        remove(8);
        follower.awaitMesh("another", mesh -> mesh.workloads().size() == 48);
        server.deaf(false);
        remove(9);
        follower.awaitMesh("and another", mesh -> mesh.workloads().size() == 47);
    }

    @Test
    void skewedVersionsAreRepeatedAsTheyCameAndMended() throws Exception {
        server.discoveryFaults().next(1, new DiscoveryFault.SkewVersions());
        server.edit(edit -> edit.put(MESH.changed(7, false)));
        follower.awaitStatus("the change", status -> addresses(status).version().startsWith("skewed/"));
        long position = server.events().position();

        server.closeStreams(Status.UNAVAILABLE);

        ControlPlaneEvent.Requested again = server.events()
                .awaitAfter(
                        position,
                        ControlPlaneEvent.Requested.class,
                        request -> request.request().hasNode(),
                        Follower.LIMIT);
        assertThat(again.request().getInitialResourceVersionsMap().get(uid(7))).startsWith("skewed/");
        ControlPlaneEvent.Sent sent = server.events()
                .awaitAfter(
                        position,
                        ControlPlaneEvent.Sent.class,
                        event -> event.type() == ResourceType.ADDRESS,
                        Follower.LIMIT);
        assertThat(sent.names()).containsExactly(uid(7));
    }
}
