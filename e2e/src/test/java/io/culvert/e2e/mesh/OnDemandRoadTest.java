package io.culvert.e2e.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.culvert.proto.workload.Address;
import io.culvert.proto.workload.GatewayAddress;
import io.culvert.proto.workload.NetworkAddress;
import io.culvert.proto.workload.Port;
import io.culvert.proto.workload.Service;
import io.culvert.testkit.controlplane.ControlPlaneEvent;
import io.culvert.testkit.controlplane.DiscoveryFault;
import io.culvert.testkit.mesh.Mesh;
import io.culvert.testkit.mesh.MeshNode;
import io.culvert.testkit.mesh.MeshPod;
import io.culvert.testkit.process.Await;
import io.culvert.testkit.spec.MeshSpec;
import io.culvert.testkit.spec.WorkloadPort.Kind;
import io.culvert.testkit.workload.TcpResult;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** XDS_ON_DEMAND: a proxy that knows its own pods alone asks for what they call, and they wait for the answer. */
@Tag("e2e")
final class OnDemandRoadTest {

    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final byte[] PING = "ping".getBytes(StandardCharsets.US_ASCII);

    @Test
    void callsWaitForTheAnswerAndGoByTunnel() throws Exception {
        Programs.assumeMeshesCanRun();
        try (Mesh mesh = start()) {
            MeshPod client = mesh.pod("client");
            MeshNode one = mesh.node("one");
            long position = one.proxy().log().position();

            assertThat(client.tcp().exchange(mesh.service("echo", 80), PING)).isInstanceOf(TcpResult.Answered.class);
            awaitTunnelled(one, position, 1);

            mesh.controlPlane().discoveryFaults().always(new DiscoveryFault.Mute());
            MeshPod other = mesh.pod("other");
            CompletableFuture<TcpResult> waiting = CompletableFuture.supplyAsync(() -> call(client, other));
            String key = "/" + other.address().getHostAddress();
            mesh.controlPlane()
                    .events()
                    .await(
                            ControlPlaneEvent.Requested.class,
                            event -> event.request()
                                    .getResourceNamesSubscribeList()
                                    .contains(key),
                            LIMIT);
            assertThat(waiting).isNotDone();
            mesh.controlPlane().discoveryFaults().clear();
            assertThat(waiting.join()).isInstanceOf(TcpResult.Answered.class);
            awaitTunnelled(one, position, 2);
        }
    }

    private static Mesh start() {
        return Mesh.start(
                MeshSpec.mesh("demand")
                        .namespace("default", namespace -> namespace.mesh(true))
                        .node("one", node -> node.pod("client", pod -> {}))
                        .node(
                                "two",
                                node -> node.pod(
                                                "server",
                                                pod -> pod.label("app", "server")
                                                        .serves(Kind.ECHO, 7))
                                        .pod("other", pod -> pod.serves(Kind.ECHO, 7)))
                        .service(
                                "echo",
                                service -> service.selecting("app", "server").port(80, 7))
                        .build(),
                Programs.options().proxyEnvironment("XDS_ON_DEMAND", "true").build());
    }

    /** The callee's proxy knows neither the caller nor an address that it answers for as a waypoint. */
    @Test
    void theCalleesSideAsksForCallersAndForAddressesOfOthers() throws Exception {
        Programs.assumeMeshesCanRun();
        try (Mesh mesh = start()) {
            MeshPod client = mesh.pod("client");
            MeshPod server = mesh.pod("server");
            InetSocketAddress front = new InetSocketAddress(InetAddress.getByName("10.99.0.1"), 7);
            mesh.controlPlane().edit(edit -> edit.put(behind(server, front)));

            assertThat(client.tcp().exchange(server.at(7), PING)).isInstanceOf(TcpResult.Answered.class);
            // Its own pod is known to the client's side.
            awaitAsked(mesh, client.address());
            assertThat(client.tcp().exchange(front, PING)).isInstanceOf(TcpResult.Answered.class);
        }
    }

    /** A service whose waypoint is this pod: connections to it come to the pod with the service's address. */
    private static Address behind(MeshPod waypoint, InetSocketAddress front) {
        return Address.newBuilder()
                .setService(Service.newBuilder()
                        .setName("front")
                        .setNamespace("default")
                        .setHostname("front.default.svc.cluster.local")
                        .addAddresses(address(front.getAddress()))
                        .addPorts(Port.newBuilder().setServicePort(front.getPort()))
                        .setWaypoint(GatewayAddress.newBuilder()
                                .setAddress(address(waypoint.address()))
                                .setHboneMtlsPort(15008)))
                .build();
    }

    private static NetworkAddress address(InetAddress address) {
        return NetworkAddress.newBuilder()
                .setAddress(ByteString.copyFrom(address.getAddress()))
                .build();
    }

    private static void awaitAsked(Mesh mesh, InetAddress address) throws Exception {
        String key = "/" + address.getHostAddress();
        mesh.controlPlane()
                .events()
                .await(
                        ControlPlaneEvent.Requested.class,
                        event -> event.request().getResourceNamesSubscribeList().contains(key),
                        LIMIT);
    }

    private static TcpResult call(MeshPod from, MeshPod to) {
        try {
            return from.tcp().exchange(to.at(7), PING);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void awaitTunnelled(MeshNode node, long position, int lines) {
        Await.untilTrue(
                lines + " connections by tunnel",
                LIMIT,
                () -> node.accessLog(position).stream()
                                .filter(line -> line.isOutbound()
                                        && !line.field("dst.hbone_addr").isEmpty())
                                .count()
                        == lines,
                () -> String.valueOf(node.accessLog(position)));
    }
}
