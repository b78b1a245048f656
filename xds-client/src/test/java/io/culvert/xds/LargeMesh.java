package io.culvert.xds;

import com.google.protobuf.ByteString;
import io.culvert.proto.discovery.Resource;
import io.culvert.proto.workload.Address;
import io.culvert.proto.workload.Locality;
import io.culvert.proto.workload.NetworkAddress;
import io.culvert.proto.workload.Port;
import io.culvert.proto.workload.PortList;
import io.culvert.proto.workload.Service;
import io.culvert.proto.workload.TunnelProtocol;
import io.culvert.proto.workload.Workload;
import io.culvert.proto.workload.WorkloadStatus;
import java.nio.ByteBuffer;

/**
 * Resources of a mesh of any size, as istiod would send them: ten pods a service, in deployments of five; forty pods a
 * node; a thousandth of the services in each namespace. What has the same number is always the same.
 */
final class LargeMesh {
    private static final int PODS_PER_DEPLOYMENT = 5;
    private static final int PODS_PER_SERVICE = 10;
    private static final int PODS_PER_NODE = 40;
    private static final int SERVICES_PER_NAMESPACE = 20;
    /** The letters of Kubernetes' generated names. */
    private static final String LETTERS = "bcdfghjklmnpqrstvwxz2456789";

    private LargeMesh() {}

    static String namespace(int service) {
        return "team-" + service / SERVICES_PER_NAMESPACE;
    }

    static String hostname(int service) {
        return "checkout-" + service + "." + namespace(service) + ".svc.cluster.local";
    }

    static String podName(int pod) {
        int deployment = pod / PODS_PER_DEPLOYMENT;
        return "checkout-" + deployment + "-" + letters(deployment * 7919L + 1, 10) + "-" + letters(pod * 104_729L, 5);
    }

    /** The uid of a pod. */
    static String uid(int pod) {
        return "Kubernetes//Pod/" + namespace(pod / PODS_PER_SERVICE) + "/" + podName(pod);
    }

    private static String letters(long number, int count) {
        long rest = number * 0x9e3779b97f4a7c15L;
        StringBuilder text = new StringBuilder(count);
        for (int i = 0; i < count; i++) {
            text.append(LETTERS.charAt((int) Long.remainderUnsigned(rest, LETTERS.length())));
            rest = Long.divideUnsigned(rest, LETTERS.length()) ^ (number << i);
        }
        return text.toString();
    }

    static byte[] podIp(int pod) {
        return ByteBuffer.allocate(4).putInt(0x0a00_0000 + pod + 1).array();
    }

    static byte[] vip(int service) {
        return ByteBuffer.allocate(4).putInt(0xac10_0000 + service + 1).array();
    }

    /** A pod in its first state, or in any other: a change of {@code turn} changes its health. */
    static Resource workload(int pod, int turn) {
        int service = pod / PODS_PER_SERVICE;
        int deployment = pod / PODS_PER_DEPLOYMENT;
        int node = pod / PODS_PER_NODE;
        Workload workload = Workload.newBuilder()
                .setUid(uid(pod))
                .setName(podName(pod))
                .setNamespace(namespace(service))
                .addAddresses(ByteString.copyFrom(podIp(pod)))
                .setNetwork("network1")
                .setTunnelProtocol(TunnelProtocol.HBONE)
                .setServiceAccount("checkout-" + deployment)
                .setNode("ip-10-0-" + node / 256 + "-" + node % 256 + ".eu-central-1.compute.internal")
                .setCanonicalName("checkout-" + deployment)
                .setCanonicalRevision("latest")
                .setWorkloadName("checkout-" + deployment)
                .setClusterId("Kubernetes")
                .setStatus(turn % 2 == 0 ? WorkloadStatus.HEALTHY : WorkloadStatus.UNHEALTHY)
                .setLocality(Locality.newBuilder()
                        .setRegion("eu-central-1")
                        .setZone("eu-central-1" + "abc".charAt(node % 3)))
                .putServices(
                        namespace(service) + "/" + hostname(service),
                        PortList.newBuilder()
                                .addPorts(Port.newBuilder().setServicePort(80).setTargetPort(8080))
                                .build())
                .build();
        return Pushes.named(
                        workload.getUid(),
                        Address.newBuilder().setWorkload(workload).build())
                .toBuilder()
                .setVersion(version(pod + turn * 1_000_003L))
                .build();
    }

    /** A service with one address and one port. */
    static Resource service(int service) {
        Service sent = Service.newBuilder()
                .setName("checkout-" + service)
                .setNamespace(namespace(service))
                .setHostname(hostname(service))
                .addAddresses(NetworkAddress.newBuilder()
                        .setNetwork("network1")
                        .setAddress(ByteString.copyFrom(vip(service))))
                .addPorts(Port.newBuilder().setServicePort(80).setTargetPort(8080))
                .addSubjectAltNames("spiffe://cluster.local/ns/" + namespace(service) + "/sa/checkout-" + service)
                .setCanonical(true)
                .build();
        return Pushes.named(
                        sent.getNamespace() + "/" + sent.getHostname(),
                        Address.newBuilder().setService(sent).build())
                .toBuilder()
                .setVersion(version(-service))
                .build();
    }

    private static String version(long number) {
        return Long.toHexString(number * 0x9e3779b97f4a7c15L);
    }
}
