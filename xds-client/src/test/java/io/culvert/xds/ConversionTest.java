package io.culvert.xds;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.UInt32Value;
import io.culvert.proto.discovery.DeltaDiscoveryRequest;
import io.culvert.proto.discovery.Resource;
import io.culvert.proto.security.Authorization;
import io.culvert.proto.workload.Address;
import io.culvert.proto.workload.ApplicationTunnel;
import io.culvert.proto.workload.GatewayAddress;
import io.culvert.proto.workload.LoadBalancing;
import io.culvert.proto.workload.NamespacedHostname;
import io.culvert.proto.workload.NetworkAddress;
import io.culvert.proto.workload.Port;
import io.culvert.proto.workload.PortList;
import io.culvert.proto.workload.Service;
import io.culvert.proto.workload.TunnelProtocol;
import io.culvert.proto.workload.WeightedWaypoint;
import io.culvert.proto.workload.Workload;
import io.culvert.xds.mesh.AuthorizationPolicy;
import io.culvert.xds.mesh.IpAddress;
import io.culvert.xds.mesh.Match;
import io.culvert.xds.mesh.MeshState;
import io.culvert.xds.mesh.NamespacedName;
import io.culvert.xds.mesh.StringMatch;
import io.culvert.xds.mesh.Visibility;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What becomes of single resources: reasons of refusal, defaults, leniencies. */
final class ConversionTest {
    private static final ByteString IP4 = ByteString.copyFrom(new byte[] {10, 0, 0, 1});
    private static final ByteString MAPPED =
            ByteString.copyFrom(new byte[] {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, -1, 10, 0, 0, 1});

    private final MeshState mesh = new MeshState("");
    private final RecordingCounters counters = new RecordingCounters();
    private final DeltaProtocol protocol = new DeltaProtocol(Recorded.node().node(), mesh, counters);

    private static Workload.Builder workload() {
        return Workload.newBuilder().setUid("w").setNamespace("ns");
    }

    private static Service.Builder service() {
        return Service.newBuilder().setNamespace("ns").setHostname("h");
    }

    private static NetworkAddress.Builder address(ByteString bytes) {
        return NetworkAddress.newBuilder().setNetwork("n").setAddress(bytes);
    }

    private static Arguments refused(Workload.Builder workload, String reason) {
        return Arguments.of(Pushes.resource(workload.build()), "w: " + reason);
    }

    private static Arguments refused(Service.Builder service, String reason) {
        return Arguments.of(Pushes.resource(service.build()), "ns/h: " + reason);
    }

    static Stream<Arguments> refusedAddresses() {
        ByteString three = ByteString.copyFrom(new byte[3]);
        return Stream.of(
                refused(workload().addAddresses(three), "failed to parse address, had 3 bytes"),
                refused(workload().addAddresses(ByteString.EMPTY), "failed to parse address, had 0 bytes"),
                refused(
                        workload().setTunnelProtocol(TunnelProtocol.LEGACY_ISTIO_MTLS),
                        "unknown enum: LEGACY_ISTIO_MTLS"),
                refused(workload().setTunnelProtocolValue(9), "unknown enum: tunnel_protocol 9"),
                refused(workload().setWorkloadTypeValue(9), "unknown enum: workload_type 9"),
                refused(workload().setStatusValue(9), "unknown enum: status 9"),
                refused(workload().setNetworkModeValue(9), "unknown enum: network_mode 9"),
                refused(
                        workload()
                                .setApplicationTunnel(
                                        ApplicationTunnel.newBuilder().setProtocolValue(9)),
                        "unknown enum: application_tunnel 9"),
                refused(
                        workload().putServices("no-slash", PortList.getDefaultInstance()),
                        "failed to parse namespaced hostname: no-slash"),
                refused(
                        workload().setWaypoint(GatewayAddress.newBuilder().setHboneMtlsPort(15_008)),
                        "nonempty gateway address is missing address"),
                refused(
                        workload().setNetworkGateway(GatewayAddress.newBuilder().setAddress(address(three))),
                        "failed to parse address, had 3 bytes"),
                refused(service().addAddresses(address(three)), "failed to parse address, had 3 bytes"),
                refused(service().addAddresses(address(IP4).setLength(33)), "invalid cidr: 10.0.0.1/33"),
                refused(service().addAddresses(address(IP4).setLength(-1)), "invalid cidr: 10.0.0.1/4294967295"),
                refused(service().addAddresses(address(MAPPED).setLength(64)), "invalid cidr: 10.0.0.1/64"),
                refused(service().setIpFamiliesValue(9), "unknown enum: ip_families 9"),
                refused(
                        service()
                                .setLoadBalancing(LoadBalancing.newBuilder()
                                        .addRoutingPreference(LoadBalancing.Scope.UNSPECIFIED_SCOPE)),
                        "unknown enum: routing_preference 0"),
                refused(
                        service().setLoadBalancing(LoadBalancing.newBuilder().addRoutingPreferenceValue(9)),
                        "unknown enum: routing_preference 9"),
                refused(service().setLoadBalancing(LoadBalancing.newBuilder().setModeValue(9)), "unknown enum: mode 9"),
                refused(
                        service().setLoadBalancing(LoadBalancing.newBuilder().setHealthPolicyValue(9)),
                        "unknown enum: health_policy 9"),
                refused(
                        service()
                                .addWeightedWaypoints(
                                        WeightedWaypoint.newBuilder().setWeight(1)),
                        "nonempty gateway address is missing address"),
                Arguments.of(Resource.newBuilder().setName("empty").build(), "empty: XDS payload without resource"),
                Arguments.of(
                        Pushes.named(
                                "nameless",
                                Address.newBuilder()
                                        .setWorkload(workload().setUid(""))
                                        .build()),
                        "nameless: workload without uid"),
                Arguments.of(Pushes.raw("neither", ByteString.EMPTY), "neither: unknown address type"));
    }

