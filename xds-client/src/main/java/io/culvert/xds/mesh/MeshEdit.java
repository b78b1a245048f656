package io.culvert.xds.mesh;

import io.culvert.xds.identity.Identity;
import io.culvert.xds.mesh.WorkloadIndex.Account;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One change of the mesh in the making, used by one thread within {@link MeshState#update}. Changes of endpoints are
 * gathered and applied per service at the end. Removals come before upserts when both are to be applied.
 */
public final class MeshEdit {
    private WorkloadIndex workloads;
    private ServiceIndex services;
    private PolicyIndex policies;

    /** By service, by workload uid; a null value takes the endpoint away. */
    private final Map<NamespacedName, Map<String, @Nullable Endpoint>> endpoints = new LinkedHashMap<>();

    private final List<Workload> localInserted = new ArrayList<>();
    private final Map<Account, Identity> localRemoved = new LinkedHashMap<>();
    private boolean addressesChanged;
    private boolean policiesChanged;

    MeshEdit(MeshSnapshot base) {
        workloads = base.workloadIndex();
        services = base.serviceIndex();
        policies = base.policyIndex();
    }

    /** In place of the workload of that uid; it becomes an endpoint of the services that it lists. */
    public MeshEdit putWorkload(Workload workload) {
        return putWorkload(workload, workload.services());
    }

    /** The same where the services come from elsewhere than the workload (file mode). */
    public MeshEdit putWorkload(Workload workload, Map<NamespacedName, PortMap> serves) {
        Workload previous = workloads.byUid().get(workload.uid());
        if (previous != null) {
            remove(previous);
        }
        workloads = workloads.with(workload);
        serves.forEach((service, ports) ->
                endpointsOf(service).put(workload.uid(), new Endpoint(workload.uid(), ports, workload.status())));
        if (workloads.isLocal(workload)) {
            localInserted.add(workload);
        }
        addressesChanged = true;
        return this;
    }

    /** In place of the service of that key; endpoints that are known for it stay or join. */
    public MeshEdit putService(Service service) {
        services = services.with(service);
        addressesChanged = true;
        return this;
    }

    /**
     * Removes a workload of that uid or else a service of that "namespace/hostname".
     *
     * @return whether there was one, or the name cannot be a service's
     */
    public boolean removeAddress(String resourceName) {
        Workload workload = workloads.byUid().get(resourceName);
        if (workload != null) {
            remove(workload);
            return true;
        }
        var key = NamespacedName.parse(resourceName);
        if (key.isEmpty()) {
            return resourceName.indexOf('/') >= 0;
        }
        Service service = services.byName().get(key.get());
        if (service == null) {
            return false;
        }
        services = services.without(service);
        addressesChanged = true;
        return true;
    }

    private void remove(Workload workload) {
        workloads = workloads.without(workload);
        for (NamespacedName service : workload.services().keySet()) {
            endpointsOf(service).put(workload.uid(), null);
        }
        if (workloads.isLocal(workload)) {
            localRemoved.put(Account.of(workload), workload.identity());
        }
        addressesChanged = true;
    }

    private Map<String, @Nullable Endpoint> endpointsOf(NamespacedName service) {
        return endpoints.computeIfAbsent(service, key -> new LinkedHashMap<>());
    }

    /** In place of the policy of that resource name. */
    public MeshEdit putPolicy(String resourceName, AuthorizationPolicy policy) {
        policies = policies.with(resourceName, policy);
        return policiesChanged();
    }

    public MeshEdit removePolicy(String resourceName) {
        policies = policies.without(resourceName);
        return policiesChanged();
    }

    /** Has listeners look at policies again even if none was put or removed. */
    public MeshEdit policiesChanged() {
        policiesChanged = true;
        return this;
    }

    MeshSnapshot finish() {
        endpoints.forEach((service, changes) -> services = services.withEndpoints(service, changes));
        endpoints.clear();
        return new MeshSnapshot(workloads, services, policies);
    }

    boolean touchedAddresses() {
        return addressesChanged;
    }

    boolean touchedPolicies() {
        return policiesChanged;
    }

    /** For listeners, after {@link #finish}. */
    WorkloadsChange workloadsChange(MeshSnapshot published) {
        List<Identity> forgotten = new ArrayList<>();
        localRemoved.forEach((account, identity) -> {
            if (!workloads.hasLocal(account)) {
                forgotten.add(identity);
            }
        });
        List<Workload> present = localInserted.stream()
                .filter(workload -> published.workloadByUid(workload.uid()) == workload)
                .toList();
        return new WorkloadsChange(published, present, List.copyOf(forgotten));
    }
}
