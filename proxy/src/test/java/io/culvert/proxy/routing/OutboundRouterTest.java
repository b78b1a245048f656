package io.culvert.proxy.routing;

import static io.culvert.proxy.routing.TestMesh.byAddress;
import static io.culvert.proxy.routing.TestMesh.byHostname;
import static io.culvert.proxy.routing.TestMesh.pod;
import static io.culvert.proxy.routing.TestMesh.service;
import static io.culvert.proxy.routing.TestMesh.serving;
import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.proxy.address.IpPort;
import io.culvert.proxy.outcome.ProxyError;
import io.culvert.xds.mesh.IpFamilies;
import io.culvert.xds.mesh.LoadBalancing;
import io.culvert.xds.mesh.NetworkMode;
import io.culvert.xds.mesh.PortMap;
import io.culvert.xds.mesh.TunnelProtocol;
import io.culvert.xds.mesh.Visibility;
import io.culvert.xds.mesh.WeightedWaypoint;
import io.culvert.xds.mesh.WorkloadStatus;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The decision vectors of ztunnel's proxy/outbound.rs, in our own words. */
class OutboundRouterTest {

    private static final int ROUNDS = 50;
    private static final int SEED = 20_261_121;

    private final OutboundRouter router = new OutboundRouter("", ProxyPorts.of(false));
    private final TestMesh mesh =
            new TestMesh().workload(pod("client", "127.0.0.1", "::1").tunnelProtocol(TunnelProtocol.NONE));

    private OutboundDecision decide(String target) {
        return decide("client", target, new Random(SEED));
    }

    private OutboundDecision decide(String source, String target, Random random) {
        var workload = mesh.get(source);
        return router.decide(mesh.snapshot(), workload, workload.addresses().getFirst(), address(target), random);
    }

    private static IpPort address(String text) {
        return IpPort.parse(text).orElseThrow();
    }

    private void assertTcp(String target, String nextHop) {
        assertThat(decide(target))
                .isInstanceOfSatisfying(
                        OutboundDecision.Tcp.class,
                        tcp -> assertThat(tcp.nextHop()).hasToString(nextHop));
    }

    private void assertHbone(String target, String authority, String nextHop) {
        assertThat(decide(target)).isInstanceOfSatisfying(OutboundDecision.Hbone.class, hbone -> {
            assertThat(hbone.authority()).hasToString(authority);
            assertThat(hbone.nextHop()).hasToString(nextHop);
        });
    }

    private void assertDouble(String target, String authority, String nextHop) {
        assertThat(decide(target)).isInstanceOfSatisfying(OutboundDecision.DoubleHbone.class, hbone -> {
            assertThat(hbone.authority()).isEqualTo(authority);
            assertThat(hbone.nextHop()).hasToString(nextHop);
        });
    }

    private void assertRefused(String target, Class<? extends ProxyError> error) {
        assertThat(decide(target))
                .isInstanceOfSatisfying(
                        OutboundDecision.Refused.class,
                        refused -> assertThat(refused.error()).isInstanceOf(error));
    }

    @Test
    void passesAnUnknownAddressThroughWithoutAWordAboutItsDestination() {
        assertThat(decide("1.2.3.4:80")).isInstanceOfSatisfying(OutboundDecision.Tcp.class, tcp -> {
            assertThat(tcp.nextHop()).hasToString("1.2.3.4:80");
            assertThat(tcp.destination().workload()).isNull();
            assertThat(tcp.destination().service()).isNull();
        });
    }

    @ParameterizedTest
    @CsvSource({"local-node", "remote-node"})
    void reachesAPodInTheWayThatItTakesTrafficWhateverItsNode(String node) {
        mesh.workload(pod("plain", "127.0.0.2").node(node).tunnelProtocol(TunnelProtocol.NONE));
        mesh.workload(pod("tunnelled", "127.0.0.4").node(node));
        assertTcp("127.0.0.2:80", "127.0.0.2:80");
        assertHbone("127.0.0.4:80", "127.0.0.4:80", "127.0.0.4:15008");
    }

