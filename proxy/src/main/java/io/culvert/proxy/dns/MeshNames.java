package io.culvert.proxy.dns;

import io.culvert.xds.mesh.IpAddress;
import io.culvert.xds.mesh.MeshSnapshot;
import io.culvert.xds.mesh.NetworkAddress;
import io.culvert.xds.mesh.Service;
import io.culvert.xds.mesh.Workload;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Answers questions for addresses from the mesh state: a function of snapshot, asking workload, name and type (ztunnel
 * dns/server.rs:Store). Any thread.
 *
 * <p>A name is looked for under several candidates, in this order and each once: as it is; expanded to what Kubernetes
 * could mean by it; and the same again for what is left of it without each of the search domains, which are derived
 * from the client's namespace, not from its resolv.conf. Each candidate is looked for exactly, then under wildcards of
 * fewer and fewer labels. The first that has a service which qualifies decides.
 */
final class MeshNames {

    /**
     * As many addresses as fit the largest message. Of a headless service with more endpoints, some are never named:
     * nobody can dial them all either.
     */
    static final int ADDRESSES_MAX = 4_096;

    private static final String SVC = "svc";

    private final DnsName domain;
    private final DnsName serviceDomain;
    private final String serviceSuffix;
    private final String preferredNamespace;
    private final boolean ipv6;

    /**
     * Of one configuration.
     *
     * @param clusterDomain CLUSTER_DOMAIN
     * @param preferredNamespace PREFERED_SERVICE_NAMESPACE; empty: none
     * @param ipv6 IPV6_ENABLED; without it there are no AAAA records
     */
    MeshNames(String clusterDomain, String preferredNamespace, boolean ipv6) {
        this.domain = DnsName.of(clusterDomain);
        this.serviceDomain = DnsName.of(SVC).append(domain);
        this.serviceSuffix = "." + serviceDomain.hostname();
        this.preferredNamespace = preferredNamespace;
        this.ipv6 = ipv6;
    }

    /** A service, and how it was found. */
    private record Found(Service service, DnsName matched, int labelsStripped) {}

    MeshAnswer answer(MeshSnapshot mesh, Workload client, DnsName name, RecordType type) {
        if (!type.isAddress()) {
            return new MeshAnswer.Forwarded();
        }
        return find(mesh, client, name)
                .map(found -> answer(mesh, client, name, type, found))
                .orElseGet(MeshAnswer.Forwarded::new);
    }

    private MeshAnswer answer(MeshSnapshot mesh, Workload client, DnsName name, RecordType type, Found found) {
        boolean v4 = type.equals(RecordType.A);
        if (!familyAllowed(found.service(), v4)) {
            return new MeshAnswer.Nothing("service does not support this record type");
        }
        List<IpAddress> addresses = found.service().vips().isEmpty()
                ? endpointAddresses(mesh, found.service(), v4)
                : virtualAddresses(found.service(), client.network(), v4);
        if (addresses.isEmpty()) {
            return new MeshAnswer.Nothing("no records");
        }
        // A wildcard says nothing of the shorter name, so there is none to be an alias of.
        boolean alias = found.labelsStripped() > 0 && !found.matched().isWildcard();
        return alias
                ? new MeshAnswer.Aliased(name.labelCount() - found.labelsStripped(), addresses)
                : new MeshAnswer.Addresses(addresses);
    }

    /**
     * A headless service has no addresses of its own, and the pods behind it may have both families though the service
     * has one.
     */
    private boolean familyAllowed(Service service, boolean v4) {
        if (!v4 && !ipv6) {
            return false;
        }
        return switch (service.ipFamilies()) {
            case AUTOMATIC, DUAL -> true;
            case IPV4_ONLY -> v4;
            case IPV6_ONLY -> !v4;
        };
    }

