package io.culvert.xds;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import io.culvert.proto.discovery.DeltaDiscoveryRequest;
import io.culvert.xds.mesh.MeshState;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Our requests equal those that ztunnel sent in the same environment to the same answers. */
final class RecordedRequestsTest {
    private final MeshState mesh = new MeshState("node-a");
    private final DeltaProtocol protocol = new DeltaProtocol(Recorded.node().node(), mesh, AdsCounters.none());

    @Test
    void asksForAddressesThenPolicies() {
        assertThat(protocol.initialRequests())
                .containsExactly(
                        Recorded.request("01-delta-request-stream1"), Recorded.request("02-delta-request-stream1"));
    }

    @Test
    void acknowledgesWithNothingButTypeAndNonce() {
        assertThat(protocol.respond(Recorded.push("01-address-initial")))
                .isEqualTo(Recorded.request("03-delta-request-stream1"));
        assertThat(protocol.synced()).isFalse();
        assertThat(protocol.respond(Recorded.push("02-authorization-initial")))
                .isEqualTo(Recorded.request("04-delta-request-stream1"));
        assertThat(protocol.synced()).isTrue();
    }

    @Test
    void repeatsOnANewStreamWhatItHolds() {
        protocol.respond(Recorded.push("01-address-initial"));
        protocol.respond(Recorded.push("02-authorization-initial"));

        List<DeltaDiscoveryRequest> requests = protocol.initialRequests();

        assertThat(requests)
                .containsExactly(
                        Recorded.request("08-delta-request-stream2"), Recorded.request("09-delta-request-stream2"));
    }

    @Test
    void addsJsonMetadataAsItIsTyped() {
        XdsNode node = XdsNode.of(
                "",
                "p",
                "n",
                "",
                Map.of("NAME", "other"),
                Map.of("LIST", "[1, true, null, \"s\", {\"k\": 2.5}]", "BROKEN", "{", "TWO", "1 2"));

        Struct metadata = node.node().getMetadata();
        Value inner = Value.newBuilder().setNumberValue(2.5).build();

        assertThat(node.node().getId()).isEqualTo("ztunnel~1.1.1.1~p.n~n.svc.cluster.local");
        assertThat(metadata.getFieldsMap()).doesNotContainKeys("BROKEN", "TWO");
        assertThat(metadata.getFieldsOrThrow("NAME").getStringValue()).isEqualTo("other");
        assertThat(metadata.getFieldsOrThrow("LIST").getListValue().getValuesList())
                .hasSize(5)
                .element(4)
                .isEqualTo(Value.newBuilder()
                        .setStructValue(Struct.newBuilder().putFields("k", inner))
                        .build());
    }
}
