package io.culvert.proxy.dns;

import io.culvert.xds.mesh.IpAddress;
import io.culvert.xds.mesh.IpFamilies;
import io.culvert.xds.mesh.MeshState;
import io.culvert.xds.mesh.NamespacedName;
import io.culvert.xds.mesh.NetworkAddress;
import io.culvert.xds.mesh.PortMap;
import io.culvert.xds.mesh.Service;
import io.culvert.xds.mesh.Visibility;
import io.culvert.xds.mesh.Workload;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/** The mesh that the original's own table of DNS questions is asked of: a client in ns1 on nw1, and services around. */
final class MeshForDns {

    static final String NODE = "local-node";
    static final String CLIENT = "client";
    static final String ACCOUNT = "default";
    private static final String NS1 = "ns1";
    private static final String NS2 = "ns2";
    static final String PREFERRED = "preferred-ns";

    private final MeshState state = new MeshState(NODE);

    MeshForDns() {
        workload(CLIENT, List.of(), "10.99.0.1");
        external("www.google.com", NS1, "1.1.1.1");
        kubernetes("productpage", NS1, "9.9.9.9");
        kubernetes("example", NS2, "10.10.10.10");
        service("nslocal.ns2.svc.cluster.local", NS2, s -> s.visibility(Visibility.NAMESPACE), "10.10.10.240");
        service("nslocalsame.ns1.svc.cluster.local", NS1, s -> s.visibility(Visibility.NAMESPACE), "10.10.10.241");
        names();
        families();
        external("*.wildcard", NS1, "10.10.10.10");
        external("*.b.wildcard", NS1, "11.11.11.11");
        external("*.svc.mesh.company.net", NS1, "10.1.2.3");
        networks();
        headless();
    }

    private void names() {
        external("everywhere.io", NS2, "10.10.10.110");
        external("preferred.io", NS2, "10.10.10.210");
        external("everywhere.io", PREFERRED, "10.10.10.111");
        external("preferred.io", PREFERRED, "10.10.10.211");
        external("everywhere.io", NS1, "10.10.10.112");
        external("canonical.svc", NS2, "10.10.10.140");
        service("canonical.svc", "ns3", s -> s.canonical(true), "10.10.10.141");
        external("canonical.with.local", NS1, "10.10.10.150");
        service("canonical.with.local", NS2, s -> s.canonical(true), "10.10.10.151");
        external("details.ns2.svc.cluster.remote", NS2, "11.11.11.11", "12.12.12.12", "13.13.13.13", "14.14.14.14");
    }

    private void families() {
        external("ipv4.localhost", NS1, "2.2.2.2");
        external("ipv6.localhost", NS1, "2001:db8::ff00:42:8329");
        external("dual.localhost", NS1, "2.2.2.2", "2001:db8::ff00:42:8329");
    }

    private void networks() {
        put("nw2-only.ns1.svc.cluster.local", NS1, s -> s, List.of(vip("nw2", "20.20.20.20")));
        put(
                "both-networks.ns1.svc.cluster.local",
                NS1,
                s -> s,
                List.of(vip("nw1", "21.21.21.21"), vip("nw2", "22.22.22.22")));
    }

    private void headless() {
        kubernetes("headless", NS1);
        external("headless.example.com", NS1);
        external("headless-no-endpoints.example.com", NS1);
        service("headless-ipv6.ns1.svc.cluster.local", NS1, s -> s.ipFamilies(IpFamilies.IPV6_ONLY));
        workload("headless0", List.of("headless.ns1.svc.cluster.local"), "30.30.30.30", "2001:db8::30");
        workload("headless1", List.of("headless.ns1.svc.cluster.local"), "31.31.31.31", "2001:db8::31");
        workload("headless-external", List.of("headless.example.com"), "32.32.32.32", "2001:db8::32");
        workload("headless2", List.of("headless-ipv6.ns1.svc.cluster.local"), "33.33.33.33", "2001:db8::33");
    }

    MeshState state() {
        return state;
    }

    Workload client() {
        Workload found = state.snapshot().localWorkload(CLIENT, NS1, ACCOUNT);
        if (found == null) {
            throw new IllegalStateException("the client is not in the mesh");
        }
        return found;
    }

    void kubernetes(String name, String namespace, String... vips) {
        external(name + "." + namespace + ".svc.cluster.local", namespace, vips);
    }

    void external(String hostname, String namespace, String... vips) {
        service(hostname, namespace, s -> s, vips);
    }

    void service(String hostname, String namespace, UnaryOperator<Service.Builder> more, String... vips) {
        put(
                hostname,
                namespace,
                more,
                Arrays.stream(vips).map(vip -> vip("nw1", vip)).toList());
    }

    private static NetworkAddress vip(String network, String address) {
        return new NetworkAddress(network, IpAddress.parse(address));
    }

    private void put(
            String hostname, String namespace, UnaryOperator<Service.Builder> more, List<NetworkAddress> vips) {
        Service built = more.apply(Service.builder()
                        .name(hostname)
                        .namespace(namespace)
                        .hostname(hostname)
                        .ports(PortMap.of(Map.of(80, 80)))
                        .vips(vips))
                .build();
        state.update(edit -> edit.putService(built));
    }

    /** A workload of ns1 on nw1 that serves services of ns1. */
    void workload(String name, List<String> serves, String... addresses) {
        Workload built = Workload.builder()
                .uid(name)
                .name(name)
                .namespace(NS1)
                .network("nw1")
                .serviceAccount(ACCOUNT)
                .trustDomain("cluster.local")
                .canonicalName("shop")
                .canonicalRevision("v1")
                .node(NODE)
                .addresses(Arrays.stream(addresses).map(IpAddress::parse).toList())
                .services(serves.stream()
                        .collect(Collectors.toMap(
                                hostname -> new NamespacedName(NS1, hostname), hostname -> PortMap.of(Map.of(80, 80)))))
                .build();
        state.update(edit -> edit.putWorkload(built));
    }
}
