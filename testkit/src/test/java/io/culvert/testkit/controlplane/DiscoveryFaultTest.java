package io.culvert.testkit.controlplane;

import static io.culvert.testkit.controlplane.TestProxy.names;
import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.proto.discovery.DeltaDiscoveryRequest;
import io.culvert.proto.discovery.DeltaDiscoveryResponse;
import io.culvert.proto.discovery.Resource;
import io.culvert.testkit.spec.AddressPlan;
import io.culvert.testkit.spec.MeshSpec;
import io.culvert.testkit.spec.ScaleMesh;
import io.grpc.Status;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Each fault of discovery, as a proxy sees it. */
@Tag("direct")
class DiscoveryFaultTest {
    private static final String POD = "Kubernetes//Pod/default/client";
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final MeshSpec MESH =
            MeshSpec.mesh("m").node("node-a", n -> n.pod("client", p -> {})).build();

    private ControlPlane server;
    private TestProxy proxy;
    private TestProxy.Stream stream;

    @BeforeEach
    void start() throws Exception {
        server = ControlPlane.builder().start();
        server.serve(MESH, AddressPlan.of(MESH, 0));
        proxy = TestProxy.connect(server, server.tokens().issue(ProxyAccount.ofNode("node-a")));
        stream = proxy.open();
    }

    @AfterEach
    void stop() throws Exception {
        proxy.close();
        server.close();
    }

    private void ask(ResourceType type) {
        stream.send(DeltaDiscoveryRequest.newBuilder().setTypeUrl(type.url()));
    }

    private DeltaDiscoveryResponse answer(DiscoveryFault fault) throws Exception {
        server.discoveryFaults().next(1, fault);
        ask(ResourceType.ADDRESS);
        return stream.receive();
    }

    private void remove() {
        server.edit(edit -> edit.remove(ResourceType.ADDRESS, POD));
    }

    @Test
    void aDroppedResponseCountsAsSent() throws Exception {
        server.discoveryFaults().next(1, new DiscoveryFault.Drop());
        ask(ResourceType.ADDRESS);
        server.events().await(ControlPlaneEvent.Faulted.class, fault -> true, LIMIT);
        remove();
        assertThat(stream.receive().getRemovedResourcesList()).containsExactly(POD);
        assertThat(server.events().all(ControlPlaneEvent.Sent.class)).hasSize(1);
    }

    @Test
    void muteHoldsUpWhatIsBehindUntilCleared() throws Exception {
        server.discoveryFaults().next(1, new DiscoveryFault.Mute());
        ask(ResourceType.ADDRESS);
        ask(ResourceType.AUTHORIZATION);
        server.events().await(ControlPlaneEvent.Faulted.class, fault -> true, LIMIT);
        assertThat(stream.received()).isFalse();
        server.discoveryFaults().clear();
        assertThat(names(stream.receive())).containsExactly(POD);
        assertThat(stream.receive().getTypeUrl()).isEqualTo(ResourceType.AUTHORIZATION.url());
    }

    @Test
    void aDelayKeepsTheOrder() throws Exception {
        server.discoveryFaults().next(1, new DiscoveryFault.Delay(Duration.ofMillis(50)));
        ask(ResourceType.ADDRESS);
        ask(ResourceType.AUTHORIZATION);
        assertThat(stream.receive().getTypeUrl()).isEqualTo(ResourceType.ADDRESS.url());
        assertThat(stream.receive().getTypeUrl()).isEqualTo(ResourceType.AUTHORIZATION.url());
    }

    @Test
    void aSwappedResponseComesAfterTheNext() throws Exception {
        server.discoveryFaults().next(1, new DiscoveryFault.Swap());
        ask(ResourceType.ADDRESS);
        ask(ResourceType.AUTHORIZATION);
        assertThat(stream.receive().getTypeUrl()).isEqualTo(ResourceType.AUTHORIZATION.url());
        assertThat(stream.receive().getTypeUrl()).isEqualTo(ResourceType.ADDRESS.url());
    }