    @Test
    void expectsTheServicesIdentitiesBeforeTheWorkloadsOwn() {
        mesh.workload(pod("server", "127.0.0.2").services(serving("example", 80, 8080)));
        mesh.service(service("example", "127.0.0.3")
                .subjectAltNames(List.of("spiffe://other/ns/a/sa/b", "not an identity")));
        assertThat(decide("127.0.0.3:80")).isInstanceOfSatisfying(OutboundDecision.Hbone.class, hbone -> {
            assertThat(hbone.authority()).hasToString("127.0.0.2:8080");
            assertThat(hbone.expectedIdentities())
                    .extracting(Object::toString)
                    .containsExactly("spiffe://other/ns/a/sa/b", "spiffe://cluster.local/ns/ns/sa/sa-server");
            assertThat(hbone.destination().service()).isNotNull();
        });
    }

    @Test
    void theSourcesOwnWaypointNeverMatters() {
        mesh.workload(pod("client", "127.0.0.1")
                .tunnelProtocol(TunnelProtocol.NONE)
                .waypoint(byAddress("127.0.0.10", 15008)));
        mesh.workload(pod("waypoint", "127.0.0.10"));
        mesh.workload(pod("server", "127.0.0.2").tunnelProtocol(TunnelProtocol.NONE));
        assertTcp("127.0.0.2:80", "127.0.0.2:80");
    }

    @Test
    void goesToAWorkloadsWaypointByTunnelEvenIfTheWaypointTakesPlainTcp() {
        mesh.workload(pod("waypoint", "127.0.0.10").tunnelProtocol(TunnelProtocol.NONE));
        mesh.workload(pod("server", "127.0.0.2")
                .tunnelProtocol(TunnelProtocol.NONE)
                .waypoint(byAddress("127.0.0.10", 15008)));
        assertHbone("127.0.0.2:80", "127.0.0.2:80", "127.0.0.10:15008");
    }

    @Test
    void aWaypointDoesNotSendToItself() {
        mesh.workload(pod("waypoint", "127.0.0.10"));
        mesh.workload(pod("server", "127.0.0.2").waypoint(byAddress("127.0.0.10", 15008)));
        assertThat(decide("waypoint", "127.0.0.2:80", new Random(SEED)))
                .isInstanceOfSatisfying(
                        OutboundDecision.Hbone.class,
                        hbone -> assertThat(hbone.nextHop()).hasToString("127.0.0.2:15008"));
    }

    @Test
    void reachesADualStackWaypointByTheFamilyOfItsReference() {
        mesh.workload(pod("waypoint", "127.0.0.11", "ff06::c5"));
        mesh.workload(pod("server", "127.0.0.2", "ff06::c3").waypoint(byAddress("127.0.0.11", 15008)));
        assertHbone("[ff06::c3]:80", "[ff06::c3]:80", "127.0.0.11:15008");
    }

    @Test
    void aServicesWaypointGetsWhatWasAskedForAndIsNotAskedForPodCalls() {
        mesh.workload(pod("waypoint", "127.0.0.10"));
        mesh.workload(pod("server", "127.0.0.2").services(serving("example", 80, 8080)));
        mesh.service(service("example", "127.0.0.3").waypoint(byAddress("127.0.0.10", 15008)));
        assertHbone("127.0.0.3:80", "127.0.0.3:80", "127.0.0.10:15008");
        assertHbone("127.0.0.2:8080", "127.0.0.2:8080", "127.0.0.2:15008");
    }

    @Test
    void callsForAServiceDoNotGoToItsWorkloadsWaypoint() {
        mesh.workload(pod("waypoint", "127.0.0.10"));
        mesh.workload(pod("server", "127.0.0.2")
                .services(serving("example", 80, 8080))
                .waypoint(byAddress("127.0.0.10", 15008)));
        mesh.service(service("example", "127.0.0.3"));
        assertHbone("127.0.0.3:80", "127.0.0.2:8080", "127.0.0.2:15008");
    }

