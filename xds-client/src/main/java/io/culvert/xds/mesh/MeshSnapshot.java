package io.culvert.xds.mesh;

import io.culvert.xds.mesh.WorkloadIndex.Account;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * All that is known of the mesh at one moment; immutable, for any thread. Take it once per decision, so that all its
 * answers belong together. Ranks and visibility are those of ztunnel state/{workload,service,policy}.rs.
 */
public final class MeshSnapshot {
    private final WorkloadIndex workloads;
    private final ServiceIndex services;
    private final PolicyIndex policies;

    MeshSnapshot(WorkloadIndex workloads, ServiceIndex services, PolicyIndex policies) {
        this.workloads = workloads;
        this.services = services;
        this.policies = policies;
    }

    static MeshSnapshot empty(String localNode) {
        return new MeshSnapshot(WorkloadIndex.empty(localNode), ServiceIndex.empty(), PolicyIndex.empty());
    }

    public @Nullable Workload workloadByUid(String uid) {
        return workloads.byUid().get(uid);
    }

    /** Of several: pods first, then those of the mesh, then the latest. Host-network workloads are not found. */
    public @Nullable Workload workloadByAddress(String network, IpAddress address) {
        List<Workload> candidates = workloads.byAddress().get(new NetworkAddress(network, address));
        return candidates == null ? null : candidates.getFirst();
    }

    /**
     * A workload of this node, by what the node agent knows of it.
     *
     * @return null if there is none, or it runs on another node
     */
    public @Nullable Workload localWorkload(String name, String namespace, String serviceAccount) {
        return workloads.local(name, new Account(namespace, serviceAccount));
    }

    /** Any workload of that host name and namespace; searches all of them, as the original does. */
    public @Nullable Workload workloadByHostname(NamespacedName name) {
        for (Workload workload : workloads()) {
            if (workload.hostname().equals(name.hostname())
                    && workload.namespace().equals(name.namespace())) {
                return workload;
            }
        }
        return null;
    }

    /**
     * The service of a virtual address: an exact one before ranges; of several that of the client's namespace, then the
     * canonical one (among ranges the longer prefix goes before canonical), then the first.
     *
     * @param clientNamespace null sees services of every visibility
     */
    public @Nullable Service serviceByVip(String network, IpAddress address, @Nullable String clientNamespace) {
        return services.at(new NetworkAddress(network, address), clientNamespace);
    }

    public @Nullable Service serviceByName(NamespacedName name) {
        return services.byName().get(name);
    }

    /** One per namespace, in order of arrival; visibility is for the caller to judge. */
    public List<Service> servicesByHostname(String hostname) {
        List<NamespacedName> keys = services.byHostname().get(hostname);
        return keys == null ? List.of() : known(keys);
    }

    /** The known services that this workload says it serves. */
    public List<Service> servicesOf(Workload workload) {
        return known(workload.services().keySet());
    }

    private List<Service> known(Collection<NamespacedName> keys) {
        return keys.stream()
                .map(key -> services.byName().get(key))
                .filter(Objects::nonNull)
                .toList();
    }

    public @Nullable AuthorizationPolicy policy(String resourceName) {
        return policies.byName().get(resourceName);
    }

    /**
     * What applies to a workload: the policies of its namespace, the global ones, and those that it lists. A listed
     * name that is not known is left out, see {@link #missingPolicies}.
     */
    public List<AuthorizationPolicy> policiesOf(Workload workload) {
        List<AuthorizationPolicy> result = new ArrayList<>();
        collect(policies.namesIn(workload.namespace()), result);
        if (!workload.namespace().isEmpty()) {
            collect(policies.namesIn(""), result);
        }
        collect(workload.authorizationPolicies(), result);
        return result;
    }

    private void collect(List<String> resourceNames, List<AuthorizationPolicy> into) {
        for (String name : resourceNames) {
            AuthorizationPolicy policy = policies.byName().get(name);
            if (policy != null) {
                into.add(policy);
            }
        }
    }

    /** Policies that a workload lists and nobody has sent. */
    public List<String> missingPolicies(Workload workload) {
        return workload.authorizationPolicies().stream()
                .filter(name -> policies.byName().get(name) == null)
                .toList();
    }

    /** In no particular order. */
    public Collection<Workload> workloads() {
        return workloads.byUid().values();
    }

    /** In no particular order. */
    public Collection<Service> services() {
        return services.byName().values();
    }

    /** By resource name. */
    public Map<String, AuthorizationPolicy> policies() {
        Map<String, AuthorizationPolicy> result = new TreeMap<>();
        policies.byName().forEach(result::put);
        return result;
    }

    /** Endpoints of services that are not known (yet), by service and workload uid. */
    public Map<NamespacedName, Map<String, Endpoint>> stagedEndpoints() {
        Map<NamespacedName, Map<String, Endpoint>> result = new TreeMap<>();
        services.staged().forEach((service, endpoints) -> {
            Map<String, Endpoint> byUid = new TreeMap<>();
            endpoints.forEach(byUid::put);
            result.put(service, byUid);
        });
        return result;
    }

    WorkloadIndex workloadIndex() {
        return workloads;
    }

    ServiceIndex serviceIndex() {
        return services;
    }

    PolicyIndex policyIndex() {
        return policies;
    }
}
