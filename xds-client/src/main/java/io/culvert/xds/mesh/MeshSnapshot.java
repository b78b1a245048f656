package io.culvert.xds.mesh;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * All that is known of the mesh at one moment; immutable, for any thread. Take it once per decision, so that all its
 * answers belong together. Ranks and visibility are those of ztunnel state/{workload,service,policy}.rs.
 */
public final class MeshSnapshot {
    private final WorkloadIndex workloads;
    private final ServiceIndex services;
    private final SharedSet<Endpoints> endpoints;
    private final PolicyIndex policies;

    MeshSnapshot(WorkloadIndex workloads, ServiceIndex services, SharedSet<Endpoints> endpoints, PolicyIndex policies) {
        this.workloads = workloads;
        this.services = services;
        this.endpoints = endpoints;
        this.policies = policies;
    }

    static MeshSnapshot empty(String localNode) {
        return new MeshSnapshot(
                WorkloadIndex.empty(localNode),
                ServiceIndex.empty(),
                SharedSet.empty(Endpoints.KEY),
                PolicyIndex.empty());
    }

    public @Nullable Workload workloadByUid(String uid) {
        return workloads.uid(uid);
    }

    /** Of several: pods first, then those of the mesh, then the latest. Host-network workloads are not found. */
    public @Nullable Workload workloadByAddress(String network, IpAddress address) {
        return workloads.byAddress().best(network, address);
    }

    /**
     * A workload of this node, by what the node agent knows of it.
     *
     * @return null if there is none, or it runs on another node
     */
    public @Nullable Workload localWorkload(String name, String namespace, String serviceAccount) {
        return workloads.local(name, namespace, serviceAccount);
    }

    /** A workload of that host name and namespace, which must not be empty; of several as by address. */
    public @Nullable Workload workloadByHostname(NamespacedName name) {
        return workloads.byHostname().best(name.namespace(), name.hostname());
    }

    /**
     * The service of a virtual address: an exact one before ranges; of several that of the client's namespace, then the
     * canonical one (among ranges the longer prefix goes before canonical), then the first.
     *
     * @param clientNamespace null sees services of every visibility
     */
    public @Nullable Service serviceByVip(String network, IpAddress address, @Nullable String clientNamespace) {
        return services.at(network, address, clientNamespace);
    }

    public @Nullable Service serviceByName(NamespacedName name) {
        return services.named(name.namespace(), name.hostname());
    }

    /** One per namespace, in order of arrival; visibility is for the caller to judge. */
    public List<Service> servicesByHostname(String hostname) {
        List<Service> found = services.byHostname().get(hostname);
        return found == null ? List.of() : found;
    }

    /** The known services that this workload says it serves. */
    public List<Service> servicesOf(Workload workload) {
        List<Service> result = new ArrayList<>(workload.services().size());
        for (NamespacedName name : workload.services().keySet()) {
            Service service = serviceByName(name);
            if (service != null) {
                result.add(service);
            }
        }
        return result;
    }

    /**
     * Shows the endpoints of a service, in no particular order but always the same within a snapshot, until the visitor
     * has seen enough: workloads that are known, serve it, and are healthy unless the service takes all. Makes no
     * object.
     */
    public void visitEndpoints(Service service, EndpointVisitor visitor) {
        Endpoints present = endpoints.find(service.namespace(), service.hostname());
        boolean all = present == null
                || present.workloads()
                        .visit(workload -> !service.admits(workload.status())
                                || visitor.visit(workload, portsOf(workload, service)));
        if (!all || service.declaredEndpoints().isEmpty()) {
            return;
        }
        for (Endpoint declared : service.declaredEndpoints()) {
            Workload workload = workloads.uid(declared.workloadUid());
            boolean shown = present != null && present.workloads().find(declared.workloadUid(), "") != null;
            if (workload != null && !shown && !visitor.visit(workload, declared.port())) {
                return;
            }
        }
    }

    private static PortMap portsOf(Workload workload, Service service) {
        PortMap ports = workload.serves().get(service.key());
        return ports == null ? PortMap.EMPTY : ports;
    }

    /**
     * The service's endpoint that is that workload.
     *
     * @return its own mapping of the service's ports; null if it is no endpoint of the service
     */
    public @Nullable PortMap endpointPorts(Service service, String workloadUid) {
        Endpoints present = endpoints.find(service.namespace(), service.hostname());
        Workload workload = present == null ? null : present.workloads().find(workloadUid, "");
        if (workload != null) {
            return service.admits(workload.status()) ? portsOf(workload, service) : null;
        }
        for (Endpoint declared : service.declaredEndpoints()) {
            if (declared.workloadUid().equals(workloadUid)) {
                return declared.port();
            }
        }
        return null;
    }

    /** The endpoints of a service by workload uid, declared ones of unknown workloads included. For dumps. */
    public Map<String, Endpoint> endpoints(Service service) {
        Map<String, Endpoint> result = new TreeMap<>();
        service.declaredEndpoints().forEach(declared -> result.put(declared.workloadUid(), declared));
        Endpoints present = endpoints.find(service.namespace(), service.hostname());
        if (present != null) {
            for (Workload workload : present.workloads().values()) {
                result.remove(workload.uid());
                if (service.admits(workload.status())) {
                    result.put(workload.uid(), endpoint(workload, service.key()));
                }
            }
        }
        return result;
    }

    private static Endpoint endpoint(Workload workload, NamespacedName service) {
        return new Endpoint(workload.uid(), workload.serves().getOrDefault(service, PortMap.EMPTY), workload.status());
    }

    public @Nullable AuthorizationPolicy policy(String resourceName) {
        return policies.byName().get(resourceName);
    }

    /**
     * What applies to a workload: the policies of its namespace, the global ones, and those that it lists. A listed
     * name that is not known is left out, see {@link #missingPolicies}.
     */
    public List<AuthorizationPolicy> policiesOf(Workload workload) {
        List<AuthorizationPolicy> own = policies.in(workload.namespace());
        List<AuthorizationPolicy> global = workload.namespace().isEmpty() ? List.of() : policies.in("");
        List<String> listed = workload.authorizationPolicies();
        if (listed.isEmpty() && (own.isEmpty() || global.isEmpty())) {
            return own.isEmpty() ? global : own;
        }
        List<AuthorizationPolicy> result = new ArrayList<>(own.size() + global.size() + listed.size());
        result.addAll(own);
        result.addAll(global);
        for (String name : listed) {
            AuthorizationPolicy policy = policies.byName().get(name);
            if (policy != null) {
                result.add(policy);
            }
        }
        return result;
    }

    /** Stands for all policies of this snapshot: the same object for as long as none of them changes. */
    public Object policyState() {
        return policies;
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

    /** Endpoints of services that are not known (yet), by service and workload uid. For dumps: looks at all. */
    public Map<NamespacedName, Map<String, Endpoint>> stagedEndpoints() {
        Map<NamespacedName, Map<String, Endpoint>> result = new TreeMap<>();
        for (Endpoints waiting : endpoints.values()) {
            if (serviceByName(waiting.service()) == null) {
                Map<String, Endpoint> byUid = new TreeMap<>();
                for (Workload workload : waiting.workloads().values()) {
                    byUid.put(workload.uid(), endpoint(workload, waiting.service()));
                }
                result.put(waiting.service(), byUid);
            }
        }
        return result;
    }

    WorkloadIndex workloadIndex() {
        return workloads;
    }

    ServiceIndex serviceIndex() {
        return services;
    }

    SharedSet<Endpoints> endpointIndex() {
        return endpoints;
    }

    PolicyIndex policyIndex() {
        return policies;
    }
}
