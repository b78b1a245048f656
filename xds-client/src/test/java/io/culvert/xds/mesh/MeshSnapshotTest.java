package io.culvert.xds.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.xds.mesh.AuthorizationPolicy.Action;
import io.culvert.xds.mesh.AuthorizationPolicy.Scope;
import io.culvert.xds.mesh.LoadBalancing.HealthPolicy;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Ranks, visibility and endpoints as ztunnel's state/{workload,service,policy}.rs have them. */
final class MeshSnapshotTest {
    private static final IpAddress IP = IpAddress.parse("10.0.0.1");
    private static final NamespacedName ECHO = new NamespacedName("default", "echo.default.svc.cluster.local");
    private static final PortMap PORTS = PortMap.of(Map.of(80, 8080));

    private final MeshState mesh = new MeshState("node-a");

    private static Workload.Builder workload(String uid) {
        return Workload.builder()
                .uid(uid)
                .name(uid)
                .namespace("default")
                .trustDomain("td")
                .network("n1");
    }

    private static Service.Builder service(String namespace) {
        return Service.builder()
                .name("echo")
                .namespace(namespace)
                .hostname(ECHO.hostname())
                .vips(List.of(new NetworkAddress("n1", IP)));
    }

    private @Nullable Workload atIp() {
        return mesh.snapshot().workloadByAddress("n1", IP);
    }

    private List<String> endpoints() {
        Service service = Objects.requireNonNull(mesh.snapshot().serviceByName(ECHO));
        return List.copyOf(mesh.snapshot().endpoints(service).keySet());
    }

    @Test
    void findsPodsOfTheMeshBeforeOthersAtTheSameAddress() {
        List<Workload> lowToHigh = List.of(
                workload("entry").addresses(List.of(IP)).build(),
                workload("entry-2")
                        .addresses(List.of(IP))
                        .tunnelProtocol(TunnelProtocol.HBONE)
                        .build(),
                workload("c//Pod/p1").addresses(List.of(IP)).build(),
                workload("c//Pod/p2")
                        .addresses(List.of(IP))
                        .tunnelProtocol(TunnelProtocol.HBONE)
                        .build());
        for (Workload added : lowToHigh.reversed()) {
            mesh.update(edit -> edit.putWorkload(added));
        }
        for (Workload best : lowToHigh.reversed()) {
            assertThat(atIp()).extracting(Workload::uid).isEqualTo(best.uid());
            mesh.update(edit -> edit.removeAddress(best.uid()));
        }
        assertThat(atIp()).isNull();
    }

    @Test
    void prefersTheLatestOfEquals() {
        mesh.update(edit ->
                edit.putWorkload(workload("c//Pod/1").addresses(List.of(IP)).build()));
        mesh.update(edit ->
                edit.putWorkload(workload("c//Pod/2").addresses(List.of(IP)).build()));

        assertThat(atIp()).hasToString("c//Pod/2");
    }

    @Test
    void doesNotFindHostNetworkWorkloadsByAddress() {
        mesh.update(edit -> edit.putWorkload(workload("host")
                .addresses(List.of(IP))
                .networkMode(NetworkMode.HOST_NETWORK)
                .build()));

        assertThat(atIp()).isNull();
        assertThat(mesh.snapshot().workloadByUid("host")).isNotNull();
    }

    @Test
    void keepsNetworksApart() {
        mesh.update(
                edit -> edit.putWorkload(workload("w").addresses(List.of(IP)).build()));

        assertThat(mesh.snapshot().workloadByAddress("n2", IP)).isNull();
    }

    @Test
    void findsLocalWorkloadsOnlyOnTheirOwnNode() {
        mesh.update(edit -> edit.putWorkload(
                        workload("here").serviceAccount("sa").node("node-a").build())
                .putWorkload(
                        workload("there").serviceAccount("sa").node("node-b").build()));

        assertThat(mesh.snapshot().localWorkload("here", "default", "sa")).isNotNull();
        assertThat(mesh.snapshot().localWorkload("here", "default", "other")).isNull();
        assertThat(mesh.snapshot().localWorkload("here", "other", "sa")).isNull();
        assertThat(mesh.snapshot().localWorkload("there", "default", "sa")).isNull();
    }

