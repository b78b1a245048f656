package io.culvert.proxy.routing;

import static io.culvert.proxy.routing.TestMesh.byHostname;
import static io.culvert.proxy.routing.TestMesh.pod;
import static io.culvert.proxy.routing.TestMesh.service;
import static io.culvert.proxy.routing.TestMesh.serving;
import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.proxy.address.IpPort;
import io.culvert.proxy.outcome.ProxyError;
import io.culvert.xds.mesh.IpAddress;
import io.culvert.xds.mesh.LoadBalancing;
import io.culvert.xds.mesh.Locality;
import io.culvert.xds.mesh.TunnelProtocol;
import io.culvert.xds.mesh.Workload;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Next hops that are known by name only, and such as have failed before. */
class NextHopTest {

    private static final int ROUNDS = 50;
    private static final int SEED = 20_261_125;

    private final OutboundRouter router = new OutboundRouter("", ProxyPorts.of(false));
    private final TestMesh mesh = new TestMesh().workload(pod("client", "127.0.0.1", "::1"));

    private OutboundDecision.Unresolved unresolved(String target) {
        return (OutboundDecision.Unresolved) decide(target, new Random(SEED), Shunned.NOBODY);
    }

    private OutboundDecision decide(String target, Random random, Shunned shunned) {
        var client = mesh.get("client");
        IpPort to = IpPort.parse(target).orElseThrow();
        return router.decide(mesh.snapshot(), client, client.addresses().getFirst(), to, random, shunned);
    }

    private static List<IpAddress> ips(String... texts) {
        return Arrays.stream(texts).map(IpAddress::parse).toList();
    }

    @Test
    void aWorkloadKnownByNameIsDialledWhereTheNameLeadsInTheFamilyThatWasAskedFor() {
        mesh.workload(pod("named").hostname("a.example").services(serving("example", 80, 8080)));
        mesh.service(service("example", "127.0.0.3", "::3"));
        OutboundDecision.Unresolved asked = unresolved("127.0.0.3:80");
        assertThat(asked.workload().hostname()).isEqualTo("a.example");
        Random random = new Random(SEED);
        for (int i = 0; i < ROUNDS; i++) {
            OutboundDecision.Hbone hbone =
                    (OutboundDecision.Hbone) asked.resolved(ips("::7", "192.0.2.1", "192.0.2.2"), random);
            assertThat(hbone.nextHop().toString()).isIn("192.0.2.1:15008", "192.0.2.2:15008");
            assertThat(hbone.authority().ip()).isEqualTo(hbone.nextHop().ip());
            assertThat(hbone.authority().port()).isEqualTo(8080);
        }
        assertThat(unresolved("[::3]:80").resolved(ips("::7", "192.0.2.1"), random))
                .isInstanceOfSatisfying(
                        OutboundDecision.Hbone.class,
                        hbone -> assertThat(hbone.nextHop()).hasToString("[::7]:15008"));
        assertThat(unresolved("[::3]:80").resolved(ips("192.0.2.1"), random))
                .isInstanceOfSatisfying(
                        OutboundDecision.Hbone.class,
                        hbone -> assertThat(hbone.nextHop()).hasToString("192.0.2.1:15008"));
    }

    @Test
    void aNameThatLeadsNowhereIsRefusedInTheOriginalsWords() {
        mesh.workload(pod("named")
                .hostname("a.example")
                .tunnelProtocol(TunnelProtocol.NONE)
                .services(serving("example", 80, 8080)));
        mesh.service(service("example", "127.0.0.3"));
        OutboundDecision.Unresolved asked = unresolved("127.0.0.3:80");
        assertThat(asked.unknown())
                .isEqualTo(new OutboundDecision.Refused(new ProxyError.NoAddressResolved("Kubernetes//Pod/ns/named")));
        assertThat(asked.resolved(List.of(), new Random(SEED)))
                .isEqualTo(new OutboundDecision.Refused(new ProxyError.EmptyResolution("Kubernetes//Pod/ns/named")));
        assertThat(asked.resolved(ips("192.0.2.1"), new Random(SEED)))
                .isInstanceOfSatisfying(
                        OutboundDecision.Tcp.class,
                        tcp -> assertThat(tcp.nextHop()).hasToString("192.0.2.1:8080"));
    }

