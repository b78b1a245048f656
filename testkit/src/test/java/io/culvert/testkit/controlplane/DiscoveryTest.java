package io.culvert.testkit.controlplane;

import static io.culvert.testkit.controlplane.TestProxy.names;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.google.protobuf.ByteString;
import io.culvert.proto.discovery.DeltaDiscoveryRequest;
import io.culvert.proto.discovery.DeltaDiscoveryResponse;
import io.culvert.proto.discovery.Resource;
import io.culvert.proto.security.Authorization;
import io.culvert.proto.workload.Address;
import io.culvert.testkit.spec.AddressPlan;
import io.culvert.testkit.spec.Matches;
import io.culvert.testkit.spec.MeshSpec;
import io.culvert.testkit.spec.PolicySpec;
import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("direct")
class DiscoveryTest {
    private static final String CLIENT = "Kubernetes//Pod/default/client";
    private static final String ECHO = "Kubernetes//Pod/default/echo";
    private static final String SERVICE = "default/echo.default.svc.cluster.local";
    private static final String DENY = "default/deny-9999";
    private static final Duration LIMIT = Duration.ofSeconds(20);

    private static final MeshSpec MESH = MeshSpec.mesh("m")
            .namespace("default", n -> n.mesh(true))
            .node("node-a", n -> n.pod("client", p -> p.serviceAccount("client")))
            .node("node-b", n -> n.pod("echo", p -> p.label("app", "echo")))
            .service("echo", s -> s.selecting("app", "echo").port(80, 8080))
            .policy(PolicySpec.deny("default", "deny-9999")
                    .rule(Matches.destinationPort(9999))
                    .build())
            .build();
    private static final AddressPlan PLAN = AddressPlan.of(MESH, 0);

    private ControlPlane server;
    private TestProxy proxy;

    @BeforeEach
    void start() throws Exception {
        server = ControlPlane.builder().start();
        server.serve(MESH, PLAN);
        proxy = TestProxy.connect(server, server.tokens().issue(ProxyAccount.ofNode("node-a")));
    }

    @AfterEach
    void stop() throws Exception {
        proxy.close();
        server.close();
    }

    @Test
    void wildcardIsAnsweredWithTheWholeMesh() throws Exception {
        TestProxy.Stream stream = proxy.open();
        stream.send(wildcard(ResourceType.ADDRESS));
        DeltaDiscoveryResponse addresses = stream.receive();
        assertThat(names(addresses)).containsExactly(CLIENT, ECHO, SERVICE);
        assertThat(addresses.getResourcesList())
                .extracting(Resource::getVersion)
                .doesNotContain("");
        Address echo = Address.parseFrom(addresses.getResources(1).getResource().getValue());
        assertThat(echo.getWorkload().getServicesMap()).containsOnlyKeys(SERVICE);

        stream.send(wildcard(ResourceType.AUTHORIZATION));
        DeltaDiscoveryResponse policies = stream.receive();
        assertThat(names(policies)).containsExactly(DENY);
        assertThat(policies.getResources(0).getVersion()).isEmpty();
        assertThat(Authorization.parseFrom(
                                policies.getResources(0).getResource().getValue())
                        .getName())
                .isEqualTo("deny-9999");
        assertThat(policies.getNonce()).isNotEqualTo(addresses.getNonce());
    }

    @Test
    void typeWithoutResourcesIsAnsweredToo() throws Exception {
        server.edit(edit -> edit.replace(List.of(), List.of()));
        TestProxy.Stream stream = proxy.open();
        stream.send(wildcard(ResourceType.AUTHORIZATION));
        DeltaDiscoveryResponse response = stream.receive();
        assertThat(response.getResourcesList()).isEmpty();
        assertThat(response.getNonce()).isNotEmpty();
    }

