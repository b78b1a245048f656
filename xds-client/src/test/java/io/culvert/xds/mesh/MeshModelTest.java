package io.culvert.xds.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.xds.mesh.AuthorizationPolicy.Action;
import io.culvert.xds.mesh.AuthorizationPolicy.Scope;
import io.culvert.xds.mesh.LoadBalancing.HealthPolicy;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The state against the simplest model of it, under seeded random pushes: few names and addresses, so that they meet in
 * every way. What is found must follow from what was put last and in which order, however often it was changed.
 */
final class MeshModelTest {
    private static final String LOCAL = "node-0";
    private static final int UIDS = 12;
    private static final int HOSTS = 4;
    private static final int NAMESPACES = 3;
    private static final int ADDRESSES = 6;
    private static final int PUSHES = 400;

    private final MeshState mesh = new MeshState(LOCAL);

    /** In the order in which they were put last. */
    private final LinkedHashMap<String, Workload> workloads = new LinkedHashMap<>();

    private final LinkedHashMap<NamespacedName, Service> services = new LinkedHashMap<>();
    /** By address and namespace; namespaces in the order in which each came to have the address. */
    private final Map<NetworkAddress, LinkedHashMap<String, List<Service>>> vips = new HashMap<>();

    private final LinkedHashMap<String, AuthorizationPolicy> policies = new LinkedHashMap<>();

    private static String namespace(int number) {
        return "ns" + number;
    }

    private static IpAddress address(int number) {
        return IpAddress.parse(number % 2 == 0 ? "10.0.0." + number : "fd00::" + number);
    }

    private static NamespacedName name(Random random) {
        return new NamespacedName(namespace(random.nextInt(NAMESPACES)), "host" + random.nextInt(HOSTS));
    }

    private static List<IpAddress> someAddresses(Random random) {
        return IntStream.range(0, random.nextInt(3))
                .mapToObj(i -> address(random.nextInt(ADDRESSES)))
                .toList();
    }

    private static Workload workload(Random random) {
        int number = random.nextInt(UIDS);
        Map<NamespacedName, PortMap> serves = new HashMap<>();
        for (int i = random.nextInt(3); i > 0; i--) {
            serves.put(name(random), PortMap.of(Map.of(80, 8000 + random.nextInt(3))));
        }
        String kind = number % 3 == 0 ? "entry" : "//Pod";
        return Workload.builder()
                .uid("c" + kind + "/ns/w" + number)
                .name("w" + (random.nextInt(8) == 0 ? random.nextInt(UIDS) : number))
                .namespace(namespace(random.nextInt(NAMESPACES)))
                .serviceAccount("sa" + random.nextInt(2))
                .network("net" + random.nextInt(2))
                .node("node-" + random.nextInt(2))
                .addresses(someAddresses(random))
                .hostname(random.nextInt(3) == 0 ? "wl" + random.nextInt(2) : "")
                .tunnelProtocol(random.nextBoolean() ? TunnelProtocol.HBONE : TunnelProtocol.NONE)
                .networkMode(random.nextInt(8) == 0 ? NetworkMode.HOST_NETWORK : NetworkMode.STANDARD)
                .status(random.nextInt(4) == 0 ? WorkloadStatus.UNHEALTHY : WorkloadStatus.HEALTHY)
                .authorizationPolicies(random.nextInt(3) == 0 ? List.of("ns0/p" + random.nextInt(4)) : List.of())
                .services(serves)
                .build();
    }

    private static Service service(Random random) {
        NamespacedName name = name(random);
        HealthPolicy health = random.nextInt(3) == 0 ? HealthPolicy.ALLOW_ALL : HealthPolicy.ONLY_HEALTHY;
        return Service.builder()
                .namespace(name.namespace())
                .hostname(name.hostname())
                .vips(someAddresses(random).stream()
                        .map(ip -> new NetworkAddress("net" + random.nextInt(2), ip))
                        .toList())
                .canonical(random.nextInt(3) == 0)
                .visibility(random.nextInt(4) == 0 ? Visibility.NAMESPACE : Visibility.PUBLIC)
                .loadBalancing(new LoadBalancing(List.of(), LoadBalancing.Mode.STANDARD, health))
                .build();
    }