    @Test
    void findsAWaypointByHostname() {
        mesh.workload(pod("waypoint", "127.0.0.10").services(serving("wp", 15008, 15008)));
        mesh.service(service("wp", "127.0.0.9").ports(PortMap.of(Map.of(15008, 15008))));
        mesh.service(service("example", "127.0.0.3").waypoint(byHostname("wp.com", 15008)));
        assertHbone("127.0.0.3:80", "127.0.0.3:80", "127.0.0.10:15008");
    }

    @Test
    void refusesWhereTheWaypointIsNotKnown() {
        mesh.service(service("example", "127.0.0.3").waypoint(byAddress("127.0.0.99", 15008)));
        assertRefused("127.0.0.3:80", ProxyError.UnknownWaypoint.class);
    }

    @Test
    void picksWeightedWaypointsInProportion() {
        mesh.workload(pod("heavy", "127.0.0.10"));
        mesh.workload(pod("light", "127.0.0.11"));
        mesh.workload(pod("never", "127.0.0.12"));
        mesh.service(service("example", "127.0.0.3")
                .weightedWaypoints(List.of(
                        new WeightedWaypoint(byAddress("127.0.0.10", 15008), 90),
                        new WeightedWaypoint(byAddress("127.0.0.11", 15008), 10),
                        new WeightedWaypoint(byAddress("127.0.0.12", 15008), 0))));
        Map<String, Integer> picks = new HashMap<>();
        Random random = new Random(SEED);
        for (int i = 0; i < 1000; i++) {
            OutboundDecision.Hbone hbone = (OutboundDecision.Hbone) decide("client", "127.0.0.3:80", random);
            picks.merge(hbone.nextHop().ip().toString(), 1, Integer::sum);
        }
        assertThat(picks).containsOnlyKeys("127.0.0.10", "127.0.0.11");
        assertThat(picks.get("127.0.0.10")).isBetween(850, 950);
    }

    @Test
    void refusesAServiceWithoutEndpoints() {
        mesh.service(service("example", "127.0.0.3"));
        assertRefused("127.0.0.3:80", ProxyError.NoHealthyUpstream.class);
    }

    @Test
    void refusesAPortThatTheServiceDoesNotHave() {
        mesh.workload(pod("server", "127.0.0.2").services(serving("example", 80, 8080)));
        mesh.service(service("example", "127.0.0.3"));
        assertRefused("127.0.0.3:81", ProxyError.NoHealthyUpstream.class);
    }

    @Test
    void refusesAServiceWithOnlyUnhealthyEndpointsUnlessAllAreAllowed() {
        mesh.workload(pod("server", "127.0.0.2")
                .services(serving("example", 80, 8080))
                .status(WorkloadStatus.UNHEALTHY));
        mesh.service(service("example", "127.0.0.3"));
        assertRefused("127.0.0.3:80", ProxyError.NoHealthyUpstream.class);
    }

    @Test
    void aNamedPortIsServedOnlyByEndpointsThatKnowIt() {
        mesh.workload(
                pod("knows", "127.0.0.2").tunnelProtocol(TunnelProtocol.NONE).services(serving("example", 80, 1234)));
        mesh.workload(
                pod("does-not", "127.0.0.4").tunnelProtocol(TunnelProtocol.NONE).services(serving("example", 81, 1)));
        mesh.service(service("example", "127.0.0.3").ports(PortMap.of(Map.of(80, 0))));
        for (int i = 0; i < ROUNDS; i++) {
            assertTcp("127.0.0.3:80", "127.0.0.2:1234");
        }
    }

    @Test
    void hostNetworkPodsAreFoundThroughTheirServiceAndNotByAddress() {
        mesh.workload(pod("pod1", "127.0.0.2")
                .networkMode(NetworkMode.HOST_NETWORK)
                .tunnelProtocol(TunnelProtocol.NONE)
                .services(serving("example", 80, 80)));
        mesh.workload(
                pod("pod2", "127.0.0.2").networkMode(NetworkMode.HOST_NETWORK).tunnelProtocol(TunnelProtocol.NONE));
        mesh.service(service("example", "127.0.0.3"));
        assertThat(decide("127.0.0.3:80")).isInstanceOfSatisfying(OutboundDecision.Tcp.class, tcp -> {
            assertThat(tcp.nextHop()).hasToString("127.0.0.2:80");
            assertThat(tcp.destination().workload()).isEqualTo(mesh.get("pod1"));
        });
        assertThat(decide("127.0.0.2:80"))
                .isInstanceOfSatisfying(
                        OutboundDecision.Tcp.class,
                        tcp -> assertThat(tcp.destination().workload()).isNull());
    }