    @Test
    void pushesOnlyWhatChanged() throws Exception {
        TestProxy.Stream stream = proxy.open();
        stream.send(wildcard(ResourceType.ADDRESS));
        stream.receive();
        MeshSpec changed = MESH.toBuilder()
                .removePod("default", "echo")
                .pod("node-b", "fresh", p -> {})
                .build();
        server.serve(changed, PLAN.evolve(changed));
        DeltaDiscoveryResponse push = stream.receive();
        assertThat(names(push)).containsExactly("Kubernetes//Pod/default/fresh");
        assertThat(push.getRemovedResourcesList()).containsExactly(ECHO);

        server.serve(changed, PLAN.evolve(changed));
        server.edit(edit -> edit.remove(ResourceType.ADDRESS, SERVICE));
        assertThat(stream.receive().getRemovedResourcesList())
                .as("equal state is not pushed")
                .containsExactly(SERVICE);
    }

    @Test
    void reconnectGetsOnlyTheDifference() throws Exception {
        TestProxy.Stream first = proxy.open();
        first.send(wildcard(ResourceType.ADDRESS));
        DeltaDiscoveryResponse whole = first.receive();
        first.complete();
        server.edit(edit -> edit.remove(ResourceType.ADDRESS, ECHO));

        TestProxy.Stream second = proxy.open();
        DeltaDiscoveryRequest.Builder again = wildcard(ResourceType.ADDRESS);
        whole.getResourcesList().forEach(r -> again.putInitialResourceVersions(r.getName(), r.getVersion()));
        again.putInitialResourceVersions(CLIENT, "older").putInitialResourceVersions("gone/long-ago", "1");
        second.send(again);
        DeltaDiscoveryResponse difference = second.receive();
        assertThat(names(difference)).containsExactly(CLIENT);
        assertThat(difference.getRemovedResourcesList()).containsExactlyInAnyOrder(ECHO, "gone/long-ago");
    }

    @Test
    void policiesHaveNoVersionAndAreSentAgainOnReconnect() throws Exception {
        TestProxy.Stream stream = proxy.open();
        stream.send(wildcard(ResourceType.AUTHORIZATION)
                .putInitialResourceVersions(DENY, "")
                .putInitialResourceVersions("default/gone", ""));
        DeltaDiscoveryResponse response = stream.receive();
        assertThat(names(response)).containsExactly(DENY);
        assertThat(response.getRemovedResourcesList()).containsExactly("default/gone");
    }

    @Test
    void recordsAckAndNack() throws Exception {
        TestProxy.Stream stream = proxy.open();
        stream.send(wildcard(ResourceType.ADDRESS));
        DeltaDiscoveryResponse good = stream.receive();
        stream.ack(good);
        server.events().await(ControlPlaneEvent.Acked.class, ack -> ack.nonce().equals(good.getNonce()), LIMIT);

        server.edit(edit -> edit.putRaw(ResourceType.ADDRESS, "bad/one", ByteString.copyFromUtf8("\1\2\3")));
        DeltaDiscoveryResponse bad = stream.receive();
        assertThat(names(bad)).containsExactly("bad/one");
        stream.nack(bad, "bad/one: decode");
        ControlPlaneEvent.Nacked nacked = server.events()
                .await(ControlPlaneEvent.Nacked.class, nack -> nack.nonce().equals(bad.getNonce()), LIMIT);
        assertThat(nacked.message()).isEqualTo("bad/one: decode");
        assertThat(nacked.type()).isEqualTo(ResourceType.ADDRESS);
        assertThat(stream.received())
                .as("a rejected resource is not sent again by itself")
                .isFalse();
    }

    @Test
    void waitingForWhatDoesNotComeEndsWithTheLastEvents() {
        assertThatExceptionOfType(TimeoutException.class)
                .isThrownBy(
                        () -> server.events().await(ControlPlaneEvent.Nacked.class, nack -> true, Duration.ofMillis(1)))
                .withMessageContaining("last events");
    }

    @Test
    void onDemandAnswersForOwnNodeAndForWhatIsAsked() throws Exception {
        TestProxy.Stream stream = proxy.open();
        stream.send(request(ResourceType.ADDRESS).addResourceNamesSubscribe("*").addResourceNamesUnsubscribe("*"));
        assertThat(names(stream.receive())).containsExactly(CLIENT);

        stream.send(request(ResourceType.ADDRESS).addResourceNamesSubscribe("/10.180.0.10"));
        DeltaDiscoveryResponse service = stream.receive();
        assertThat(names(service)).containsExactly(SERVICE, ECHO);
        assertThat(service.getResources(0).getAliasesList()).containsExactly("/10.180.0.10", "/fd00:96::a");

        stream.send(request(ResourceType.ADDRESS).addResourceNamesSubscribe("/10.99.99.99"));
        assertThat(stream.receive().getRemovedResourcesList()).containsExactly("/10.99.99.99");
    }