    private void step(MeshEdit edit, Random random) {
        switch (random.nextInt(10)) {
            case 0, 1, 2, 3 -> {
                Workload put = workload(random);
                edit.putWorkload(put);
                workloads.remove(put.uid());
                workloads.put(put.uid(), put);
            }
            case 4, 5 -> {
                Service put = service(random);
                edit.putService(put);
                forget(put.key());
                services.put(put.key(), put);
                for (NetworkAddress vip : put.vips().stream().distinct().toList()) {
                    vips.computeIfAbsent(vip, key -> new LinkedHashMap<>())
                            .computeIfAbsent(put.namespace(), key -> new ArrayList<>())
                            .add(put);
                }
            }
            case 6, 7 -> {
                String uid = "c" + (random.nextBoolean() ? "entry" : "//Pod") + "/ns/w" + random.nextInt(UIDS);
                edit.removeAddress(uid);
                workloads.remove(uid);
            }
            case 8 -> {
                NamespacedName name = name(random);
                edit.removeAddress(name.toString());
                forget(name);
            }
            default -> policyStep(edit, random);
        }
    }

    private void forget(NamespacedName name) {
        services.remove(name);
        vips.values().forEach(namespaces -> {
            namespaces
                    .values()
                    .forEach(there -> there.removeIf(service -> service.key().equals(name)));
            namespaces.values().removeIf(List::isEmpty);
        });
    }

    private void policyStep(MeshEdit edit, Random random) {
        String namespace = namespace(random.nextInt(NAMESPACES));
        String name = "p" + random.nextInt(4);
        Scope scope = List.of(Scope.values()).get(random.nextInt(Scope.values().length));
        String key = namespace + "/" + name;
        if (random.nextInt(3) == 0) {
            edit.removePolicy(key);
            policies.remove(key);
        } else {
            AuthorizationPolicy put =
                    new AuthorizationPolicy(name, namespace, scope, Action.DENY, random.nextBoolean(), List.of());
            edit.putPolicy(key, put);
            policies.put(key, put);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16})
    void findsWhatTheModelFinds(long seed) {
        Random random = new Random(seed);
        for (int push = 0; push < PUSHES; push++) {
            mesh.update(edit -> {
                for (int i = random.nextInt(4); i >= 0; i--) {
                    step(edit, random);
                }
            });
            String where = "seed " + seed + " push " + push;
            MeshSnapshot snapshot = mesh.snapshot();
            compareWorkloads(where, snapshot);
            compareServices(where, snapshot);
            comparePolicies(where, snapshot);
        }
    }

    private static @Nullable String uid(@Nullable Workload workload) {
        return workload == null ? null : workload.uid();
    }

    private static int rank(Workload workload) {
        return (workload.uid().contains("//Pod/") ? 2 : 0)
                + (workload.tunnelProtocol() == TunnelProtocol.HBONE ? 1 : 0);
    }

    /** Of the same rank the latest. */
    private static @Nullable String best(List<Workload> candidates) {
        Workload best = null;
        for (Workload candidate : candidates) {
            best = best == null || rank(candidate) >= rank(best) ? candidate : best;
        }
        return uid(best);
    }

    private void compareWorkloads(String where, MeshSnapshot snapshot) {
        List<Workload> all = List.copyOf(workloads.values());
        assertThat(snapshot.workloads().stream().map(Workload::uid))
                .as(where)
                .containsExactlyInAnyOrderElementsOf(workloads.keySet());
        for (int number = 0; number < ADDRESSES; number++) {
            for (String network : List.of("net0", "net1")) {
                IpAddress ip = address(number);
                List<Workload> there = all.stream()
                        .filter(w ->
                                w.network().equals(network) && w.addresses().contains(ip))
                        .filter(w -> w.networkMode() == NetworkMode.STANDARD)
                        .toList();
                assertThat(uid(snapshot.workloadByAddress(network, ip)))
                        .as("%s: %s/%s", where, network, ip)
                        .isEqualTo(best(there));
            }
        }
        for (Workload put : all) {
            Workload kept = Objects.requireNonNull(snapshot.workloadByUid(put.uid()), where);
            assertThat(kept.identity()).as(where).isEqualTo(put.identity());
            assertThat(kept.name()).as(where).isEqualTo(put.name());
            assertThat(kept.addresses()).as(where).isEqualTo(put.addresses());
            assertThat(kept.services()).as(where).isEqualTo(put.services());
            assertThat(kept.status()).as(where).isEqualTo(put.status());
            assertThat(kept.node()).as(where).isEqualTo(put.node());
            List<Workload> namesakes = all.stream()
                    .filter(w -> w.node().equals(LOCAL) && w.name().equals(put.name()))
                    .filter(w -> w.identity().equals(put.identity()))
                    .toList();
            assertThat(uid(snapshot.localWorkload(put.name(), put.namespace(), put.serviceAccount())))
                    .as(where)
                    .isEqualTo(best(namesakes));
            if (!put.hostname().isEmpty()) {
                List<Workload> sameHost = all.stream()
                        .filter(w -> w.hostname().equals(put.hostname()))
                        .filter(w -> w.namespace().equals(put.namespace()))
                        .toList();
                NamespacedName host = new NamespacedName(put.namespace(), put.hostname());
                assertThat(uid(snapshot.workloadByHostname(host))).as(where).isEqualTo(best(sameHost));
            }
        }
    }