    @Test
    void takesAllWorkloadsForLocalWithoutANodeName() {
        MeshState nodeless = new MeshState("");
        nodeless.update(edit -> edit.putWorkload(workload("w").node("node-b").build()));

        assertThat(nodeless.snapshot().localWorkload("w", "default", "default")).isNotNull();
    }

    @Test
    void ranksServicesOfOneAddress() {
        mesh.update(edit -> edit.putService(service("first").build())
                .putService(service("canonical").canonical(true).build())
                .putService(service("third").build()));
        MeshSnapshot snapshot = mesh.snapshot();

        assertThat(snapshot.serviceByVip("n1", IP, "third")).hasToString("third/" + ECHO.hostname());
        assertThat(snapshot.serviceByVip("n1", IP, "elsewhere")).hasToString("canonical/" + ECHO.hostname());
        mesh.update(edit -> edit.removeAddress("canonical/" + ECHO.hostname()));
        assertThat(mesh.snapshot().serviceByVip("n1", IP, "elsewhere")).hasToString("first/" + ECHO.hostname());
    }

    @Test
    void hidesServicesOfOtherNamespaces() {
        mesh.update(edit -> edit.putService(
                service("private").visibility(Visibility.NAMESPACE).build()));

        assertThat(mesh.snapshot().serviceByVip("n1", IP, "private")).isNotNull();
        assertThat(mesh.snapshot().serviceByVip("n1", IP, "other")).isNull();
        assertThat(mesh.snapshot().serviceByVip("n1", IP, null)).isNotNull();
    }

    private static Service range(String namespace, String cidr, boolean canonical) {
        return Service.builder()
                .namespace(namespace)
                .hostname(cidr + canonical)
                .canonical(canonical)
                .cidrVips(List.of(new NetworkCidr("n1", Cidr.parse(cidr).orElseThrow())))
                .build();
    }

    @Test
    void ranksRangesByNamespaceThenPrefixThenCanonical() {
        mesh.update(edit -> edit.putService(range("a", "10.0.0.0/8", false))
                .putService(range("b", "10.0.0.0/16", false))
                .putService(range("c", "10.0.0.0/16", true)));
        MeshSnapshot snapshot = mesh.snapshot();

        assertThat(snapshot.serviceByVip("n1", IP, "a")).hasToString("a/10.0.0.0/8false");
        assertThat(snapshot.serviceByVip("n1", IP, "other")).hasToString("c/10.0.0.0/16true");
        assertThat(snapshot.serviceByVip("n2", IP, "a")).isNull();
        assertThat(snapshot.serviceByVip("n1", IpAddress.parse("11.0.0.1"), "a"))
                .isNull();
    }

    @Test
    void prefersAnExactAddressToARangeUnlessItIsHidden() {
        mesh.update(edit -> edit.putService(range("a", "10.0.0.0/24", false))
                .putService(service("hidden").visibility(Visibility.NAMESPACE).build()));

        assertThat(mesh.snapshot().serviceByVip("n1", IP, "hidden")).hasToString("hidden/" + ECHO.hostname());
        assertThat(mesh.snapshot().serviceByVip("n1", IP, "a")).hasToString("a/10.0.0.0/24false");
    }

    @Test
    void movesAServiceWhoseAddressChanges() {
        mesh.update(edit -> edit.putService(service("default").build()));
        mesh.update(edit -> edit.putService(service("default")
                .vips(List.of(new NetworkAddress("n1", IpAddress.parse("10.0.0.2"))))
                .build()));

        assertThat(mesh.snapshot().serviceByVip("n1", IP, null)).isNull();
        assertThat(mesh.snapshot().serviceByVip("n1", IpAddress.parse("10.0.0.2"), null))
                .isNotNull();
        assertThat(mesh.snapshot().servicesByHostname(ECHO.hostname())).hasSize(1);
    }