    @Test
    void onDemandHearsOfChangesToWhatItAskedForOnly() throws Exception {
        TestProxy.Stream stream = proxy.open();
        stream.send(request(ResourceType.ADDRESS).addResourceNamesSubscribe("*").addResourceNamesUnsubscribe("*"));
        stream.receive();
        server.edit(edit -> edit.remove(ResourceType.ADDRESS, ECHO));
        server.edit(edit -> edit.remove(ResourceType.ADDRESS, CLIENT));
        assertThat(stream.receive().getRemovedResourcesList()).containsExactly(CLIENT);
    }

    @Test
    void severalProxiesHearTheSame() throws Exception {
        try (TestProxy other = TestProxy.connect(server, server.tokens().issue(ProxyAccount.ofNode("node-b")))) {
            TestProxy.Stream one = proxy.open();
            TestProxy.Stream two = other.open();
            one.send(wildcard(ResourceType.ADDRESS));
            two.send(wildcard(ResourceType.ADDRESS));
            assertThat(names(one.receive())).isEqualTo(names(two.receive()));
            server.edit(edit -> edit.remove(ResourceType.ADDRESS, ECHO));
            assertThat(one.receive().getRemovedResourcesList())
                    .isEqualTo(two.receive().getRemovedResourcesList());
            assertThat(server.streams()).isEqualTo(2);
        }
    }

    @Test
    void refusesUnknownToken() throws Exception {
        try (TestProxy stranger = TestProxy.connect(server, "ey.not.issued")) {
            TestProxy.Stream stream = stranger.open();
            assertThat(stream.end().getCode()).isEqualTo(Status.Code.UNAUTHENTICATED);
        }
    }

    @Test
    void refusesRevokedToken() throws Exception {
        String token = server.tokens().issue(ProxyAccount.ofNode("node-a"));
        server.tokens().revoke(token);
        try (TestProxy late = TestProxy.connect(server, token)) {
            assertThat(late.open().end().getCode()).isEqualTo(Status.Code.UNAUTHENTICATED);
        }
    }

    @Test
    void refusesUnknownType() throws Exception {
        TestProxy.Stream stream = proxy.open();
        stream.send(DeltaDiscoveryRequest.newBuilder().setTypeUrl("type.googleapis.com/envoy.Listener"));
        assertThat(stream.end().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
    }

    @Test
    void endsStreamsOnCommand() throws Exception {
        TestProxy.Stream stream = proxy.open();
        stream.send(wildcard(ResourceType.ADDRESS));
        stream.receive();
        server.closeStreams(Status.UNAVAILABLE.withDescription("maintenance"));
        assertThat(stream.end().getDescription()).isEqualTo("maintenance");
        server.events().await(ControlPlaneEvent.StreamClosed.class, closed -> true, LIMIT);
        assertThat(server.streams()).isZero();
    }

    @Test
    void recordsHeadersButNotTheToken() throws Exception {
        proxy.open().send(wildcard(ResourceType.ADDRESS));
        ControlPlaneEvent.StreamOpened opened =
                server.events().await(ControlPlaneEvent.StreamOpened.class, event -> true, LIMIT);
        assertThat(opened.caller()).isEqualTo(ProxyAccount.ofNode("node-a"));
        assertThat(opened.headers()).containsEntry("clusterid", "Kubernetes").doesNotContainKey("authorization");
    }

    private static DeltaDiscoveryRequest.Builder wildcard(ResourceType type) {
        return request(type);
    }

    private static DeltaDiscoveryRequest.Builder request(ResourceType type) {
        return DeltaDiscoveryRequest.newBuilder().setTypeUrl(type.url());
    }
}