    @ParameterizedTest
    @MethodSource("refusedAddresses")
    void refusesOneResourceAndTakesItsNeighbour(Resource bad, String reason) {
        DeltaDiscoveryRequest answer = protocol.respond(Pushes.addresses("n", bad, Pushes.workload("good")));

        assertThat(answer.getErrorDetail().getMessage()).isEqualTo(reason);
        assertThat(mesh.snapshot().workloads()).hasSize(1);
        assertThat(mesh.snapshot().services()).isEmpty();
        assertThat(counters.rejected).containsValue(1);
    }

    @Test
    void refusesTruncatedAndGarbledPayloads() {
        ByteString whole = Pushes.workload("w", "a name").getResource().getValue();
        ByteString garbage = ByteString.copyFrom(new byte[] {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1});

        DeltaDiscoveryRequest answer = protocol.respond(Pushes.addresses(
                "n", Pushes.raw("cut", whole.substring(0, whole.size() - 1)), Pushes.raw("garbage", garbage)));

        assertThat(answer.getErrorDetail().getMessage()).matches("cut: decode: [^;]+; garbage: decode: [^;]+");
        assertThat(mesh.snapshot().workloads()).isEmpty();
    }

    @Test
    void survivesEveryTruncationOfARecordedPush() {
        for (Resource resource : Recorded.push("01-address-initial").getResourcesList()) {
            ByteString whole = resource.getResource().getValue();
            for (int length = 0; length < whole.size(); length += 7) {
                ByteString cut = whole.substring(0, length);
                assertThat(protocol.respond(Pushes.addresses("n", Pushes.raw("cut", cut)))
                                .getResponseNonce())
                        .isEqualTo("n");
            }
        }
    }

    @Test
    void fillsInWhatAWorkloadLeavesOut() {
        protocol.respond(Pushes.addresses("n", Pushes.resource(workload().build())));
        var workload = Objects.requireNonNull(mesh.snapshot().workloadByUid("w"));

        assertThat(workload.identity()).hasToString("spiffe://cluster.local/ns/ns/sa/default");
        assertThat(workload.clusterId()).isEqualTo("Kubernetes");
        assertThat(workload.workloadType()).isEqualTo("deployment");
        assertThat(workload.capacity()).isEqualTo(1);
        assertThat(workload.waypoint()).isNull();
        assertThat(workload.applicationTunnel()).isNull();
    }

    @Test
    void takesAnIpv4MappedAddressForTheIpv4Address() {
        protocol.respond(Pushes.addresses(
                "n",
                Pushes.resource(workload().addAddresses(MAPPED).setNetwork("n").build()),
                Pushes.resource(service()
                        .addAddresses(address(MAPPED).setLength(128))
                        .addAddresses(address(MAPPED).setLength(104))
                        .build())));
        IpAddress v4 = IpAddress.parse("10.0.0.1");

        assertThat(mesh.snapshot().workloadByAddress("n", v4)).isNotNull();
        assertThat(mesh.snapshot().serviceByVip("n", v4, null)).isNotNull();
        assertThat(mesh.snapshot().serviceByVip("n", IpAddress.parse("10.9.9.9"), null))
                .isNotNull();
        assertThat(mesh.snapshot().serviceByVip("n", IpAddress.parse("11.0.0.1"), null))
                .isNull();
    }

