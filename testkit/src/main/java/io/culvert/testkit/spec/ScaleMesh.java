package io.culvert.testkit.spec;

import com.google.protobuf.ByteString;
import io.culvert.proto.security.Action;
import io.culvert.proto.security.Authorization;
import io.culvert.proto.security.Clause;
import io.culvert.proto.security.Rule;
import io.culvert.proto.security.Scope;
import io.culvert.proto.workload.Address;
import io.culvert.proto.workload.Locality;
import io.culvert.proto.workload.NetworkAddress;
import io.culvert.proto.workload.Port;
import io.culvert.proto.workload.PortList;
import io.culvert.proto.workload.Service;
import io.culvert.proto.workload.TunnelProtocol;
import io.culvert.proto.workload.Workload;
import io.culvert.proto.workload.WorkloadStatus;
import io.culvert.proto.workload.WorkloadType;
import java.util.Locale;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * What istiod says about a cluster of any size, resource by resource and without holding any of it. The shape is that
 * of large clusters: twenty services to a namespace, a hundred pods to a node, names with hashes in them. Everything
 * follows from the numbers, so that two runs see the same mesh.
 *
 * @param workloads 1 to 1,000,000
 * @param services 1 to 60,000
 * @param policies 0 or more; every tenth selects workloads, the others are for namespaces
 */
public record ScaleMesh(int workloads, int services, int policies) {
    private static final int WORKLOADS_MAX = 1_000_000;
    private static final int SERVICES_MAX = 60_000;
    private static final int SERVICES_PER_NAMESPACE = 20;
    private static final int PODS_PER_NODE = 100;
    private static final int SELECTING_EVERY = 10;
    private static final int HTTP = 80;
    private static final int HTTPS = 443;

    public ScaleMesh {
        if (workloads < 1 || workloads > WORKLOADS_MAX || services < 1 || services > SERVICES_MAX || policies < 0) {
            throw new IllegalArgumentException("a mesh of " + workloads + " workloads, " + services + " services and "
                    + policies + " policies: up to " + WORKLOADS_MAX + " and " + SERVICES_MAX + " are possible");
        }
    }

    /** The size that a proxy must bear: 200,000 workloads, 20,000 services, 2,000 policies. */
    public static ScaleMesh full() {
        return new ScaleMesh(200_000, 20_000, 2_000);
    }

    /** All workloads, then all services. */
    public Stream<Address> addresses() {
        return Stream.concat(
                IntStream.range(0, workloads).mapToObj(number -> address(workload(number, WorkloadStatus.HEALTHY))),
                IntStream.range(0, services)
                        .mapToObj(number ->
                                Address.newBuilder().setService(service(number)).build()));
    }

    public Stream<Authorization> authorizations() {
        return IntStream.range(0, policies).mapToObj(this::policy);
    }

    /** The same workload in another state of health: the change that a large cluster sees most often. */
    public Address changed(int number, boolean healthy) {
        return address(workload(number, healthy ? WorkloadStatus.HEALTHY : WorkloadStatus.UNHEALTHY));
    }

    private static Address address(Workload workload) {
        return Address.newBuilder().setWorkload(workload).build();
    }

    public static String node(int number) {
        return "node-" + number;
    }

    private static String namespaceOf(int service) {
        return "team-" + service / SERVICES_PER_NAMESPACE;
    }

    private static String hostname(int service) {
        return "app-" + service + "." + namespaceOf(service) + ".svc.cluster.local";
    }

    private Workload workload(int number, WorkloadStatus status) {
        int service = number % services;
        String namespace = namespaceOf(service);
        // As a replica set and its pods are called.
        String name = String.format(Locale.ROOT, "app-%d-%08x-%05d", service, service * 0x9E3779B1, number / services);
        Workload.Builder workload = Workload.newBuilder()
                .setUid("Kubernetes//Pod/" + namespace + "/" + name)
                .setName(name)
                .setNamespace(namespace)
                .addAddresses(ip(10, number))
                .setTunnelProtocol(TunnelProtocol.HBONE)
                .setServiceAccount("app-" + service)
                .setNode(node(number / PODS_PER_NODE))
                .setCanonicalName("app-" + service)
                .setCanonicalRevision("v1")
                .setWorkloadType(WorkloadType.DEPLOYMENT)
                .setWorkloadName("app-" + service)
                .setClusterId("Kubernetes")
                .setStatus(status)
                .setLocality(Locality.newBuilder().setRegion("region-1").setZone("zone-" + number / PODS_PER_NODE % 3))
                .putServices(
                        namespace + "/" + hostname(service),
                        PortList.newBuilder()
                                .addPorts(port(HTTP, 8080))
                                .addPorts(port(HTTPS, 8443))
                                .build());
        if (policies > 0 && number % SELECTING_EVERY == 0) {
            workload.addAuthorizationPolicies(namespace + "/" + policyName(number % policies));
        }
        return workload.build();
    }

    private static Port port(int service, int target) {
        return Port.newBuilder().setServicePort(service).setTargetPort(target).build();
    }

    private static Service service(int number) {
        return Service.newBuilder()
                .setName("app-" + number)
                .setNamespace(namespaceOf(number))
                .setHostname(hostname(number))
                .addAddresses(NetworkAddress.newBuilder().setAddress(ip(172, number)))
                .addPorts(port(HTTP, 8080))
                .addPorts(port(HTTPS, 8443))
                .setCanonical(true)
                .build();
    }

    private static String policyName(int number) {
        return "allow-" + number;
    }

    private Authorization policy(int number) {
        String namespace = namespaceOf(number % services);
        return Authorization.newBuilder()
                .setName(policyName(number))
                .setNamespace(namespace)
                .setScope(number % SELECTING_EVERY == 0 ? Scope.WORKLOAD_SELECTOR : Scope.NAMESPACE)
                .setAction(Action.ALLOW)
                .addRules(Rule.newBuilder()
                        .addClauses(Clause.newBuilder()
                                .addMatches(Matches.principal("cluster.local/ns/" + namespace + "/sa/*"))))
                .build();
    }

    /** The number in the lower three bytes, from 1 on so that no address ends in the network itself. */
    private static ByteString ip(int first, int number) {
        int low = number + 1;
        return ByteString.copyFrom(new byte[] {(byte) first, (byte) (low >>> 16), (byte) (low >>> 8), (byte) low});
    }
}