    @Test
    void aDuplicateIsTheSameTwice() throws Exception {
        assertThat(answer(new DiscoveryFault.Duplicate())).isEqualTo(stream.receive());
    }

    @Test
    void aNonceIsUsedTwice() throws Exception {
        ask(ResourceType.ADDRESS);
        String first = stream.receive().getNonce();
        server.discoveryFaults().next(1, new DiscoveryFault.RepeatNonce());
        remove();
        DeltaDiscoveryResponse second = stream.receive();
        assertThat(second.getNonce()).isEqualTo(first);
        assertThat(second.getRemovedResourcesList()).containsExactly(POD);
    }

    @Test
    void versionsAreSkewed() throws Exception {
        assertThat(answer(new DiscoveryFault.SkewVersions()).getResourcesList())
                .extracting(Resource::getVersion)
                .allMatch(version -> version.startsWith("skewed/"));
    }

    @ParameterizedTest
    @EnumSource(Unusable.class)
    void oneMoreResourceIsUnusable(Unusable kind) throws Exception {
        assertThat(names(answer(new DiscoveryFault.Spoil(kind)))).containsExactly(POD, kind.defaultName());
    }

    @Test
    void anUnknownTypeComesBefore() throws Exception {
        assertThat(answer(new DiscoveryFault.UnknownType()).getTypeUrl()).endsWith("Unknown");
        assertThat(names(stream.receive())).containsExactly(POD);
    }

    @Test
    void garbageBreaksTheStreamAtTheReader() throws Exception {
        server.discoveryFaults().next(1, new DiscoveryFault.Garbage());
        ask(ResourceType.ADDRESS);
        assertThat(Status.fromThrowable(stream.end().getCause()).getCode())
                .as("gRPC wraps the failure of the parser")
                .isEqualTo(Status.Code.INTERNAL);
    }

    @Test
    void anOversizedMessageIsOne() throws Exception {
        DeltaDiscoveryResponse message = answer(new DiscoveryFault.Oversized(1_000_000));
        assertThat(message.getSerializedSize()).isEqualTo(1_000_000);
        assertThat(message.getTypeUrl()).isEqualTo(ResourceType.ADDRESS.url());
    }

    @Test
    void theStreamEndsInPlaceOfAResponse() throws Exception {
        server.discoveryFaults().next(1, new DiscoveryFault.End(Status.OK));
        ask(ResourceType.ADDRESS);
        assertThat(stream.end().isOk()).isTrue();
        assertThat(server.streams()).isZero();
    }

    @Test
    void aDeafServerStillSpeaks() throws Exception {
        ask(ResourceType.ADDRESS);
        stream.receive();
        server.deaf(true);
        // One request was asked for before the server went deaf.
        ask(ResourceType.AUTHORIZATION);
        stream.receive();
        stream.send(DeltaDiscoveryRequest.newBuilder()
                .setTypeUrl(ResourceType.ADDRESS.url())
                .addResourceNamesSubscribe("nobody"));
        remove();
        assertThat(stream.receive().getRemovedResourcesList()).containsExactly(POD);
        assertThat(stream.received()).isFalse();
        server.deaf(false);
        assertThat(stream.receive().getRemovedResourcesList()).containsExactly("nobody");
    }

    @Test
    void faultsAboutOneTypeLeaveTheOtherAlone() throws Exception {
        server.discoveryFaults().about(ResourceType.AUTHORIZATION.name()::equals, new DiscoveryFault.Drop());
        ask(ResourceType.AUTHORIZATION);
        ask(ResourceType.ADDRESS);
        assertThat(stream.receive().getTypeUrl()).isEqualTo(ResourceType.ADDRESS.url());
    }

    @Test
    void servesAMeshOfAnySize() throws Exception {
        server.serve(new ScaleMesh(300, 20, 5));
        ask(ResourceType.ADDRESS);
        assertThat(names(stream.receive())).hasSize(320);
        ask(ResourceType.AUTHORIZATION);
        assertThat(names(stream.receive())).hasSize(5);
    }
}