    private void compareServices(String where, MeshSnapshot snapshot) {
        assertThat(snapshot.services().stream().map(Service::key))
                .as(where)
                .containsExactlyInAnyOrderElementsOf(services.keySet());
        Map<NamespacedName, TreeSet<String>> staged = new TreeMap<>();
        for (Workload workload : workloads.values()) {
            for (NamespacedName name : workload.services().keySet()) {
                if (!services.containsKey(name)) {
                    staged.computeIfAbsent(name, key -> new TreeSet<>()).add(workload.uid());
                }
            }
        }
        assertThat(snapshot.stagedEndpoints().keySet()).as(where).isEqualTo(staged.keySet());
        staged.forEach((name, uids) ->
                assertThat(snapshot.stagedEndpoints().get(name)).as(where).containsOnlyKeys(uids));
        for (Service service : services.values()) {
            compareEndpoints(where, snapshot, service);
        }
        for (int number = 0; number < ADDRESSES; number++) {
            for (String client : List.of("ns0", "ns1", "elsewhere")) {
                Service found = snapshot.serviceByVip("net0", address(number), client);
                assertThat(found == null ? null : found.key())
                        .as("%s: %s seen from %s", where, address(number), client)
                        .isEqualTo(bestAt(new NetworkAddress("net0", address(number)), client));
            }
        }
    }

    private void compareEndpoints(String where, MeshSnapshot snapshot, Service service) {
        LoadBalancing balancing = service.loadBalancing();
        boolean all = balancing != null && balancing.healthPolicy() == HealthPolicy.ALLOW_ALL;
        Map<String, PortMap> expected = workloads.values().stream()
                .filter(w -> w.services().containsKey(service.key()))
                .filter(w -> all || w.status() == WorkloadStatus.HEALTHY)
                .collect(Collectors.toMap(Workload::uid, w -> w.services().get(service.key())));
        Service kept = Objects.requireNonNull(snapshot.serviceByName(service.key()), where);
        Map<String, PortMap> visited = new HashMap<>();
        snapshot.visitEndpoints(kept, (workload, ports) -> visited.put(workload.uid(), ports) == null);
        assertThat(visited).as("%s: %s", where, service).isEqualTo(expected);
        assertThat(snapshot.endpoints(kept)).as(where).containsOnlyKeys(expected.keySet());
        for (String uid : workloads.keySet()) {
            assertThat(snapshot.endpointPorts(kept, uid)).as(where).isEqualTo(expected.get(uid));
        }
    }

    /** One per namespace, the latest, in the place of its first; of them by namespace, canonical, order. */
    private @Nullable NamespacedName bestAt(NetworkAddress vip, String client) {
        List<Service> visible = vips.getOrDefault(vip, new LinkedHashMap<>()).values().stream()
                .map(List::getLast)
                .filter(service -> service.visibleTo(client))
                .toList();
        List<Service> ranked = new ArrayList<>();
        visible.stream().filter(s -> s.namespace().equals(client)).forEach(ranked::add);
        visible.stream().filter(Service::canonical).forEach(ranked::add);
        ranked.addAll(visible);
        return ranked.isEmpty() ? null : ranked.getFirst().key();
    }

    private void comparePolicies(String where, MeshSnapshot snapshot) {
        assertThat(snapshot.policies()).as(where).isEqualTo(policies);
        for (Workload workload : workloads.values()) {
            List<AuthorizationPolicy> expected = new ArrayList<>();
            policies.forEach((key, policy) -> {
                boolean applies = switch (policy.scope()) {
                    case GLOBAL -> true;
                    case NAMESPACE -> policy.namespace().equals(workload.namespace());
                    case WORKLOAD_SELECTOR -> false;
                };
                if (applies) {
                    expected.add(policy);
                }
                if (workload.authorizationPolicies().contains(key)) {
                    expected.add(policy);
                }
            });
            assertThat(snapshot.policiesOf(workload)).as(where).containsExactlyInAnyOrderElementsOf(expected);
        }
    }
}
