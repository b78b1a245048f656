package io.culvert.xds;

import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.proto.discovery.DeltaDiscoveryRequest;
import io.culvert.proto.discovery.DeltaDiscoveryResponse;
import io.culvert.proto.discovery.Resource;
import io.culvert.xds.channel.ManualLoop;
import io.culvert.xds.mesh.MeshState;
import io.culvert.xds.snapshot.SnapshotConfig;
import io.culvert.xds.snapshot.StateSnapshots;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A second process begins with what istiod once sent to the first, and asks for the difference. */
final class StateResumeTest {
    private final ManualLoop loop = new ManualLoop();
    private final MeshState first = new MeshState("node-a");
    private final MeshState second = new MeshState("node-a");

    @TempDir
    private Path directory;

    private StateSnapshots snapshots() {
        return new StateSnapshots(
                new SnapshotConfig(
                        directory.resolve("state"),
                        new SnapshotConfig.Owner("node-a", "Kubernetes"),
                        Duration.ofHours(1),
                        Duration.ofSeconds(30)),
                loop,
                Runnable::run);
    }

    private DeltaProtocol protocol(MeshState mesh, StateSnapshots kept) {
        DeltaProtocol protocol = new DeltaProtocol(
                Recorded.node().node(), mesh, AdsCounters.none(), DeltaProtocol.Subscription.WILDCARD, kept);
        loop.execute(() -> kept.restore(protocol::restore));
        loop.run();
        return protocol;
    }

    private static List<String> described(MeshState mesh) {
        var snapshot = mesh.snapshot();
        return Stream.of(
                        snapshot.workloads().stream()
                                .sorted(Comparator.comparing(workload -> workload.uid()))
                                .map(Object::toString),
                        snapshot.services().stream()
                                .sorted(Comparator.comparing(service -> service.name()))
                                .map(Object::toString),
                        Stream.of(snapshot.policies().toString()))
                .flatMap(lines -> lines)
                .toList();
    }

    @Test
    void keepsAllOfItAgainWhenItsFileWasTakenAway() throws IOException {
        StateSnapshots kept = snapshots();
        DeltaProtocol before = protocol(first, kept);
        kept.attached(before::askAnew);
        before.respond(Recorded.push("01-address-initial"));
        before.respond(Recorded.push("02-authorization-initial"));
        kept.synced();
        loop.advance(Duration.ofMinutes(1));
        Files.delete(directory.resolve("state"));
        before.respond(Recorded.push("03-address-pod-added"));
        loop.advance(Duration.ofMinutes(3));

        List<DeltaDiscoveryRequest> requests = before.initialRequests();
        assertThat(requests)
                .hasSize(2)
                .allSatisfy(request ->
                        assertThat(request.getInitialResourceVersionsMap()).isEmpty());
        before.respond(Recorded.push("02-authorization-initial"));
        before.respond(Recorded.push("01-address-initial"));
        loop.advance(Duration.ofMinutes(1));

        assertThat(before.initialRequests())
                .as("versions are repeated again")
                .allSatisfy(request ->
                        assertThat(request.getInitialResourceVersionsMap()).isNotEmpty());
        protocol(second, snapshots());
        assertThat(described(second)).isEqualTo(described(first));
        assertThat(second.snapshot().workloadByUid("Kubernetes//Pod/default/echo-3"))
                .as("what the full answer does not have is gone")
                .isNull();
    }

    @Test
    void restoresWhatWasHeldAndRepeatsItsVersions() {
        StateSnapshots kept = snapshots();
        DeltaProtocol before = protocol(first, kept);
        List.of(
                        "01-address-initial",
                        "02-authorization-initial",
                        "03-address-pod-added",
                        "04-address-pod-not-ready",
                        "06-address-service-removed",
                        "07-authorization-removed")
                .forEach(name -> before.respond(Recorded.push(name)));
        kept.synced();
        loop.advance(Duration.ofSeconds(10));

        DeltaProtocol after = protocol(second, snapshots());

        assertThat(described(second)).isEqualTo(described(first)).hasSizeGreaterThan(10);
        assertThat(after.initialRequests()).isEqualTo(before.initialRequests());
        assertThat(after.synced())
                .as("kept state is not the control plane's word")
                .isFalse();
    }

    @Test
    void aKeptResourceThatIsNotTakenAnyMoreIsAskedForAnew() {
        DeltaProtocol protocol = protocol(second, snapshots());
        DeltaDiscoveryResponse kept = Recorded.push("01-address-initial");
        var broken = kept.toBuilder();
        broken.getResourcesBuilder(0).clearResource();
        protocol.restore(broken.build());

        assertThat(protocol.initialRequests().getFirst().getInitialResourceVersionsMap())
                .hasSize(kept.getResourcesCount() - 1)
                .doesNotContainKey(kept.getResources(0).getName());
    }

    private static DeltaDiscoveryResponse workloads(int from, int to) {
        return Pushes.addresses(
                "n",
                IntStream.range(from, to)
                        .mapToObj(i -> Pushes.workload("Kubernetes//Pod/a-namespace-of-usual-length/a-pod-" + i))
                        .toArray(Resource[]::new));
    }

    @Test
    void whatAFullAnswerNoLongerHoldsIsNotKeptEither() {
        StateSnapshots kept = snapshots();
        DeltaProtocol before = protocol(first, kept);
        before.respond(workloads(0, 2000));
        kept.synced();
        // Little by little the smallest size of all, into which these names do not fit.
        for (int refusal = 0; refusal < 10; refusal++) {
            before.ended("grpc: received message larger than max");
        }
        assertThat(before.initialRequests().getFirst().getInitialResourceVersionsCount())
                .isZero();
        before.respond(workloads(10, 2000));
        loop.advance(Duration.ofSeconds(10));

        protocol(second, snapshots());

        assertThat(described(second)).isEqualTo(described(first));
        assertThat(second.snapshot().workloads()).hasSize(1990);
    }
}