    @Test
    void keepsTheFamilyOfAPodsAddress() {
        mesh.workload(pod("server", "127.0.0.2", "ff06::c3").tunnelProtocol(TunnelProtocol.NONE));
        assertTcp("127.0.0.2:80", "127.0.0.2:80");
        assertTcp("[ff06::c3]:80", "[ff06::c3]:80");
    }

    @ParameterizedTest
    @CsvSource({
        "IPV6_ONLY, 127.0.0.3:80, [ff06::c3]",
        "IPV6_ONLY, [::3]:80, [ff06::c3]",
        "IPV4_ONLY, 127.0.0.3:80, 127.0.0.2",
        "IPV4_ONLY, [::3]:80, 127.0.0.2",
        "DUAL, 127.0.0.3:80, 127.0.0.2",
        "DUAL, [::3]:80, [ff06::c3]"
    })
    void aServicesFamiliesDecideTheAddressOfItsEndpoint(IpFamilies families, String target, String ip) {
        mesh.workload(pod("server", "127.0.0.2", "ff06::c3").services(serving("example", 80, 8080)));
        mesh.service(service("example", "127.0.0.3", "::3").ipFamilies(families));
        assertHbone(target, ip + ":8080", ip + ":15008");
    }

    private static LoadBalancing mode(LoadBalancing.Mode mode, LoadBalancing.Scope... scopes) {
        return new LoadBalancing(List.of(scopes), mode, LoadBalancing.HealthPolicy.ONLY_HEALTHY);
    }

    @Test
    void aPassthroughServiceKeepsTheAddressThatWasAskedFor() {
        mesh.service(service("example", "1.2.3.4").loadBalancing(mode(LoadBalancing.Mode.PASSTHROUGH)));
        assertTcp("1.2.3.4:80", "1.2.3.4:80");
        mesh.workload(pod("waypoint", "127.0.0.10"));
        mesh.service(service("example", "1.2.3.4")
                .loadBalancing(mode(LoadBalancing.Mode.PASSTHROUGH))
                .waypoint(byAddress("127.0.0.10", 15008)));
        assertHbone("1.2.3.4:80", "1.2.3.4:80", "127.0.0.10:15008");
    }

    @Test
    void crossesToAnotherNetworkThroughAGatewayByAddressOrByName() {
        mesh.workload(pod("remote")
                .network("remote")
                .services(serving("example", 80, 8080))
                .networkGateway(byAddress("10.22.1.1", 15009)));
        mesh.workload(pod("gateway", "10.22.1.1"));
        mesh.service(service("example", "127.0.0.3"));
        assertDouble("127.0.0.3:80", "example.com:80", "10.22.1.1:15009");
        mesh.workload(pod("remote")
                .network("remote")
                .services(serving("example", 80, 8080))
                .networkGateway(byHostname("ew-gtw.com", 15009)));
        mesh.workload(pod("gtw-pod", "127.0.0.5").services(serving("ew-gtw", 15009, 15008)));
        mesh.service(service("ew-gtw", "127.0.0.6").ports(PortMap.of(Map.of(15009, 15008))));
        assertDouble("127.0.0.3:80", "example.com:80", "127.0.0.5:15008");
    }

    @Test
    void theInnerTunnelExpectsTheServicesIdentitiesOnly() {
        mesh.workload(pod("remote")
                .network("remote")
                .services(serving("example", 80, 8080))
                .networkGateway(byAddress("10.22.1.1", 15009)));
        mesh.workload(pod("gateway", "10.22.1.1"));
        mesh.service(service("example", "127.0.0.3").subjectAltNames(List.of("spiffe://t/ns/a/sa/b")));
        assertThat(decide("127.0.0.3:80")).isInstanceOfSatisfying(OutboundDecision.DoubleHbone.class, hbone -> {
            assertThat(hbone.finalIdentities()).extracting(Object::toString).containsExactly("spiffe://t/ns/a/sa/b");
            assertThat(hbone.gatewayIdentities())
                    .extracting(Object::toString)
                    .containsExactly("spiffe://cluster.local/ns/ns/sa/sa-gateway");
        });
    }

