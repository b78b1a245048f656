package io.culvert.proxy.routing;

import static io.culvert.proxy.routing.TestMesh.pod;
import static io.culvert.proxy.routing.TestMesh.service;
import static io.culvert.proxy.routing.TestMesh.serving;
import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.xds.mesh.ApplicationTunnel;
import io.culvert.xds.mesh.Endpoint;
import io.culvert.xds.mesh.LoadBalancing;
import io.culvert.xds.mesh.Locality;
import io.culvert.xds.mesh.NamespacedName;
import io.culvert.xds.mesh.PortMap;
import io.culvert.xds.mesh.Service;
import io.culvert.xds.mesh.WorkloadStatus;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The load-balancing vectors of ztunnel's state.rs. */
class LoadBalancerTest {

    private static final int SEED = 7;
    private static final int PICKS = 300;

    private final TestMesh mesh = new TestMesh();

    private Service balanced(LoadBalancing balancing) {
        mesh.workload(pod("match", "10.0.0.1")
                .network("network")
                .locality(new Locality("reg", "zone", ""))
                .services(serving("example", 80, 80)));
        mesh.workload(pod("almost", "10.0.0.2")
                .network("network")
                .locality(new Locality("reg", "not-zone", ""))
                .services(serving("example", 80, 80)));
        mesh.workload(pod("no_locality", "10.0.0.3").network("network").services(serving("example", 80, 80)));
        mesh.workload(pod("other", "10.0.0.4")
                .network("other")
                .locality(new Locality("reg", "zone", ""))
                .services(serving("example", 80, 80)));
        mesh.workload(pod("empty_ip")
                .network("network")
                .locality(new Locality("reg", "zone", ""))
                .services(serving("example", 80, 80)));
        mesh.service(service("example", "10.1.1.1")
                .loadBalancing(balancing)
                .declaredEndpoints(
                        List.of(new Endpoint("nobody", PortMap.of(Map.of(80, 80)), WorkloadStatus.HEALTHY))));
        return mesh.snapshot().services().iterator().next();
    }

    private Set<String> picks(Service service, String client) {
        Set<String> names = new TreeSet<>();
        Random random = new Random(SEED);
        for (int i = 0; i < PICKS; i++) {
            Upstream upstream = LoadBalancer.pick(
                    mesh.snapshot(),
                    mesh.get(client),
                    service,
                    80,
                    LoadBalancer.Purpose.STANDARD,
                    random,
                    Shunned.NOBODY);
            if (upstream != null) {
                names.add(upstream.workload().name());
            }
        }
        return names;
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "STRICT   | x       | x   | x    | ''",
                "STRICT   | network | reg | zone | match",
                "FAILOVER | x       | x   | x    | almost match no_locality other",
                "FAILOVER | network | reg | zone | match",
                "FAILOVER | network | reg | ''   | almost match",
                "FAILOVER | network | x   | x    | almost match no_locality",
                "FAILOVER | x       | reg | zone | match other"
            })
    void prefersWhoIsNearest(LoadBalancing.Mode mode, String network, String region, String zone, String expected) {
        Service service = balanced(new LoadBalancing(
                List.of(LoadBalancing.Scope.NETWORK, LoadBalancing.Scope.REGION, LoadBalancing.Scope.ZONE),
                mode,
                LoadBalancing.HealthPolicy.ONLY_HEALTHY));
        mesh.workload(pod("client", "10.9.9.9").network(network).locality(new Locality(region, zone, "")));
        assertThat(String.join(" ", picks(service, "client"))).isEqualTo(expected);
    }

    @Test
    void withoutPreferencesAllAreEqual() {
        Service service = balanced(new LoadBalancing(
                List.of(LoadBalancing.Scope.NETWORK),
                LoadBalancing.Mode.STANDARD,
                LoadBalancing.HealthPolicy.ONLY_HEALTHY));
        mesh.workload(pod("client", "10.9.9.9").network("network"));
        assertThat(picks(service, "client")).containsExactly("almost", "match", "no_locality", "other");
    }

    @Test
    void picksByCapacityAndNeverWhoHasNone() {
        mesh.workload(pod("client", "10.9.9.9"));
        mesh.workload(pod("big", "10.0.0.1").capacity(9).services(serving("example", 80, 80)));
        mesh.workload(pod("small", "10.0.0.2").capacity(1).services(serving("example", 80, 80)));
        mesh.workload(pod("none", "10.0.0.3").capacity(0).services(serving("example", 80, 80)));
        mesh.service(service("example", "10.1.1.1"));
        Service service = mesh.snapshot().services().iterator().next();
        Map<String, Integer> counts = new HashMap<>();
        Random random = new Random(SEED);
        for (int i = 0; i < 2000; i++) {
            Upstream upstream = LoadBalancer.pick(
                    mesh.snapshot(),
                    mesh.get("client"),
                    service,
                    80,
                    LoadBalancer.Purpose.STANDARD,
                    random,
                    Shunned.NOBODY);
            counts.merge(upstream == null ? "nobody" : upstream.workload().name(), 1, Integer::sum);
        }
        assertThat(counts).containsOnlyKeys("big", "small");
        assertThat(counts.get("big")).isBetween(1700, 1900);
    }

    @Test
    void allWithoutCapacityIsNobody() {
        mesh.workload(pod("client", "10.9.9.9"));
        mesh.workload(pod("none", "10.0.0.3").capacity(0).services(serving("example", 80, 80)));
        mesh.service(service("example", "10.1.1.1"));
        assertThat(picks(mesh.snapshot().services().iterator().next(), "client"))
                .isEmpty();
    }

    @Test
    void aPortlessServiceServesAsWaypointBehindAnApplicationTunnel() {
        mesh.workload(pod("client", "10.9.9.9"));
        mesh.workload(pod("waypoint", "10.0.0.1")
                .applicationTunnel(new ApplicationTunnel(ApplicationTunnel.Protocol.PROXY, 15088))
                .services(Map.of(new NamespacedName("ns", "example.com"), PortMap.EMPTY)));
        mesh.service(service("example", "10.1.1.1").ports(PortMap.EMPTY));
        Service service = mesh.snapshot().services().iterator().next();
        Random random = new Random(SEED);
        assertThat(LoadBalancer.pick(
                        mesh.snapshot(),
                        mesh.get("client"),
                        service,
                        15008,
                        LoadBalancer.Purpose.STANDARD,
                        random,
                        Shunned.NOBODY))
                .isNull();
        assertThat(LoadBalancer.pick(
                        mesh.snapshot(),
                        mesh.get("client"),
                        service,
                        15008,
                        LoadBalancer.Purpose.WAYPOINT,
                        random,
                        Shunned.NOBODY))
                .extracting(Upstream::port)
                .isEqualTo(15008);
    }
}
