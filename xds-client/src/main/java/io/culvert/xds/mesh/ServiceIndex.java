package io.culvert.xds.mesh;

import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Services, how they are found, and endpoints of services that are not known (ztunnel state/service.rs:ServiceStore).
 * The indexes hold keys, so that a change of an endpoint touches {@code byName} alone.
 *
 * @param byHostname one key per namespace, in order of arrival
 * @param byVip likewise
 * @param withRanges services that have virtual address ranges, in order of arrival; searched one by one
 * @param staged endpoints by workload uid, by service
 */
record ServiceIndex(
        SharedMap<NamespacedName, Service> byName,
        SharedMap<String, List<NamespacedName>> byHostname,
        SharedMap<NetworkAddress, List<NamespacedName>> byVip,
        List<NamespacedName> withRanges,
        SharedMap<NamespacedName, SharedMap<String, Endpoint>> staged) {

    static ServiceIndex empty() {
        return new ServiceIndex(SharedMap.empty(), SharedMap.empty(), SharedMap.empty(), List.of(), SharedMap.empty());
    }

    /** In place of the service of that key, whose endpoints it takes over, and with those that were staged for it. */
    ServiceIndex with(Service added) {
        NamespacedName key = added.key();
        SharedMap<String, Endpoint> endpoints = added.endpointsByUid();
        Service replaced = byName.get(key);
        if (replaced != null) {
            endpoints = admitted(added, endpoints, replaced.endpointsByUid());
        }
        SharedMap<String, Endpoint> waiting = staged.get(key);
        if (waiting != null) {
            endpoints = admitted(added, endpoints, waiting);
        }
        ServiceIndex rest = replaced == null ? this : unindexed(replaced);
        var vips = rest.byVip;
        for (NetworkAddress vip : added.vips()) {
            vips = vips.with(vip, appended(vips.get(vip), key));
        }
        return new ServiceIndex(
                byName.with(key, added.withEndpoints(endpoints)),
                rest.byHostname.with(added.hostname(), appended(rest.byHostname.get(added.hostname()), key)),
                vips,
                added.cidrVips().isEmpty() ? rest.withRanges : appended(rest.withRanges, key),
                staged.without(key));
    }

    /**
     * Without a service that is in it. Its endpoints are staged: the workloads still claim to serve it, and are not
     * sent again should it return. (The original forgets them, and such a service stays without endpoints.)
     */
    ServiceIndex without(Service removed) {
        ServiceIndex rest = unindexed(removed);
        var endpoints = removed.endpointsByUid();
        return new ServiceIndex(
                byName.without(removed.key()),
                rest.byHostname,
                rest.byVip,
                rest.withRanges,
                endpoints.isEmpty() ? staged : staged.with(removed.key(), endpoints));
    }

    /** With changed endpoints of one service, known or not; an absent value removes that workload's. */
    ServiceIndex withEndpoints(NamespacedName key, Map<String, @Nullable Endpoint> changes) {
        Service service = byName.get(key);
        if (service != null) {
            var endpoints = apply(service.endpointsByUid(), changes, service.healthPolicy());
            return new ServiceIndex(
                    byName.with(key, service.withEndpoints(endpoints)), byHostname, byVip, withRanges, staged);
        }
        // Health is judged when the service arrives and says how.
        SharedMap<String, Endpoint> waiting = staged.get(key);
        SharedMap<String, Endpoint> present = waiting == null ? SharedMap.empty() : waiting;
        var endpoints = apply(present, changes, LoadBalancing.HealthPolicy.ALLOW_ALL);
        var updated = endpoints.isEmpty() ? staged.without(key) : staged.with(key, endpoints);
        return new ServiceIndex(byName, byHostname, byVip, withRanges, updated);
    }

    private static SharedMap<String, Endpoint> apply(
            SharedMap<String, Endpoint> endpoints,
            Map<String, @Nullable Endpoint> changes,
            LoadBalancing.HealthPolicy policy) {
        var result = endpoints;
        for (var change : changes.entrySet()) {
            Endpoint endpoint = change.getValue();
            boolean kept = endpoint != null && policy.admits(endpoint.status());
            result = kept ? result.with(change.getKey(), endpoint) : result.without(change.getKey());
        }
        return result;
    }

    private static SharedMap<String, Endpoint> admitted(
            Service service, SharedMap<String, Endpoint> endpoints, SharedMap<String, Endpoint> candidates) {
        if (endpoints.isEmpty() && service.healthPolicy() == LoadBalancing.HealthPolicy.ALLOW_ALL) {
            return candidates;
        }
        var result = endpoints;
        for (Endpoint endpoint : candidates.values()) {
            if (service.healthPolicy().admits(endpoint.status())) {
                result = result.with(endpoint.workloadUid(), endpoint);
            }
        }
        return result;
    }

    /** Found by name only; for what is replaced or removed next. */
    private ServiceIndex unindexed(Service service) {
        var vips = byVip;
        for (NetworkAddress vip : service.vips()) {
            vips = removed(vips, vip, service.key());
        }
        return new ServiceIndex(
                byName,
                removed(byHostname, service.hostname(), service.key()),
                vips,
                service.cidrVips().isEmpty()
                        ? withRanges
                        : withRanges.stream()
                                .filter(key -> !key.equals(service.key()))
                                .toList(),
                staged);
    }

    private static List<NamespacedName> appended(@Nullable List<NamespacedName> keys, NamespacedName key) {
        if (keys == null || keys.isEmpty()) {
            return List.of(key);
        }
        // The same address given twice in one resource counts once.
        return keys.contains(key)
                ? keys
                : Stream.concat(keys.stream(), Stream.of(key)).toList();
    }

    private static <K> SharedMap<K, List<NamespacedName>> removed(
            SharedMap<K, List<NamespacedName>> index, K at, NamespacedName key) {
        List<NamespacedName> present = index.get(at);
        if (present == null) {
            return index;
        }
        List<NamespacedName> rest =
                present.stream().filter(other -> !other.equals(key)).toList();
        return rest.isEmpty() ? index.without(at) : index.with(at, rest);
    }

    /** The best that the client may see: exact addresses first, then ranges. */
    @Nullable
    Service at(NetworkAddress address, @Nullable String clientNamespace) {
        Service exact = exactly(address, clientNamespace);
        return exact != null ? exact : inRange(address, clientNamespace);
    }

    /** Of the client's own namespace, else canonical, else the first that came. */
    private @Nullable Service exactly(NetworkAddress address, @Nullable String clientNamespace) {
        List<NamespacedName> keys = byVip.get(address);
        if (keys == null) {
            return null;
        }
        Service best = null;
        for (NamespacedName key : keys) {
            Service candidate = byName.get(key);
            if (candidate == null || !candidate.visibleTo(clientNamespace)) {
                continue;
            }
            if (candidate.namespace().equals(clientNamespace)) {
                return candidate;
            }
            if (best == null || (candidate.canonical() && !best.canonical())) {
                best = candidate;
            }
        }
        return best;
    }

    /**
     * By own namespace, then the length of the prefix, then canonical: a shorter one at home beats a longer elsewhere.
     */
    private @Nullable Service inRange(NetworkAddress address, @Nullable String clientNamespace) {
        Service best = null;
        long bestRank = -1;
        for (NamespacedName key : withRanges) {
            Service candidate = byName.get(key);
            if (candidate == null || !candidate.visibleTo(clientNamespace)) {
                continue;
            }
            for (NetworkCidr range : candidate.cidrVips()) {
                if (range.network().equals(address.network()) && range.cidr().contains(address.address())) {
                    long rank = (candidate.namespace().equals(clientNamespace) ? 1000 : 0)
                            + range.cidr().prefixLength() * 2L
                            + (candidate.canonical() ? 1 : 0);
                    if (rank > bestRank) {
                        best = candidate;
                        bestRank = rank;
                    }
                }
            }
        }
        return best;
    }
}
