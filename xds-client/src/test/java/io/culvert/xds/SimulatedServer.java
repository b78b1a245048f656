package io.culvert.xds;

import com.google.protobuf.ByteString;
import io.culvert.proto.discovery.DeltaDiscoveryRequest;
import io.culvert.proto.discovery.DeltaDiscoveryResponse;
import io.culvert.proto.discovery.Resource;
import io.culvert.proto.security.Authorization;
import io.culvert.proto.security.Clause;
import io.culvert.proto.security.Match;
import io.culvert.proto.security.Rule;
import io.culvert.proto.workload.Address;
import io.culvert.proto.workload.Service;
import io.culvert.proto.workload.Workload;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What a delta server has to say, and what it told whom; the wire is somebody else's. */
final class SimulatedServer {
    private static final String WILDCARD = "*";

    /**
     * One resource.
     *
     * @param content a number that is found again in what the client keeps
     * @param good whether a client can use it
     */
    record Truth(int content, boolean good) {}

    private final Map<ResourceType, Map<String, Truth>> truth = new EnumMap<>(ResourceType.class);
    /** Part of every version: a server of another release calls the same things differently. */
    private int release;

    private int contents;
    private long nonces;

    SimulatedServer() {
        for (ResourceType type : ResourceType.values()) {
            truth.put(type, new LinkedHashMap<>());
        }
    }

    Map<String, Truth> truth(ResourceType type) {
        return Objects.requireNonNull(truth.get(type));
    }

    void put(ResourceType type, String name, boolean good) {
        truth(type).put(name, new Truth(++contents, good));
    }

    void remove(ResourceType type, String name) {
        truth(type).remove(name);
    }

    void upgrade() {
        release++;
    }

    /** As istiod: policies have none. */
    String version(ResourceType type, Truth resource) {
        return type == ResourceType.ADDRESS ? "r" + release + "-" + resource.content() : "";
    }

    /** What one stream wants and knows of one type. */
    final class Subscription {
        private final ResourceType type;
        private final boolean wildcard;
        private final Set<String> asked = new LinkedHashSet<>();
        private final Map<String, String> told = new LinkedHashMap<>();
        /** Contents as sent, for policies have no versions to compare. */
        private final Map<String, Integer> contents = new LinkedHashMap<>();

        Subscription(ResourceType type, DeltaDiscoveryRequest first) {
            this.type = type;
            wildcard = !first.getResourceNamesUnsubscribeList().contains(WILDCARD);
            told.putAll(first.getInitialResourceVersionsMap());
            asked.addAll(told.keySet());
            told.forEach((name, version) -> {
                Truth now = truth(type).get(name);
                if (now != null && !version.isEmpty() && version(type, now).equals(version)) {
                    contents.put(name, now.content());
                }
            });
        }

        boolean wildcard() {
            return wildcard;
        }

        void subscribe(List<String> names) {
            for (String name : names) {
                asked.add(name);
                told.put(name, "");
                contents.remove(name);
            }
        }

        /**
         * Everything wanted that differs from what was told.
         *
         * @param always whether to answer even if there is nothing
         * @return null for nothing to say
         */
        @Nullable
        DeltaDiscoveryResponse difference(boolean always) {
            DeltaDiscoveryResponse.Builder response = DeltaDiscoveryResponse.newBuilder()
                    .setTypeUrl(type.typeUrl())
                    .setSystemVersionInfo("v" + SimulatedServer.this.contents)
                    .setNonce("n" + ++nonces);
            for (var resource : truth(type).entrySet()) {
                String name = resource.getKey();
                Truth now = resource.getValue();
                if ((wildcard || asked.contains(name)) && !Objects.equals(contents.get(name), now.content())) {
                    response.addResources(wire(type, name, now));
                    told.put(name, version(type, now));
                    contents.put(name, now.content());
                }
            }
            for (String name : new ArrayList<>(told.keySet())) {
                if (!truth(type).containsKey(name)) {
                    response.addRemovedResources(name);
                    told.remove(name);
                    contents.remove(name);
                    asked.remove(name);
                }
            }
            boolean empty = response.getResourcesCount() == 0 && response.getRemovedResourcesCount() == 0;
            return empty && !always ? null : response.build();
        }
    }

    Subscription subscription(ResourceType type, DeltaDiscoveryRequest first) {
        return new Subscription(type, first);
    }

    private Resource wire(ResourceType type, String name, Truth resource) {
        ByteString payload =
                resource.good() ? good(type, name, resource.content()) : ByteString.copyFrom(new byte[] {10, 100, 1});
        return Pushes.raw(name, payload).toBuilder()
                .setVersion(version(type, resource))
                .build();
    }

    private static ByteString good(ResourceType type, String name, int content) {
        if (type == ResourceType.AUTHORIZATION) {
            return Authorization.newBuilder()
                    .setNamespace("ns")
                    .setName(name)
                    .addRules(Rule.newBuilder()
                            .addClauses(Clause.newBuilder()
                                    .addMatches(Match.newBuilder().addDestinationPorts(content & 0xffff))))
                    .build()
                    .toByteString();
        }
        int slash = name.indexOf('/');
        Address.Builder address = Address.newBuilder();
        if (slash >= 0) {
            address.setService(Service.newBuilder()
                    .setNamespace(name.substring(0, slash))
                    .setHostname(name.substring(slash + 1))
                    .setName("c" + content));
        } else {
            address.setWorkload(Workload.newBuilder().setUid(name).setName("c" + content));
        }
        return address.build().toByteString();
    }
}
