package io.culvert.e2e.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.culvert.proto.workload.Address;
import io.culvert.proto.workload.NetworkAddress;
import io.culvert.proto.workload.Port;
import io.culvert.proto.workload.PortList;
import io.culvert.proto.workload.Service;
import io.culvert.proto.workload.Workload;
import io.culvert.testkit.mesh.Mesh;
import io.culvert.testkit.mesh.MeshPod;
import io.culvert.testkit.spec.MeshSpec;
import io.culvert.testkit.workload.EchoServer;
import io.culvert.testkit.workload.TcpResult;
import io.culvert.testkit.workload.TcpService;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A service whose endpoint the control plane knows by host name only, as a ServiceEntry with DNS resolution has. */
@Tag("e2e")
final class NamedWorkloadTest {
    private static final byte[] PING = "ping".getBytes(StandardCharsets.US_ASCII);
    private static final InetAddress VIRTUAL = InetAddress.ofLiteral("10.180.200.200");
    private static final String HOSTNAME = "named.default.svc.cluster.local";

    @Test
    void isReachedWhereItsNameLeads() throws IOException {
        Programs.assumeMeshesCanRun();
        MeshSpec spec = MeshSpec.mesh("named")
                .namespace("default", namespace -> namespace.mesh(true))
                .node("one", node -> node.pod("client", pod -> pod.serviceAccount("client")))
                .build();
        try (Mesh mesh = Mesh.start(spec, Programs.options().build());
                // The one name that every machine knows; the dial is the pod's, and so is the address.
                TcpService _ = mesh.pod("client").serve(7, EchoServer.plain())) {
            MeshPod client = mesh.pod("client");
            mesh.controlPlane().edit(edit -> edit.put(workload()).put(service()));
            mesh.awaitPushed();
            InetSocketAddress target = new InetSocketAddress(VIRTUAL, 80);
            assertThat(client.tcp().exchange(target, PING)).isInstanceOf(TcpResult.Answered.class);
            String decision = mesh.node("one")
                    .proxy()
                    .get(15000, "/debug/route?source=Kubernetes//Pod/default/client&destination=10.180.200.200:80");
            assertThat(decision).contains("\"decision\": \"Unresolved\"", "\"hostname\": \"localhost\"");
            String metrics = mesh.node("one").proxy().get(15020, "/stats/prometheus");
            assertThat(metrics.lines().filter(line -> line.startsWith("istio_on_demand_dns_total")))
                    .singleElement()
                    .asString()
                    .contains("source_workload=\"client\"", "hostname=\"localhost\"} 1");
        }
    }

    private static Address workload() {
        PortList ports = PortList.newBuilder()
                .addPorts(Port.newBuilder().setServicePort(80).setTargetPort(7))
                .build();
        return Address.newBuilder()
                .setWorkload(Workload.newBuilder()
                        .setUid("Kubernetes/networking.istio.io/ServiceEntry/default/named/localhost")
                        .setName("named")
                        .setNamespace("default")
                        .setHostname("localhost")
                        .putServices("default/" + HOSTNAME, ports))
                .build();
    }

    private static Address service() {
        return Address.newBuilder()
                .setService(Service.newBuilder()
                        .setName("named")
                        .setNamespace("default")
                        .setHostname(HOSTNAME)
                        .addPorts(Port.newBuilder().setServicePort(80).setTargetPort(7))
                        .addAddresses(
                                NetworkAddress.newBuilder().setAddress(ByteString.copyFrom(VIRTUAL.getAddress()))))
                .build();
    }
}