    @Test
    void truncatesPortsAndKeepsUnsignedWeights() {
        protocol.respond(Pushes.addresses(
                "n",
                Pushes.resource(workload()
                        .setCapacity(UInt32Value.of(-1))
                        .putServices(
                                "ns/h",
                                PortList.newBuilder()
                                        .addPorts(Port.newBuilder()
                                                .setServicePort(65_616)
                                                .setTargetPort(8080))
                                        .build())
                        .setWaypoint(GatewayAddress.newBuilder()
                                .setHostname(NamespacedHostname.newBuilder()
                                        .setNamespace("ns")
                                        .setHostname("wp"))
                                .setHboneMtlsPort(65_536 + 15_008))
                        .build())));
        var workload = Objects.requireNonNull(mesh.snapshot().workloadByUid("w"));

        assertThat(workload.capacity()).isEqualTo(Integer.MAX_VALUE);
        assertThat(workload.services()).containsKey(new NamespacedName("ns", "h"));
        assertThat(workload.services().values()).singleElement().hasToString("{80=8080}");
        assertThat(workload.waypoint())
                .isEqualTo(new io.culvert.xds.mesh.GatewayAddress.ByHostname(new NamespacedName("ns", "wp"), 15_008));
    }

    @Test
    void takesAnUnknownVisibilityForPublicAndIgnoresAppProtocols() {
        DeltaDiscoveryRequest answer = protocol.respond(Pushes.addresses(
                "n",
                Pushes.resource(service()
                        .setVisibilityValue(9)
                        .addPorts(Port.newBuilder().setServicePort(80).setAppProtocolValue(99))
                        .build())));

        assertThat(answer.hasErrorDetail()).isFalse();
        assertThat(mesh.snapshot().services())
                .singleElement()
                .extracting(io.culvert.xds.mesh.Service::visibility)
                .isEqualTo(Visibility.PUBLIC);
    }

    @Test
    void refusesPoliciesOfUnknownScopeOrAction() {
        DeltaDiscoveryRequest answer = protocol.respond(Pushes.policies(
                "n",
                Pushes.resource(Authorization.newBuilder()
                        .setNamespace("ns")
                        .setName("s")
                        .setScopeValue(7)
                        .build()),
                Pushes.resource(Authorization.newBuilder()
                        .setNamespace("ns")
                        .setName("a")
                        .setActionValue(7)
                        .build())));

        assertThat(answer.getErrorDetail().getMessage())
                .isEqualTo("ns/s: unknown enum: scope 7; ns/a: unknown enum: action 7");
        assertThat(mesh.snapshot().policies()).isEmpty();
    }

    @Test
    void dropsConditionsThatCannotBeReadAndKeepsTheRest() {
        var sent = io.culvert.proto.security.Match.newBuilder()
                .addPrincipals(io.culvert.proto.security.StringMatch.getDefaultInstance())
                .addPrincipals(
                        io.culvert.proto.security.StringMatch.newBuilder().setPrefix("p"))
                .addSourceIps(io.culvert.proto.security.Address.newBuilder()
                        .setAddress(IP4)
                        .setLength(40))
                .addSourceIps(io.culvert.proto.security.Address.newBuilder()
                        .setAddress(IP4)
                        .setLength(0))
                .addDestinationPorts(65_536 + 80);
        protocol.respond(Pushes.policies(
                "n",
                Pushes.resource(Authorization.newBuilder()
                        .setNamespace("ns")
                        .setName("p")
                        .addRules(io.culvert.proto.security.Rule.newBuilder()
                                .addClauses(io.culvert.proto.security.Clause.newBuilder()
                                        .addMatches(sent)))
                        .build())));
        AuthorizationPolicy policy = Objects.requireNonNull(mesh.snapshot().policy("ns/p"));
        Match match = policy.rules().getFirst().clauses().getFirst().matches().getFirst();

        assertThat(match.principals()).containsExactly(new StringMatch.Prefix("p"));
        assertThat(match.sourceIps()).singleElement().hasToString("10.0.0.1/0");
        assertThat(match.destinationPorts()).containsExactly(80);
        assertThat(match.isEmpty()).isFalse();
    }
}