    private static Workload serving(String uid, WorkloadStatus status) {
        return workload(uid).services(Map.of(ECHO, PORTS)).status(status).build();
    }

    @Test
    void attachesEndpointsWhicheverComesFirst() {
        mesh.update(edit -> edit.putWorkload(serving("w1", WorkloadStatus.HEALTHY)));
        assertThat(mesh.snapshot().stagedEndpoints().get(ECHO)).containsOnlyKeys("w1");

        mesh.update(edit -> edit.putService(service("default").build()));
        mesh.update(edit -> edit.putWorkload(serving("w2", WorkloadStatus.HEALTHY)));

        assertThat(endpoints()).containsExactly("w1", "w2");
        assertThat(mesh.snapshot().stagedEndpoints()).isEmpty();
        Workload w1 = Objects.requireNonNull(mesh.snapshot().workloadByUid("w1"));
        assertThat(mesh.snapshot().servicesOf(w1)).hasSize(1);
    }

    @Test
    void dropsEndpointsThatAreNotHealthyUnlessAllAreAllowed() {
        LoadBalancing all = new LoadBalancing(List.of(), LoadBalancing.Mode.STANDARD, HealthPolicy.ALLOW_ALL);
        mesh.update(edit -> edit.putWorkload(serving("staged", WorkloadStatus.UNHEALTHY)));
        mesh.update(edit -> edit.putService(service("default").build()));
        mesh.update(edit -> edit.putWorkload(serving("w", WorkloadStatus.HEALTHY)));
        assertThat(endpoints()).containsExactly("w");

        mesh.update(edit -> edit.putWorkload(serving("w", WorkloadStatus.UNHEALTHY)));
        assertThat(endpoints()).isEmpty();

        mesh.update(
                edit -> edit.putService(service("default").loadBalancing(all).build()));
        assertThat(endpoints()).containsExactly("staged", "w");

        mesh.update(edit -> edit.putService(service("default").build()));
        assertThat(endpoints()).isEmpty();
    }

    @Test
    void keepsEndpointsWhenAServiceIsReplacedAndTakesThemAwayWithTheWorkload() {
        mesh.update(edit -> edit.putService(service("default").build())
                .putWorkload(serving("w1", WorkloadStatus.HEALTHY))
                .putWorkload(serving("w2", WorkloadStatus.HEALTHY)));

        mesh.update(edit -> edit.putService(service("default").canonical(true).build()));
        assertThat(endpoints()).containsExactly("w1", "w2");

        mesh.update(edit -> edit.removeAddress("w1"));
        mesh.update(edit -> edit.putWorkload(workload("w2").build()));
        assertThat(endpoints()).isEmpty();
    }

    @Test
    void findsTheEndpointsOfAServiceAgainThatWasAwayForAWhile() {
        mesh.update(
                edit -> edit.putService(service("default").build()).putWorkload(serving("w", WorkloadStatus.HEALTHY)));
        mesh.update(edit -> edit.removeAddress(ECHO.toString()));
        assertThat(mesh.snapshot().serviceByName(ECHO)).isNull();

        mesh.update(edit -> edit.putService(service("default").build()));

        assertThat(endpoints()).containsExactly("w");
    }

    @Test
    void tellsNamesThatCannotBeRemoved() {
        List<Boolean> known = new ArrayList<>();
        mesh.update(edit -> {
            known.add(edit.removeAddress("default/unknown.host"));
            known.add(edit.removeAddress("a/b/c"));
        });

        assertThat(known).containsExactly(false, true);
    }

    private static AuthorizationPolicy policy(String namespace, String name, Scope scope) {
        return new AuthorizationPolicy(name, namespace, scope, Action.ALLOW, false, List.of());
    }

