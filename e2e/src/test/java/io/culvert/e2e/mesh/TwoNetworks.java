package io.culvert.e2e.mesh;

import io.culvert.testkit.mesh.AccessLine;
import io.culvert.testkit.mesh.Mesh;
import io.culvert.testkit.mesh.MeshOptions;
import io.culvert.testkit.mesh.MeshPod;
import io.culvert.testkit.process.Await;
import io.culvert.testkit.process.LogFile;
import io.culvert.testkit.spec.Labels;
import io.culvert.testkit.spec.Matches;
import io.culvert.testkit.spec.MeshSpec;
import io.culvert.testkit.spec.PolicySpec;
import io.culvert.testkit.workload.Bulk;
import io.culvert.testkit.workload.EchoServer;
import io.culvert.testkit.workload.TcpService;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/**
 * A running mesh of two networks, joined by a gateway.
 *
 * <p>The gateway is a pod of the far network. Its own proxy ends the outer tunnel, by the service's name, and the
 * application in it passes the bytes inside on to port 15008 of the server's pod, from a pod outside the mesh.
 */
record TwoNetworks(Mesh mesh, List<TcpService> services) implements AutoCloseable {
    static final Duration LIMIT = Duration.ofSeconds(30);
    private static final int BULK = 6002;

    static TwoNetworks start(Map<String, List<String>> otherProxies) throws IOException {
        MeshOptions.Builder options = Programs.options();
        otherProxies.forEach(options::proxyOn);
        Mesh mesh = Mesh.start(spec(), options.build());
        MeshPod server = mesh.pod("server");
        return new TwoNetworks(
                mesh,
                List.of(
                        server.serve(7, EchoServer.plain()),
                        server.serve(BULK, Bulk.source()),
                        // The forwarder is asked for the service's target ports, and knows one server only.
                        mesh.pod("gateway").serve(7, toServersTunnelPort(mesh)),
                        mesh.pod("gateway").serve(BULK, toServersTunnelPort(mesh))));
    }

    private static MeshSpec spec() {
        return MeshSpec.mesh("networks")
                .namespace("default", namespace -> namespace.mesh(true))
                .node(
                        "east",
                        node -> node.label(Labels.NETWORK, "east")
                                .pod("client", pod -> pod.serviceAccount("client"))
                                .pod("intruder", pod -> pod.serviceAccount("intruder")))
                .node(
                        "west",
                        node -> node.label(Labels.NETWORK, "west")
                                .pod(
                                        "server",
                                        pod -> pod.serviceAccount("server")
                                                .label("app", "server")
                                                .label("role", "server"))
                                .pod(
                                        "gateway",
                                        pod -> pod.serviceAccount("gateway")
                                                .label("app", "server")
                                                .label(Labels.NETWORK_GATEWAY, "west"))
                                .pod("relay", pod -> pod.mesh(false)))
                .service(
                        "server",
                        service ->
                                service.selecting("app", "server").port(80, 7).port(81, BULK))
                .policy(PolicySpec.deny("default", "no-intruders")
                        .selecting("role", "server")
                        .rule(Matches.principal("cluster.local/ns/default/sa/intruder"))
                        .build())
                .build();
    }

    private static TcpService.Handler toServersTunnelPort(Mesh mesh) {
        MeshPod relay = mesh.pod("relay");
        InetSocketAddress server = mesh.pod("server").at(15008);
        return connection -> {
            try (SocketChannel onwards = relay.tcp(LIMIT).connect(server)) {
                Thread back = Thread.ofVirtual().start(() -> copy(onwards, connection));
                copy(connection, onwards);
                back.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        };
    }

    private static void copy(SocketChannel from, SocketChannel to) {
        ByteBuffer buffer = ByteBuffer.allocateDirect(64 * 1024);
        try {
            while (from.read(buffer.clear()) >= 0) {
                buffer.flip();
                while (buffer.hasRemaining()) {
                    int _ = to.write(buffer);
                }
            }
            to.shutdownOutput();
        } catch (IOException gone) {
            // Either end went: the other side of the pair hears of it when both are closed.
        }
    }

    MeshPod pod(String name) {
        return mesh.pod(name);
    }

    InetSocketAddress service(int port) {
        return mesh.service("server", port);
    }

    AccessLine line(String node, Predicate<AccessLine> wanted) {
        LogFile log = mesh.node(node).proxy().log();
        return Await.until(
                "a line of the access log on " + node,
                LIMIT,
                () -> log.lines().stream()
                        .flatMap(line -> AccessLine.parse(line).stream())
                        .filter(AccessLine::isEnd)
                        .filter(wanted)
                        .findFirst(),
                () -> log.tail(30));
    }

    @Override
    public void close() {
        services.forEach(TcpService::close);
        mesh.close();
    }

    static boolean isCallOf(String pod, AccessLine line) {
        return line.isOutbound() && line.field("src.workload").equals(pod);
    }
}