    @Test
    void aServiceWaypointOnAnotherNetworkIsReachedThroughItsGateway() {
        mesh.workload(pod("wp-remote")
                .network("remote")
                .services(serving("wp", 15008, 15008))
                .networkGateway(byAddress("10.22.1.1", 15009)));
        mesh.service(service("wp", "127.0.0.9").ports(PortMap.of(Map.of(15008, 15008))));
        mesh.workload(pod("gateway", "10.22.1.1"));
        mesh.service(service("example", "127.0.0.3").waypoint(byHostname("wp.com", 15008)));
        assertDouble("127.0.0.3:80", "example.com:80", "10.22.1.1:15009");
    }

    @Test
    void refusesARemoteEndpointWithoutAWayThere() {
        mesh.workload(pod("remote").network("remote").services(serving("example", 80, 8080)));
        mesh.service(service("example", "127.0.0.3"));
        assertRefused("127.0.0.3:80", ProxyError.NoHealthyUpstream.class);
        mesh.workload(pod("remote")
                .network("remote")
                .services(serving("example", 80, 8080))
                .networkGateway(byAddress("10.99.9.9", 15009)));
        assertRefused("127.0.0.3:80", ProxyError.UnknownNetworkGateway.class);
    }

    @ParameterizedTest
    @EnumSource(WorkloadStatus.class)
    void failsOverToAnotherNetworkOnlyWhenTheLocalEndpointIsUnhealthy(WorkloadStatus status) {
        mesh.workload(pod("local", "127.0.0.2").status(status).services(serving("example", 80, 8080)));
        mesh.workload(pod("remote")
                .network("remote")
                .services(serving("example", 80, 8080))
                .networkGateway(byAddress("10.22.1.1", 15009)));
        mesh.workload(pod("gateway", "10.22.1.1"));
        mesh.service(service("example", "127.0.0.3")
                .loadBalancing(mode(LoadBalancing.Mode.FAILOVER, LoadBalancing.Scope.NETWORK)));
        for (int i = 0; i < ROUNDS; i++) {
            if (status == WorkloadStatus.HEALTHY) {
                assertHbone("127.0.0.3:80", "127.0.0.2:8080", "127.0.0.2:15008");
            } else {
                assertDouble("127.0.0.3:80", "example.com:80", "10.22.1.1:15009");
            }
        }
    }

    @Test
    void aVirtualAddressThatIsAlsoAPodsIsBalancedButHasNoServiceWaypoint() {
        mesh.workload(pod("waypoint", "127.0.0.10"));
        mesh.workload(pod("owner", "127.0.0.3"));
        mesh.workload(pod("server", "127.0.0.2").services(serving("example", 80, 8080)));
        mesh.service(service("example", "127.0.0.3").waypoint(byAddress("127.0.0.10", 15008)));
        assertHbone("127.0.0.3:80", "127.0.0.2:8080", "127.0.0.2:15008");
    }

    @Test
    void aServiceOfAnotherNamespaceThatHidesIsNotThere() {
        mesh.workload(pod("server", "127.0.0.2").services(serving("example", 80, 8080)));
        mesh.service(service("example", "127.0.0.3").namespace("other").visibility(Visibility.NAMESPACE));
        assertTcp("127.0.0.3:80", "127.0.0.3:80");
    }

    @ParameterizedTest
    @CsvSource({
        "127.0.0.1:15001, true",
        "127.0.0.1:15006, true",
        "[::1]:15008, true",
        "10.0.0.1:15001, false",
        "127.0.0.1:15053, false",
        "127.0.0.1:80, false"
    })
    void knowsACallToItself(String target, boolean self) {
        assertThat(router.isSelfCall(address(target))).isEqualTo(self);
    }
}
