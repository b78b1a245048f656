package io.culvert.testkit.spec;

import io.culvert.proto.security.Authorization;
import io.culvert.proto.security.Scope;
import io.culvert.proto.workload.Address;
import io.culvert.proto.workload.GatewayAddress;
import io.culvert.proto.workload.IPFamilies;
import io.culvert.proto.workload.LoadBalancing;
import io.culvert.proto.workload.Locality;
import io.culvert.proto.workload.NetworkAddress;
import io.culvert.proto.workload.NetworkMode;
import io.culvert.proto.workload.Port;
import io.culvert.proto.workload.PortList;
import io.culvert.proto.workload.Service;
import io.culvert.proto.workload.TunnelProtocol;
import io.culvert.proto.workload.Workload;
import io.culvert.proto.workload.WorkloadStatus;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** What a control plane says about a mesh, resource by resource, as istiod would (istio: serviceregistry/ambient). */
public final class MeshResources {
    private static final int HBONE_PORT = 15008;

    private final MeshSpec mesh;
    private final AddressPlan plan;
    private final Predicate<PodSpec> captured;

    private MeshResources(MeshSpec mesh, AddressPlan plan, Predicate<PodSpec> captured) {
        this.mesh = mesh;
        this.plan = plan;
        this.captured = captured;
    }

    /** Every pod that belongs to the mesh is told as reachable by HBONE. */
    public static MeshResources of(MeshSpec mesh, AddressPlan plan) {
        return new MeshResources(mesh, plan, mesh::inMesh);
    }

    /**
     * Only pods that are captured by now are told as reachable by HBONE.
     *
     * @param captured which pods' traffic really is redirected
     */
    public static MeshResources of(MeshSpec mesh, AddressPlan plan, Predicate<PodSpec> captured) {
        return new MeshResources(mesh, plan, captured);
    }

    /** {@code uid} of a workload, {@code namespace/hostname} of a service. */
    public static String name(Address address) {
        return switch (address.getTypeCase()) {
            case WORKLOAD -> address.getWorkload().getUid();
            case SERVICE ->
                address.getService().getNamespace() + "/" + address.getService().getHostname();
            case TYPE_NOT_SET ->
                throw new IllegalArgumentException("an address resource that is neither workload nor service");
        };
    }

    public static String name(Authorization policy) {
        return policy.getNamespace() + "/" + policy.getName();
    }

    /** All workloads, then all services. */
    public List<Address> addresses() {
        List<Address> all = new ArrayList<>();
        for (NodeSpec node : mesh.nodes()) {
            for (PodSpec pod : node.pods()) {
                all.add(Address.newBuilder().setWorkload(workload(node, pod)).build());
            }
        }
        for (ServiceSpec service : mesh.services()) {
            all.add(Address.newBuilder().setService(service(service)).build());
        }
        return all;
    }

    public List<Authorization> authorizations() {
        return mesh.policies().stream().map(PolicySpec::authorization).toList();
    }

    public Workload workload(NodeSpec node, PodSpec pod) {
        Workload.Builder workload = Workload.newBuilder()
                .setUid(mesh.clusterId() + "//Pod/" + pod.key())
                .setName(pod.name())
                .setNamespace(pod.namespace())
                .setNetwork(mesh.networkOf(node))
                .setTrustDomain(mesh.trustDomain().equals("cluster.local") ? "" : mesh.trustDomain())
                .setServiceAccount(pod.serviceAccount())
                .setNode(node.name())
                .setCanonicalName(first(
                        pod, pod.workloadName(), "service.istio.io/canonical-name", "app.kubernetes.io/name", "app"))
                .setCanonicalRevision(first(
                        pod, "latest", "service.istio.io/canonical-revision", "app.kubernetes.io/version", "version"))
                .setWorkloadType(pod.workloadType())
                .setWorkloadName(pod.workloadName())
                .setClusterId(mesh.clusterId())
                .setStatus(pod.ready() ? WorkloadStatus.HEALTHY : WorkloadStatus.UNHEALTHY);
        plan.pod(node.name(), pod).forEach(address -> workload.addAddresses(Addresses.bytes(address)));
        if (captured.test(pod)) {
            workload.setTunnelProtocol(TunnelProtocol.HBONE);
        }
        if (pod.hostNetwork()) {
            workload.setNetworkMode(NetworkMode.HOST_NETWORK);
        }
        locality(node, workload);
        mesh.gatewayOf(mesh.networkOf(node)).ifPresent(gateway -> workload.setNetworkGateway(gateway(gateway)));
        mesh.services().stream()
                .filter(service -> service.selects(pod))
                .forEach(service -> workload.putServices(
                        service.namespace() + "/" + mesh.hostname(service), endpointPorts(service)));
        mesh.policies().stream()
                .filter(policy -> policy.authorization().getScope() == Scope.WORKLOAD_SELECTOR && policy.selects(pod))
                .forEach(policy -> workload.addAuthorizationPolicies(policy.key()));
        return workload.build();
    }

