package io.culvert.xds.mesh;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Services and how they are found (ztunnel state/service.rs:ServiceStore). Their endpoints are elsewhere
 * ({@link Endpoints}): a change of those touches nothing here.
 *
 * @param byHostname one per namespace, in order of arrival
 * @param withRanges services that have virtual address ranges, in order of arrival; searched one by one
 */
record ServiceIndex(
        SharedSet<Service> byName,
        SharedMap<String, List<Service>> byHostname,
        SharedSet<AtVip> byVip,
        List<Service> withRanges) {

    private static final Keys<Service> NAME = new Keys<>() {
        @Override
        Object first(Service service) {
            return service.namespace();
        }

        @Override
        Object second(Service service) {
            return service.hostname();
        }

        @Override
        boolean match(Service service, Object first, Object second) {
            return Keys.same(service.hostname(), second) && Keys.same(service.namespace(), first);
        }
    };

    private static final Keys<AtVip> VIP = new Keys<>() {
        @Override
        Object first(AtVip at) {
            return at.vip.network();
        }

        @Override
        Object second(AtVip at) {
            return at.vip.address();
        }

        @Override
        boolean match(AtVip at, Object first, Object second) {
            return at.vip.address().equals(second) && Keys.same(at.vip.network(), first);
        }
    };

    static ServiceIndex empty() {
        return new ServiceIndex(SharedSet.empty(NAME), SharedMap.empty(), SharedSet.empty(VIP), List.of());
    }

    @Nullable
    Service named(String namespace, String hostname) {
        return byName.find(namespace, hostname);
    }

    /** In place of the service of that name. */
    ServiceIndex with(Service added) {
        Service replaced = named(added.namespace(), added.hostname());
        ServiceIndex rest = replaced == null ? this : without(replaced);
        var vips = rest.byVip;
        for (NetworkAddress vip : added.vips()) {
            AtVip present = vips.find(vip.network(), vip.address());
            vips = vips.with(present == null ? new AtVip(vip, List.of(added)) : present.with(added));
        }
        List<Service> sameHostname = rest.byHostname.get(added.hostname());
        return new ServiceIndex(
                rest.byName.with(added),
                rest.byHostname.with(added.hostname(), appended(sameHostname, added)),
                vips,
                added.cidrVips().isEmpty() ? rest.withRanges : appended(rest.withRanges, added));
    }

    /** Without a service that is in it, by identity. */
    ServiceIndex without(Service removed) {
        var vips = byVip;
        for (NetworkAddress vip : removed.vips()) {
            AtVip present = vips.find(vip.network(), vip.address());
            // Null at the second mention of an address that one resource has twice.
            if (present != null) {
                List<Service> rest = without(present.services, removed);
                vips = rest.isEmpty()
                        ? vips.without(vip.network(), vip.address())
                        : vips.with(new AtVip(present.vip, rest));
            }
        }
        List<Service> sameHostname = byHostname.get(removed.hostname());
        List<Service> others = sameHostname == null ? List.of() : without(sameHostname, removed);
        return new ServiceIndex(
                byName.without(removed.namespace(), removed.hostname()),
                others.isEmpty() ? byHostname.without(removed.hostname()) : byHostname.with(removed.hostname(), others),
                vips,
                removed.cidrVips().isEmpty() ? withRanges : without(withRanges, removed));
    }

    private static List<Service> appended(@Nullable List<Service> present, Service added) {
        if (present == null || present.isEmpty()) {
            return List.of(added);
        }
        List<Service> result = new ArrayList<>(present);
        result.add(added);
        return List.copyOf(result);
    }

    private static List<Service> without(List<Service> services, Service removed) {
        List<Service> rest = new ArrayList<>(services);
        rest.remove(removed);
        return List.copyOf(rest);
    }

    /** The best that the client may see: exact addresses first, then ranges. */
    @Nullable
    Service at(String network, IpAddress address, @Nullable String clientNamespace) {
        AtVip at = byVip.find(network, address);
        Service exact = at == null ? null : at.best(clientNamespace);
        return exact != null || withRanges.isEmpty() ? exact : inRange(network, address, clientNamespace);
    }

    /**
     * By own namespace, then the length of the prefix, then canonical: a shorter one at home beats a longer elsewhere.
     */
    private @Nullable Service inRange(String network, IpAddress address, @Nullable String clientNamespace) {
        Service best = null;
        long bestRank = -1;
        for (int i = 0; i < withRanges.size(); i++) {
            Service candidate = withRanges.get(i);
            if (!candidate.visibleTo(clientNamespace)) {
                continue;
            }
            for (int j = 0; j < candidate.cidrVips().size(); j++) {
                NetworkCidr range = candidate.cidrVips().get(j);
                if (range.network().equals(network) && range.cidr().contains(address)) {
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

    /**
     * The services of one exact virtual address: those of one namespace side by side in order of arrival, the
     * namespaces in order of their first. Of one namespace only the latest counts.
     */
    record AtVip(NetworkAddress vip, List<Service> services) {
        AtVip with(Service added) {
            List<Service> result = new ArrayList<>(services);
            // The same address given twice in one resource counts once.
            result.remove(added);
            int at = result.size();
            for (int i = 0; i < result.size(); i++) {
                at = result.get(i).namespace().equals(added.namespace()) ? i + 1 : at;
            }
            result.add(at, added);
            return new AtVip(vip, List.copyOf(result));
        }

        /** Of the client's own namespace, else canonical, else the first that came. */
        @Nullable
        Service best(@Nullable String clientNamespace) {
            Service best = null;
            for (int i = 0; i < services.size(); i++) {
                Service candidate = services.get(i);
                boolean superseded = i + 1 < services.size()
                        && services.get(i + 1).namespace().equals(candidate.namespace());
                if (superseded || !candidate.visibleTo(clientNamespace)) {
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
    }
}