    /** Those that the client can reach: of its workload's network. Ranges are no addresses. */
    private static List<IpAddress> virtualAddresses(Service service, String network, boolean v4) {
        return service.vips().stream()
                .filter(vip -> vip.address().isV4() == v4 && vip.network().equals(network))
                .map(NetworkAddress::address)
                .distinct()
                .limit(ADDRESSES_MAX)
                .toList();
    }

    private static List<IpAddress> endpointAddresses(MeshSnapshot mesh, Service service, boolean v4) {
        Set<IpAddress> addresses = new LinkedHashSet<>();
        mesh.visitEndpoints(service, (workload, ports) -> {
            for (IpAddress address : workload.addresses()) {
                if (address.isV4() == v4) {
                    addresses.add(address);
                    break;
                }
            }
            return addresses.size() < ADDRESSES_MAX;
        });
        return List.copyOf(addresses);
    }

    private Optional<Found> find(MeshSnapshot mesh, Workload client, DnsName name) {
        for (Map.Entry<DnsName, Integer> candidate :
                candidates(client.namespace(), name).entrySet()) {
            DnsName tried = candidate.getKey();
            for (int replaced = 0; replaced < Math.max(1, tried.labelCount()); replaced++) {
                DnsName match = replaced == 0 ? tried : tried.wildcard(replaced);
                Service service = best(mesh.servicesByHostname(match.hostname()), client.namespace());
                if (service != null) {
                    return Optional.of(new Found(service, match, candidate.getValue()));
                }
            }
        }
        return Optional.empty();
    }

    /** The names to look for, in their order, each with the number of labels that were stripped from what was asked. */
    Map<DnsName, Integer> candidates(String namespace, DnsName name) {
        DnsName namespaced = DnsName.of(namespace).append(serviceDomain);
        Map<DnsName, Integer> candidates = new LinkedHashMap<>();
        candidates.put(name, 0);
        expand(name, namespaced, 0, candidates);
        for (DnsName search : List.of(namespaced, serviceDomain, domain)) {
            name.strip(search).ifPresent(stripped -> {
                candidates.putIfAbsent(stripped, search.labelCount());
                expand(stripped, namespaced, search.labelCount(), candidates);
            });
        }
        return candidates;
    }

    /**
     * What Kubernetes could mean: a service by its name, by name and namespace, by these and "svc"; a pod likewise, by
     * its host name and subdomain. A name of five labels or more is complete.
     */
    private void expand(DnsName name, DnsName namespaced, int stripped, Map<DnsName, Integer> candidates) {
        switch (name.labelCount()) {
            case 1 -> candidates.putIfAbsent(name.append(namespaced), stripped);
            case 2 -> {
                candidates.putIfAbsent(name.append(serviceDomain), stripped);
                candidates.putIfAbsent(name.append(namespaced), stripped);
            }
            case 3 -> {
                if (name.endsWith(SVC)) {
                    candidates.putIfAbsent(name.append(domain), stripped);
                }
                candidates.putIfAbsent(name.append(serviceDomain), stripped);
            }
            case 4 -> {
                if (name.endsWith(SVC)) {
                    candidates.putIfAbsent(name.append(domain), stripped);
                }
            }
            default -> {}
        }
    }

    /**
     * Of those that qualify: the one of the client's namespace, else a canonical one, else that of the preferred
     * namespace, else the first (ztunnel state/service.rs:ServiceMatch).
     */
    private @Nullable Service best(List<Service> services, String namespace) {
        Service best = null;
        int bestRank = -1;
        for (Service service : services) {
            if (!qualifies(service) || !service.visibleTo(namespace)) {
                continue;
            }
            int rank = service.namespace().equals(namespace)
                    ? 3
                    : service.canonical() ? 2 : service.namespace().equals(preferredNamespace) ? 1 : 0;
            if (rank > bestRank) {
                best = service;
                bestRank = rank;
            }
        }
        return best;
    }

    /** Without addresses of its own it must be a headless one of Kubernetes, which only its name tells. */
    private boolean qualifies(Service service) {
        return !service.vips().isEmpty() || service.hostname().endsWith(serviceSuffix);
    }
}