    @Test
    void appliesPoliciesOfTheNamespaceTheGlobalOnesAndThoseListed() {
        mesh.update(edit -> {
            for (AuthorizationPolicy policy : List.of(
                    policy("default", "ns", Scope.NAMESPACE),
                    policy("other", "ns", Scope.NAMESPACE),
                    policy("anywhere", "global", Scope.GLOBAL),
                    policy("default", "listed", Scope.WORKLOAD_SELECTOR),
                    policy("default", "unlisted", Scope.WORKLOAD_SELECTOR))) {
                edit.putPolicy(policy.qualifiedName(), policy);
            }
        });
        Workload workload = workload("w")
                .authorizationPolicies(List.of("default/listed", "default/missing"))
                .build();

        assertThat(mesh.snapshot().policiesOf(workload))
                .extracting(AuthorizationPolicy::qualifiedName)
                .containsExactly("default/ns", "anywhere/global", "default/listed");
        assertThat(mesh.snapshot().missingPolicies(workload)).containsExactly("default/missing");

        mesh.update(edit -> edit.putPolicy("default/ns", policy("default", "ns", Scope.WORKLOAD_SELECTOR))
                .removePolicy("anywhere/global"));
        assertThat(mesh.snapshot().policiesOf(workload)).hasSize(1);
    }

    @Test
    void publishesAPushAsAWholeAndOnlyAfterIt() {
        MeshSnapshot before = mesh.snapshot();
        mesh.update(edit -> {
            edit.putWorkload(serving("w", WorkloadStatus.HEALTHY));
            assertThat(mesh.snapshot()).isSameAs(before);
        });

        assertThat(before.workloadByUid("w")).isNull();
        assertThat(mesh.snapshot().workloadByUid("w")).isNotNull();
    }

    @Test
    void changesNothingWhenAnEditFails() {
        MeshSnapshot before = mesh.snapshot();
        org.assertj.core.api.Assertions.assertThatThrownBy(() -> mesh.update(edit -> {
                    edit.putWorkload(serving("w", WorkloadStatus.HEALTHY));
                    throw new IllegalStateException("bug");
                }))
                .hasMessage("bug");

        assertThat(mesh.snapshot()).isSameAs(before);
    }

    @Test
    void tellsWhatComesToThisNodeAndWhichIdentitiesLeaveIt() {
        List<WorkloadsChange> changes = new ArrayList<>();
        mesh.addListener(new MeshListener() {
            @Override
            public void workloadsChanged(WorkloadsChange change) {
                changes.add(change);
            }
        });
        mesh.update(edit -> edit.putWorkload(workload("a").node("node-a").build())
                .putWorkload(workload("b").node("node-a").build())
                .putWorkload(workload("remote").node("node-b").build()));
        mesh.update(edit -> edit.removeAddress("a"));
        mesh.update(edit ->
                edit.putWorkload(workload("b").node("node-a").capacity(2).build()));
        mesh.update(edit -> edit.removeAddress("b"));

        assertThat(changes).hasSize(4);
        assertThat(changes.get(0).localInserted()).extracting(Workload::uid).containsExactlyInAnyOrder("a", "b");
        assertThat(changes.get(1).localForgotten()).isEmpty();
        assertThat(changes.get(2).localForgotten()).isEmpty();
        assertThat(changes.get(2).localInserted()).hasSize(1);
        assertThat(changes.get(3).localForgotten())
                .extracting(Object::toString)
                .containsExactly("spiffe://td/ns/default/sa/default");
    }

    @Test
    void holdsTenThousandAddressesOfOneSync() {
        int count = 10_000;
        mesh.update(edit -> {
            for (int i = 0; i < count; i++) {
                edit.putWorkload(workload("w" + i)
                        .addresses(List.of(IpAddress.of(new byte[] {10, 1, (byte) (i >>> 8), (byte) i})))
                        .services(Map.of(ECHO, PORTS))
                        .build());
            }
            edit.putService(service("default").build());
        });

        assertThat(mesh.snapshot().workloads()).hasSize(count);
        assertThat(endpoints()).hasSize(count);
        assertThat(mesh.snapshot().workloadByAddress("n1", IpAddress.parse("10.1.39.15")))
                .hasToString("w9999");
    }
}
