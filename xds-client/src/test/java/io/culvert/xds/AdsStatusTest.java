package io.culvert.xds;

import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.proto.discovery.Resource;
import io.culvert.xds.mesh.MeshState;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** What operators see of the conversation. */
final class AdsStatusTest {
    private final DeltaProtocol protocol =
            new DeltaProtocol(Recorded.node().node(), new MeshState(""), AdsCounters.none());

    private AdsStatus.TypeStatus addresses() {
        return Objects.requireNonNull(protocol.status().get(ResourceType.ADDRESS.typeUrl()));
    }

    @Test
    void countsPerType() {
        protocol.respond(Recorded.push("01-address-initial"));
        protocol.respond(Recorded.push("05-address-pod-removed"));
        protocol.respond(Recorded.push("02-authorization-initial"));

        assertThat(addresses().held()).isEqualTo(29);
        assertThat(addresses().responses()).isEqualTo(2);
        assertThat(addresses().added()).isEqualTo(29);
        assertThat(addresses().removed()).isEqualTo(1);
        assertThat(addresses().nacks()).isZero();
        assertThat(addresses().version())
                .isEqualTo(Recorded.push("05-address-pod-removed").getSystemVersionInfo())
                .isNotEmpty();
        assertThat(protocol.status().get(ResourceType.AUTHORIZATION.typeUrl()))
                .isNotNull()
                .extracting(AdsStatus.TypeStatus::held)
                .isEqualTo(10);
    }

    @Test
    void showsWhatIsRejectedUntilItIsMended() {
        protocol.respond(Pushes.addresses("1", Pushes.unusable("a"), Pushes.unusable("b"), Pushes.workload("c")));
        assertThat(addresses().reasons())
                .isEqualTo(Map.of(
                        "a", "failed to parse address, had 3 bytes", "b", "failed to parse address, had 3 bytes"));

        protocol.respond(Pushes.addresses("2", Pushes.workload("a")));
        protocol.respond(Pushes.removal("3", "b"));

        assertThat(addresses().reasons()).isEmpty();
        assertThat(addresses().rejected()).isZero();
        assertThat(addresses().nacks()).isEqualTo(1);
    }

    @Test
    void forgetsRejectionsThatANewStreamDoesNotRepeat() {
        protocol.respond(Pushes.addresses("1", Pushes.unusable("a"), Pushes.unusable("b")));
        protocol.initialRequests();

        protocol.respond(Pushes.addresses("2", Pushes.unusable("b")));
        assertThat(addresses().reasons()).containsOnlyKeys("b");

        protocol.respond(Pushes.addresses("3"));
        assertThat(addresses().reasons()).as("later responses are differences").containsOnlyKeys("b");
    }

    @Test
    void keepsAFewOfManyAndTheBeginningOfLongNames() {
        Resource[] bad = new Resource[1_000];
        for (int i = 0; i < bad.length; i++) {
            bad[i] = Pushes.unusable(i + "x".repeat(10_000));
        }
        protocol.respond(Pushes.addresses("1", bad));

        assertThat(addresses().rejected()).isEqualTo(1_000);
        assertThat(addresses().reasons())
                .hasSize(RejectedResources.KEPT_MAX)
                .allSatisfy((name, reason) -> assertThat(name).hasSizeLessThan(600));
    }
}
