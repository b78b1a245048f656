package io.culvert.xds;

import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.proto.discovery.DeltaDiscoveryRequest;
import io.culvert.proto.discovery.DeltaDiscoveryResponse;
import io.culvert.proto.discovery.Resource;
import io.culvert.xds.mesh.MeshState;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** More names than one request can bear: everything anew, and what is not in it goes. */
final class ResyncTest {
    /** Whatever istiod refuses (ISTIO_GPRC_MAXRECVMSGSIZE). */
    private static final int SERVER_MAX = 4 * 1024 * 1024;

    private final MeshState mesh = new MeshState("");
    private final DeltaProtocol protocol = new DeltaProtocol(Recorded.node().node(), mesh, AdsCounters.none());

    private static DeltaDiscoveryResponse workloads(int from, int to) {
        List<Resource> resources = new ArrayList<>();
        for (int i = from; i < to; i++) {
            resources.add(Pushes.workload("Kubernetes//Pod/a-namespace-of-usual-length/a-pod-with-a-hash-" + i));
        }
        return Pushes.addresses("n", resources.toArray(new Resource[0]));
    }

    private DeltaDiscoveryRequest addressRequest() {
        return protocol.initialRequests().getFirst();
    }

    private AdsStatus.TypeStatus status() {
        return Objects.requireNonNull(protocol.status().get(ResourceType.ADDRESS.typeUrl()));
    }

    @Test
    void repeatsTwentyThousandNamesAndNotFiftyThousand() {
        protocol.respond(workloads(0, 20_000));
        assertThat(addressRequest().getInitialResourceVersionsCount()).isEqualTo(20_000);
        assertThat(addressRequest().getSerializedSize()).isLessThan(SERVER_MAX);

        protocol.respond(workloads(20_000, 50_000));

        assertThat(addressRequest().getInitialResourceVersionsCount()).isZero();
        assertThat(mesh.snapshot().workloads()).hasSize(50_000);
        assertThat(protocol.initialRequests().get(1).getTypeUrl()).isEqualTo(ResourceType.AUTHORIZATION.typeUrl());
    }

    @Test
    void removesWhatTheFullAnswerNoLongerHolds() {
        protocol.respond(workloads(0, 50_000));
        addressRequest();

        DeltaDiscoveryRequest answer = protocol.respond(workloads(10, 50_010));

        assertThat(answer.hasErrorDetail()).isFalse();
        assertThat(mesh.snapshot().workloads()).hasSize(50_000);
        assertThat(mesh.snapshot().workloadByUid("Kubernetes//Pod/a-namespace-of-usual-length/a-pod-with-a-hash-9"))
                .isNull();
        assertThat(mesh.snapshot().workloadByUid("Kubernetes//Pod/a-namespace-of-usual-length/a-pod-with-a-hash-50009"))
                .isNotNull();
        assertThat(status().held()).isEqualTo(50_000);
        assertThat(status().resyncs()).isEqualTo(1);
    }

    @Test
    void takesOnlyTheFirstAnswerForTheWhole() {
        protocol.respond(workloads(0, 50_000));
        addressRequest();
        protocol.respond(workloads(0, 50_000));

        protocol.respond(workloads(50_000, 50_001));

        assertThat(mesh.snapshot().workloads()).hasSize(50_001);
    }

    @Test
    void keepsTheLastGoodStateOfWhatTheFullAnswerSpoils() {
        protocol.respond(Pushes.addresses("1", Pushes.workload("w", "good"), Pushes.workload("gone")));
        protocol.respond(workloads(0, 50_000));
        addressRequest();

        DeltaDiscoveryResponse full = workloads(0, 50_000).toBuilder()
                .addResources(Pushes.unusable("w"))
                .build();
        DeltaDiscoveryRequest answer = protocol.respond(full);

        assertThat(answer.getErrorDetail().getMessage()).startsWith("w: ");
        assertThat(mesh.snapshot().workloadByUid("w")).isNotNull();
        assertThat(mesh.snapshot().workloadByUid("gone")).isNull();
    }

    @Test
    void forgetsNothingWhenTheStreamBreaksBeforeTheFullAnswer() {
        protocol.respond(workloads(0, 50_000));
        addressRequest();

        assertThat(addressRequest().getInitialResourceVersionsCount()).isZero();
        assertThat(mesh.snapshot().workloads()).hasSize(50_000);

        protocol.respond(workloads(0, 40_000));
        assertThat(mesh.snapshot().workloads()).hasSize(40_000);
    }

    @Test
    void oneTypeIsAskedForAnewAndTheOtherRepeated() {
        protocol.respond(Recorded.push("02-authorization-initial"));
        protocol.respond(workloads(0, 50_000));

        List<DeltaDiscoveryRequest> requests = protocol.initialRequests();

        assertThat(requests.get(0).getInitialResourceVersionsCount()).isZero();
        assertThat(requests.get(1).getInitialResourceVersionsCount()).isEqualTo(10);
        protocol.respond(Pushes.policies("n"));
        assertThat(mesh.snapshot().policies())
                .as("an answer with the difference alone")
                .hasSize(10);
    }

    @Test
    void repeatsLessToAServerThatTakesLess() {
        protocol.respond(workloads(0, 20_000));

        protocol.ended("RESOURCE_EXHAUSTED: grpc: received message larger than max (2000000 vs. 1048576)");
        protocol.ended("RESOURCE_EXHAUSTED: grpc: received message larger than max (2000000 vs. 1048576)");

        assertThat(addressRequest().getInitialResourceVersionsCount()).isZero();
        for (int i = 0; i < 100; i++) {
            protocol.ended("larger than max");
        }
        protocol.respond(workloads(0, 500));
        assertThat(addressRequest().getInitialResourceVersionsCount())
                .as("some names can always be repeated")
                .isEqualTo(500);
    }

    @Test
    void aServerThatIsOverloadedGetsTheSameAgain() {
        protocol.respond(workloads(0, 20_000));

        protocol.ended("RESOURCE_EXHAUSTED: request rate limit exceeded");

        assertThat(addressRequest().getInitialResourceVersionsCount()).isEqualTo(20_000);
    }

    @Test
    void namesOfAMillionCharactersAreHeldAndRepeatedWhileTheyFit() {
        String huge = "n".repeat(1024 * 1024);
        protocol.respond(Pushes.addresses("1", Pushes.workload(huge + 1), Pushes.workload(huge + 2)));
        assertThat(addressRequest().getInitialResourceVersionsCount()).isEqualTo(2);

        protocol.respond(Pushes.addresses("2", Pushes.workload(huge + 3), Pushes.workload(huge + 4)));
        assertThat(addressRequest().getInitialResourceVersionsCount()).isZero();

        protocol.respond(Pushes.addresses("3", Pushes.workload(huge + 2), Pushes.workload(huge + 4)));
        assertThat(mesh.snapshot().workloads()).hasSize(2);
    }
}