    @Test
    void aWaypointAndAGatewayMayBeKnownByNameToo() {
        mesh.workload(pod("waypoint").hostname("wp.example"));
        mesh.service(service("example", "127.0.0.3").waypoint(byHostname("wp.example", 15008)));
        assertThat(unresolved("127.0.0.3:80").resolved(ips("192.0.2.1"), new Random(SEED)))
                .isInstanceOfSatisfying(OutboundDecision.Hbone.class, hbone -> {
                    assertThat(hbone.nextHop()).hasToString("192.0.2.1:15008");
                    assertThat(hbone.authority()).hasToString("127.0.0.3:80");
                });
        mesh.workload(pod("gateway").hostname("gw.example"));
        mesh.workload(pod("remote")
                .network("remote")
                .services(serving("far", 80, 8080))
                .networkGateway(byHostname("gw.example", 15009)));
        mesh.service(service("far", "127.0.0.4"));
        assertThat(unresolved("127.0.0.4:80").resolved(ips("192.0.2.1"), new Random(SEED)))
                .isInstanceOfSatisfying(OutboundDecision.DoubleHbone.class, crossing -> {
                    assertThat(crossing.nextHop()).hasToString("192.0.2.1:15009");
                    assertThat(crossing.authority()).isEqualTo("far.com:80");
                });
    }

    /** Keeps away from what the test names. */
    private record Names(Set<String> tried, Set<String> ejected) implements Shunned {
        @Override
        public boolean isEmpty() {
            return false;
        }

        @Override
        public boolean wasTried(Workload endpoint, int port) {
            return tried.contains(endpoint.name() + ":" + port);
        }

        @Override
        public boolean isEjected(Workload endpoint, int port) {
            return ejected.contains(endpoint.name() + ":" + port);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "''           | ''                          | near",
                "near:8080    | ''                          | far1 far2",
                "''           | near:8080                   | far1 far2",
                "near:9       | far1:8080                   | near",
                "near:8080    | far1:8080                   | far2",
                "near:8080 far1:8080 | far2:8080            | far2",
                "''           | near:8080 far1:8080 far2:8080 | near",
                "near:8080 far1:8080 far2:8080 | ''         | near"
            })
    void keepsAwayFromEndpointsThatFailedWhileThereAreOthers(String tried, String ejected, String possible) {
        for (String name : List.of("near", "far1", "far2")) {
            mesh.workload(pod(name, "127.0.1." + (name.length() + name.charAt(name.length() - 1)))
                    .locality(new Locality(name.equals("near") ? "here" : "there", "", ""))
                    .services(serving("example", 80, 8080)));
        }
        mesh.workload(pod("client", "127.0.0.1").locality(new Locality("here", "", "")));
        mesh.service(service("example", "127.0.0.3")
                .loadBalancing(new LoadBalancing(
                        List.of(LoadBalancing.Scope.REGION),
                        LoadBalancing.Mode.FAILOVER,
                        LoadBalancing.HealthPolicy.ONLY_HEALTHY)));
        Names shunned = new Names(Set.of(tried.split(" ")), Set.of(ejected.split(" ")));
        Set<String> picked = new TreeSet<>();
        Random random = new Random(SEED);
        for (int i = 0; i < ROUNDS; i++) {
            OutboundDecision.Hbone hbone = (OutboundDecision.Hbone) decide("127.0.0.3:80", random, shunned);
            picked.add(Objects.requireNonNull(hbone.destination().workload()).name());
        }
        assertThat(picked).containsExactlyInAnyOrder(possible.split(" "));
    }
}
