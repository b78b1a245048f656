package io.culvert.xds;

import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.proto.discovery.DeltaDiscoveryResponse;
import io.culvert.proto.discovery.Resource;
import io.culvert.proto.security.Authorization;
import io.culvert.xds.mesh.MeshListener;
import io.culvert.xds.mesh.MeshSnapshot;
import io.culvert.xds.mesh.MeshState;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Bookkeeping of names, versions, ACKs and NACKs. */
final class DeltaProtocolTest {
    private final MeshState mesh = new MeshState("");
    private final DeltaProtocol protocol = new DeltaProtocol(Recorded.node().node(), mesh, AdsCounters.none());
    private int policyChanges;

    private Map<String, String> heldAddresses() {
        return protocol.initialRequests().getFirst().getInitialResourceVersionsMap();
    }

    private static Resource version(Resource resource, String version) {
        return resource.toBuilder().setVersion(version).build();
    }

    @Test
    void keepsTheLastGoodStateAndVersionOfARejectedResource() {
        protocol.respond(Pushes.addresses("1", version(Pushes.workload("w", "good"), "v1")));
        protocol.respond(Pushes.addresses("2", version(Pushes.unusable("w"), "v2")));

        assertThat(heldAddresses()).containsExactly(Map.entry("w", "v1"));
        assertThat(mesh.snapshot().workloads()).singleElement().hasToString("w");
    }

    @Test
    void saysWhatItRejectsWhyAndWhatToDo() throws Exception {
        try (LogCapture log = LogCapture.of(DeltaProtocol.class)) {
            protocol.respond(Pushes.addresses("1", Pushes.unusable("bad"), Pushes.workload("good")));

            assertThat(log.await("rejected "))
                    .startsWith("rejected 1 of 2 resources of type type.googleapis.com/istio.workload.Address: bad: ")
                    .contains("Their last good state stays in use. Look for them in istiod's log");
        }
    }

    @Test
    void doesNotHoldWhatItNeverAccepted() {
        protocol.respond(Pushes.addresses("1", Pushes.unusable("w")));

        assertThat(heldAddresses()).isEmpty();
    }

    @Test
    void appliesRemovalsOfAResponseThatItRejects() {
        protocol.respond(Pushes.addresses("1", Pushes.workload("gone")));
        DeltaDiscoveryResponse mixed = Pushes.addresses("2", Pushes.unusable("bad")).toBuilder()
                .addRemovedResources("gone")
                .build();

        assertThat(protocol.respond(mixed).hasErrorDetail()).isTrue();
        assertThat(mesh.snapshot().workloads()).isEmpty();
        assertThat(heldAddresses()).isEmpty();
    }

    @Test
    void removesBeforeItAddsWithinOneResponse() {
        protocol.respond(Pushes.addresses("1", Pushes.workload("w", "old")));
        DeltaDiscoveryResponse both = Pushes.addresses("2", Pushes.workload("w", "new")).toBuilder()
                .addRemovedResources("w")
                .build();

        protocol.respond(both);

        assertThat(mesh.snapshot().workloadByUid("w")).isNotNull();
        assertThat(heldAddresses()).containsOnlyKeys("w");
    }

    @Test
    void countsTheFirstSyncFromAcceptedResponsesOnly() {
        protocol.respond(Pushes.policies("1"));
        protocol.respond(Pushes.addresses("2", Pushes.unusable("bad")));
        assertThat(protocol.synced()).isFalse();

        protocol.respond(Pushes.addresses("3"));
        assertThat(protocol.synced()).isTrue();

        protocol.respond(Pushes.addresses("4", Pushes.unusable("bad")));
        assertThat(protocol.synced()).isTrue();
    }

    @Test
    void hasDecisionsTakenAgainForEveryResponseAboutPoliciesButAWhollyRejectedOne() {
        mesh.addListener(new MeshListener() {
            @Override
            public void policiesChanged(MeshSnapshot snapshot) {
                policyChanges++;
            }
        });
        Resource good = Pushes.resource(
                Authorization.newBuilder().setNamespace("ns").setName("good").build());
        Resource bad = Pushes.resource(Authorization.newBuilder()
                .setNamespace("ns")
                .setName("bad")
                .setActionValue(9)
                .build());

        protocol.respond(Pushes.policies("empty"));
        assertThat(policyChanges).isEqualTo(1);
        protocol.respond(Pushes.policies("rejected", bad));
        assertThat(policyChanges).isEqualTo(1);
        protocol.respond(Pushes.policies("partly", bad, good));
        assertThat(policyChanges).isEqualTo(2);
        protocol.respond(Pushes.policies("removal", bad).toBuilder()
                .addRemovedResources("ns/good")
                .build());
        assertThat(policyChanges).isEqualTo(3);
        protocol.respond(Pushes.addresses("other", Pushes.workload("w")));
        assertThat(policyChanges).isEqualTo(3);
    }

    @Test
    void cutsTheReasonsBeforeTheServerWouldRefuseTheirSize() {
        String longName = "n".repeat(1024 * 1024);

        var answer = protocol.respond(
                Pushes.addresses("1", Pushes.unusable("first"), Pushes.unusable(longName), Pushes.unusable("last")));

        assertThat(answer.getErrorDetail().getMessage())
                .startsWith("first: failed")
                .endsWith("...");
        assertThat(answer.getSerializedSize()).isLessThan(64 * 1024);
    }

    @Test
    void followsARecordedSessionStepByStep() {
        for (String push : new String[] {
            "01-address-initial", "02-authorization-initial", "03-address-pod-added", "04-address-pod-not-ready"
        }) {
            assertThat(protocol.respond(Recorded.push(push)).hasErrorDetail())
                    .as(push)
                    .isFalse();
        }
        String pod = "Kubernetes//Pod/default/echo-3";
        assertThat(heldAddresses()).hasSize(30).containsKey(pod);
        assertThat(mesh.snapshot().workloadByUid(pod)).isNotNull();

        protocol.respond(Recorded.push("05-address-pod-removed"));
        protocol.respond(Recorded.push("06-address-service-removed"));
        protocol.respond(Recorded.push("07-authorization-removed"));

        assertThat(heldAddresses()).hasSize(28);
        assertThat(mesh.snapshot().workloadByUid(pod)).isNull();
        assertThat(mesh.snapshot().policies()).hasSize(9);
        assertThat(mesh.snapshot().stagedEndpoints()).isNotEmpty();
    }
}
