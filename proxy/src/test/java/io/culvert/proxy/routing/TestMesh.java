package io.culvert.proxy.routing;

import io.culvert.xds.mesh.AuthorizationPolicy;
import io.culvert.xds.mesh.GatewayAddress;
import io.culvert.xds.mesh.IpAddress;
import io.culvert.xds.mesh.MeshSnapshot;
import io.culvert.xds.mesh.MeshState;
import io.culvert.xds.mesh.NamespacedName;
import io.culvert.xds.mesh.NetworkAddress;
import io.culvert.xds.mesh.PortMap;
import io.culvert.xds.mesh.Service;
import io.culvert.xds.mesh.TunnelProtocol;
import io.culvert.xds.mesh.Workload;
import java.util.Arrays;
import java.util.Map;

/** A mesh in a few lines, for decisions to be taken in. */
public final class TestMesh {

    private final MeshState state = new MeshState("local-node");

    public TestMesh workload(Workload.Builder workload) {
        Workload built = workload.build();
        state.update(edit -> edit.putWorkload(built));
        return this;
    }

    public TestMesh service(Service.Builder service) {
        Service built = service.build();
        state.update(edit -> edit.putService(built));
        return this;
    }

    public TestMesh policy(AuthorizationPolicy policy) {
        state.update(edit -> edit.putPolicy(policy.qualifiedName(), policy));
        return this;
    }

    public MeshState state() {
        return state;
    }

    public MeshSnapshot snapshot() {
        return state.snapshot();
    }

    public Workload get(String name) {
        Workload found = snapshot().workloadByUid(uid(name));
        if (found == null) {
            throw new IllegalArgumentException("no workload " + name);
        }
        return found;
    }

    private static String uid(String name) {
        return "Kubernetes//Pod/ns/" + name;
    }

    /** A pod of namespace ns on the local node, with HBONE. */
    public static Workload.Builder pod(String name, String... ips) {
        return Workload.builder()
                .uid(uid(name))
                .name(name)
                .namespace("ns")
                .trustDomain("cluster.local")
                .serviceAccount("sa-" + name)
                .node("local-node")
                .tunnelProtocol(TunnelProtocol.HBONE)
                .addresses(Arrays.stream(ips).map(IpAddress::parse).toList());
    }

    /** A service of namespace ns, reached as example.com, port 80 to 8080. */
    public static Service.Builder service(String name, String... vips) {
        return Service.builder()
                .name(name)
                .namespace("ns")
                .hostname(name + ".com")
                .ports(PortMap.of(Map.of(80, 8080)))
                .vips(Arrays.stream(vips)
                        .map(vip -> new NetworkAddress("", IpAddress.parse(vip)))
                        .toList());
    }

    public static Map<NamespacedName, PortMap> serving(String name, int servicePort, int targetPort) {
        return Map.of(new NamespacedName("ns", name + ".com"), PortMap.of(Map.of(servicePort, targetPort)));
    }

    public static GatewayAddress byAddress(String ip, int port) {
        return new GatewayAddress.ByAddress(new NetworkAddress("", IpAddress.parse(ip)), port);
    }

    public static GatewayAddress byHostname(String hostname, int port) {
        return new GatewayAddress.ByHostname(new NamespacedName("ns", hostname), port);
    }
}