    private GatewayAddress gateway(PodSpec pod) {
        NodeSpec node = mesh.nodeOf(pod).orElseThrow();
        return GatewayAddress.newBuilder()
                .setAddress(NetworkAddress.newBuilder()
                        .setNetwork(mesh.networkOf(node))
                        .setAddress(Addresses.bytes(plan.pod(node.name(), pod).getFirst())))
                .setHboneMtlsPort(HBONE_PORT)
                .build();
    }

    private static String first(PodSpec pod, String otherwise, String... keys) {
        return Stream.of(keys)
                .filter(pod.labels()::containsKey)
                .map(key -> pod.labels().getOrDefault(key, otherwise))
                .findFirst()
                .orElse(otherwise);
    }

    private static void locality(NodeSpec node, Workload.Builder workload) {
        Map<String, String> labels = node.labels();
        Locality locality = Locality.newBuilder()
                .setRegion(labels.getOrDefault(Labels.REGION, ""))
                .setZone(labels.getOrDefault(Labels.ZONE, ""))
                .setSubzone(labels.getOrDefault(Labels.SUBZONE, ""))
                .build();
        if (!locality.equals(Locality.getDefaultInstance())) {
            workload.setLocality(locality);
        }
    }

    private static PortList endpointPorts(ServiceSpec service) {
        PortList.Builder list = PortList.newBuilder();
        for (ServiceSpec.Port port : service.ports()) {
            list.addPorts(Port.newBuilder().setServicePort(port.port()).setTargetPort(port.targetPort()));
        }
        return list.build();
    }

    public Service service(ServiceSpec spec) {
        Service.Builder service = Service.newBuilder()
                .setName(spec.name())
                .setNamespace(spec.namespace())
                .setHostname(mesh.hostname(spec))
                .setCanonical(true);
        for (String network : mesh.networks()) {
            for (InetAddress address : plan.service(spec)) {
                service.addAddresses(
                        NetworkAddress.newBuilder().setNetwork(network).setAddress(Addresses.bytes(address)));
            }
        }
        service.addAllSubjectAltNames(names(spec));
        for (ServiceSpec.Port port : spec.ports()) {
            service.addPorts(Port.newBuilder()
                    .setServicePort(port.port())
                    .setTargetPort(port.targetPort())
                    .setAppProtocol(port.protocol()));
        }
        if (spec.publishNotReady()) {
            service.setLoadBalancing(LoadBalancing.newBuilder().setHealthPolicy(LoadBalancing.HealthPolicy.ALLOW_ALL));
        }
        return service.setIpFamilies(families(spec)).build();
    }

    /** Who may answer for a service behind a gateway, which itself may not; on one network nobody asks. */
    private List<String> names(ServiceSpec spec) {
        if (mesh.networks().size() == 1) {
            return List.of();
        }
        return mesh.pods()
                .filter(spec::selects)
                .filter(pod -> !pod.labels().containsKey(Labels.NETWORK_GATEWAY))
                .map(pod -> "spiffe://" + mesh.principal(pod.namespace(), pod.serviceAccount()))
                .distinct()
                .toList();
    }

    private static IPFamilies families(ServiceSpec spec) {
        return switch (spec.families()) {
            case IPV4 -> IPFamilies.IPV4_ONLY;
            case IPV6 -> IPFamilies.IPV6_ONLY;
            case DUAL -> IPFamilies.DUAL;
        };
    }
}
