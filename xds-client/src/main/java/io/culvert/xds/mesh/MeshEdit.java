package io.culvert.xds.mesh;

import io.culvert.xds.identity.Identity;
import io.culvert.xds.mesh.LocalShare.LocalContents;
import io.culvert.xds.mesh.LocalShare.Said;
import io.culvert.xds.mesh.WorkloadIndex.Account;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * One change of the mesh in the making, used by one thread within {@link MeshState#update}. Changes of endpoints are
 * gathered and applied per service at the end. Removals come before upserts when both are to be applied.
 */
public final class MeshEdit {
    private final Interner interner;
    private WorkloadIndex workloads;
    private ServiceIndex services;
    private PolicyIndex policies;
    private SharedSet<Endpoints> endpoints;
    private LocalShare local;

    /** The endpoints of services that this change touches, as they are to be. */
    private final Map<NamespacedName, SharedSet<Workload>> touched = new HashMap<>();

    private final List<String> localInserted = new ArrayList<>();
    private final Map<Account, Identity> localRemoved = new LinkedHashMap<>();
    private boolean addressesChanged;
    private boolean policiesChanged;

    MeshEdit(MeshSnapshot base, LocalShare local, Interner interner) {
        this.interner = interner;
        this.local = local;
        workloads = base.workloadIndex();
        services = base.serviceIndex();
        policies = base.policyIndex();
        endpoints = base.endpointIndex();
    }

    /** In place of the workload of that uid; it becomes an endpoint of the services that it lists. */
    public MeshEdit putWorkload(Workload workload) {
        Workload added = workload.interned(interner);
        Workload previous = workloads.uid(added.uid());
        if (previous != null) {
            withdraw(previous, added);
        }
        workloads = workloads.with(added, previous);
        local = local.shadowedWorkload(added.uid());
        for (NamespacedName service : added.serves().keySet()) {
            touched.put(service, endpointsOf(service).with(added));
        }
        if (workloads.isLocal(added)) {
            localInserted.add(added.uid());
        }
        addressesChanged = true;
        return this;
    }

    /** In place of the service of that key. */
    public MeshEdit putService(Service service) {
        services = services.with(service.interned(interner));
        local = local.shadowedService(service.key());
        addressesChanged = true;
        return this;
    }

    /**
     * Removes a workload of that uid or else a service of that "namespace/hostname", as the control plane says. What a
     * local file says under that name stays, or takes its place.
     *
     * @return whether there was one, or the name cannot be a service's
     */
    public boolean removeAddress(String resourceName) {
        Workload workload = workloads.uid(resourceName);
        if (workload != null) {
            return removeWorkload(workload);
        }
        var key = NamespacedName.parse(resourceName);
        if (key.isEmpty()) {
            return resourceName.indexOf('/') >= 0;
        }
        Service service = service(key.get());
        return service != null && removeService(service);
    }

    private boolean removeWorkload(Workload workload) {
        Said<Workload> said = local.workloads().get(workload.uid());
        if (said == null) {
            dropWorkload(workload);
        } else if (!said.inForce()) {
            putWorkload(said.value());
            local = local.restoredWorkload(workload.uid());
        }
        return said == null || !said.inForce();
    }

    private boolean removeService(Service service) {
        Said<Service> said = local.services().get(service.key());
        if (said == null) {
            dropService(service);
        } else if (!said.inForce()) {
            putService(said.value());
            local = local.restoredService(service.key());
        }
        return said == null || !said.inForce();
    }

    /** Whoever said it. */
    void dropWorkload(Workload workload) {
        withdraw(workload, null);
        workloads = workloads.without(workload);
        addressesChanged = true;
    }

    /** Whoever said it. */
    void dropService(Service service) {
        services = services.without(service);
        addressesChanged = true;
    }

    /** Takes back what a workload said that its next state, if there is one, does not say. */
    private void withdraw(Workload previous, @Nullable Workload next) {
        for (NamespacedName service : previous.serves().keySet()) {
            if (next == null || !next.serves().containsKey(service)) {
                touched.put(service, endpointsOf(service).without(previous.uid(), ""));
            }
        }
        if (workloads.isLocal(previous)) {
            localRemoved.put(Account.of(previous), previous.identity());
        }
    }

    private SharedSet<Workload> endpointsOf(NamespacedName service) {
        SharedSet<Workload> changed = touched.get(service);
        if (changed != null) {
            return changed;
        }
        Endpoints present = endpoints.find(service.namespace(), service.hostname());
        return present == null ? SharedSet.empty(WorkloadKeys.UID) : present.workloads();
    }

    /** As it is within this change. */
    public @Nullable Workload workload(String uid) {
        return workloads.uid(uid);
    }

    /** As it is within this change. */
    public @Nullable Service service(NamespacedName name) {
        return services.named(name.namespace(), name.hostname());
    }

    /** As it is within this change. */
    public @Nullable AuthorizationPolicy policy(String resourceName) {
        return policies.byName().get(resourceName);
    }

    /** In place of the policy of that resource name. */
    public MeshEdit putPolicy(String resourceName, AuthorizationPolicy policy) {
        policies = policies.with(resourceName, policy);
        local = local.shadowedPolicy(resourceName);
        return policiesChanged();
    }

    /** As the control plane says. What a local file says under that name stays, or takes its place. */
    public MeshEdit removePolicy(String resourceName) {
        Said<AuthorizationPolicy> said = local.policies().get(resourceName);
        if (said == null) {
            dropPolicy(resourceName);
        } else if (!said.inForce()) {
            putPolicy(resourceName, said.value());
            local = local.restoredPolicy(resourceName);
        }
        return policiesChanged();
    }

    /** Whoever said it. */
    void dropPolicy(String resourceName) {
        policies = policies.without(resourceName);
        policiesChanged();
    }

    /**
     * Puts what a local file says in place of what it said before. Of a name that the control plane has, too, the
     * control plane's word counts.
     *
     * @return the names that the file cannot have for that reason, in order
     */
    public Set<String> replaceLocal(
            List<Workload> fileWorkloads, List<AuthorizationPolicy> filePolicies, List<Service> fileServices) {
        Set<String> shadowed = new TreeSet<>();
        local = local.replaced(this, new LocalContents(fileWorkloads, filePolicies, fileServices), shadowed);
        return shadowed;
    }

    /** Has listeners look at policies again even if none was put or removed. */
    public MeshEdit policiesChanged() {
        policiesChanged = true;
        return this;
    }

    MeshSnapshot finish() {
        touched.forEach((service, workloads) -> endpoints = workloads.isEmpty()
                ? endpoints.without(service.namespace(), service.hostname())
                : endpoints.with(new Endpoints(service, workloads)));
        touched.clear();
        return new MeshSnapshot(workloads, services, endpoints, policies);
    }

    LocalShare local() {
        return local;
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
                .distinct()
                .map(workloads::uid)
                .filter(workload -> workload != null && workloads.isLocal(workload))
                .map(Objects::requireNonNull)
                .toList();
        return new WorkloadsChange(published, present, List.copyOf(forgotten));
    }
}
