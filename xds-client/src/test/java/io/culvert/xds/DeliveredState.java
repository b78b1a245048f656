package io.culvert.xds;

import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.proto.discovery.DeltaDiscoveryRequest;
import io.culvert.proto.discovery.DeltaDiscoveryResponse;
import io.culvert.proto.discovery.Resource;
import io.culvert.xds.mesh.MeshSnapshot;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;

/**
 * What a client must hold after what was delivered to it: the rules of delta ADS once more, as a plain map. Removed
 * names go, good resources come in their place, bad ones change nothing, and after an answer to "everything" nothing
 * else is left.
 */
final class DeliveredState {
    private record Held(ResourceType type, Resource resource) {}

    private final Map<ResourceType, Map<String, Resource>> held = new EnumMap<>(ResourceType.class);
    /** Keys that were asked for and not answered. */
    final Set<String> demanded = new HashSet<>();

    DeliveredState() {
        for (ResourceType type : ResourceType.values()) {
            held.put(type, new HashMap<>());
        }
    }

    private Map<String, Resource> held(ResourceType type) {
        return Objects.requireNonNull(held.get(type));
    }

    void apply(ResourceType type, DeltaDiscoveryResponse response, boolean whole) {
        Map<String, Resource> kept = held(type);
        Set<String> named = new HashSet<>();
        response.getRemovedResourcesList().forEach(kept::remove);
        for (Resource resource : response.getResourcesList()) {
            named.add(resource.getName());
            if (isGood(resource)) {
                kept.put(resource.getName(), resource);
            }
        }
        if (whole) {
            kept.keySet().retainAll(named);
        }
    }

    private static boolean isGood(Resource resource) {
        return resource.getResource().getValue().size() != 3;
    }

    /** The answer to a response bears its nonce and names exactly the bad ones. */
    void check(DeltaDiscoveryResponse response, DeltaDiscoveryRequest answer) {
        assertThat(answer.getResponseNonce()).isEqualTo(response.getNonce());
        assertThat(answer.getTypeUrl()).isEqualTo(response.getTypeUrl());
        List<String> bad = new ArrayList<>();
        response.getResourcesList().stream()
                .filter(resource -> !isGood(resource))
                .forEach(resource -> bad.add(resource.getName()));
        assertThat(answer.hasErrorDetail()).isEqualTo(!bad.isEmpty());
        String reasons = answer.getErrorDetail().getMessage();
        if (!reasons.endsWith("...")) {
            assertThat(reasons.split("; ")).hasSize(Math.max(1, bad.size()));
            bad.forEach(name -> assertThat(reasons).contains(name + ": "));
        }
    }

    /** A new stream repeats all that is held, or says nothing and means everything. */
    void checkRepeated(DeltaDiscoveryRequest first) {
        Map<String, String> repeated = first.getInitialResourceVersionsMap();
        if (repeated.isEmpty()) {
            return;
        }
        Map<String, String> expected = new TreeMap<>();
        ResourceType type = ResourceType.of(first.getTypeUrl()).orElseThrow();
        if (type == ResourceType.ADDRESS) {
            demanded.forEach(name -> expected.put(name, ""));
        }
        held(type).forEach((name, resource) -> expected.put(name, resource.getVersion()));
        if (first.getResourceNamesUnsubscribeCount() > 0) {
            // The rest is subscribed to by further requests.
            assertThat(expected).containsAllEntriesOf(repeated);
        } else {
            assertThat(new TreeMap<>(repeated)).isEqualTo(expected);
        }
    }

    /** Content by name. */
    private Map<String, String> expected() {
        Map<String, String> all = new TreeMap<>();
        held.forEach((type, resources) ->
                resources.forEach((name, resource) -> all.put(type + " " + name, content(new Held(type, resource)))));
        return all;
    }

    private static String content(Held one) {
        try {
            var payload = one.resource.getResource().getValue();
            return switch (one.type) {
                case ADDRESS -> {
                    var address = io.culvert.proto.workload.Address.parseFrom(payload);
                    yield address.hasWorkload()
                            ? address.getWorkload().getName()
                            : address.getService().getName();
                }
                case AUTHORIZATION ->
                    "c"
                            + io.culvert.proto.security.Authorization.parseFrom(payload)
                                    .getRules(0)
                                    .getClauses(0)
                                    .getMatches(0)
                                    .getDestinationPorts(0);
            };
        } catch (com.google.protobuf.InvalidProtocolBufferException e) {
            throw new AssertionError(e);
        }
    }

    /** The mesh is what was delivered, neither more nor less. */
    void compare(MeshSnapshot mesh) {
        Map<String, String> actual = new TreeMap<>();
        mesh.workloads().forEach(workload -> actual.put(ResourceType.ADDRESS + " " + workload.uid(), workload.name()));
        mesh.services()
                .forEach(service -> actual.put(
                        ResourceType.ADDRESS + " " + service.namespace() + "/" + service.hostname(), service.name()));
        mesh.policies()
                .forEach((name, policy) -> actual.put(
                        ResourceType.AUTHORIZATION + " " + name,
                        "c"
                                + policy.rules()
                                        .getFirst()
                                        .clauses()
                                        .getFirst()
                                        .matches()
                                        .getFirst()
                                        .destinationPorts()
                                        .getFirst()));
        assertThat(actual).isEqualTo(expected());
    }

    /** In the end everything good that the server has has arrived, and nothing that it has not is left. */
    void converged(SimulatedServer server, ResourceType type, Set<String> wanted) {
        Map<String, Resource> kept = held(type);
        server.truth(type).forEach((name, truth) -> {
            if (truth.good() && wanted.contains(name)) {
                Resource last = kept.get(name);
                assertThat(last).as("%s %s", type, name).isNotNull();
                assertThat(content(new Held(type, Objects.requireNonNull(last))))
                        .isEqualTo("c" + truth.content());
            }
        });
        assertThat(server.truth(type).keySet()).containsAll(kept.keySet());
    }
}
