package io.culvert.e2e.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.testkit.mesh.AccessLine;
import io.culvert.testkit.mesh.Mesh;
import io.culvert.testkit.mesh.MeshOptions;
import io.culvert.testkit.process.Await;
import io.culvert.testkit.spec.AddressPlan;
import io.culvert.testkit.spec.MeshSpec;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HexFormat;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A waypoint that is itself a pod of the mesh: the proxy before it takes HBONE, and the waypoint plain TCP, with the
 * PROXY protocol's header or without. What it reads is compared byte by byte.
 */
@Tag("e2e")
final class WaypointSandwichTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final int LIMIT_MS = 60_000;
    private static final byte[] WORDS = "hello".getBytes(StandardCharsets.US_ASCII);
    private static final String SIGNATURE_OF_TCP4 = "0d0a0d0a000d0a515549540a" + "2111";

    @TempDir
    private static Path directory;

    private static Mesh mesh;

    @BeforeAll
    static void start() throws IOException {
        Programs.assumeMeshesCanRun();
        MeshSpec spec = MeshSpec.mesh("sandwich")
                .namespace("default", namespace -> namespace.mesh(true))
                .node("one", node -> node.pod("client", pod -> pod.serviceAccount("client")))
                .node(
                        "two",
                        node -> node.pod("server", pod -> {})
                                .pod("other", pod -> {})
                                .pod("waypoint", pod -> {})
                                .pod("plain", pod -> {}))
                .build();
        AddressPlan plan = AddressPlan.of(spec, 0);
        Path state = Files.writeString(
                directory.resolve("state.yaml"),
                "workloads:\n"
                        + workload(spec, plan, "one", "client", "")
                        + workload(spec, plan, "two", "server", waypoint(spec, plan, "waypoint"))
                        + workload(spec, plan, "two", "other", waypoint(spec, plan, "plain"))
                        + workload(
                                spec, plan, "two", "waypoint", "  applicationTunnel: {protocol: PROXY, port: 15088}\n")
                        + workload(spec, plan, "two", "plain", "  applicationTunnel: {protocol: NONE, port: 15089}\n"));
        // From a file: the testkit's control plane knows neither waypoints nor application tunnels.
        mesh = Mesh.start(
                spec,
                MeshOptions.proxy(Programs.proxy())
                        .readyLimit(Duration.ofSeconds(90))
                        .proxyEnvironment("XDS_ADDRESS", "")
                        .proxyEnvironment("LOCAL_XDS_PATH", state.toString())
                        .build());
    }

    private static InetAddress address(MeshSpec spec, AddressPlan plan, String node, String pod) {
        return plan.pod(node, spec.pod("default", pod).orElseThrow()).getFirst();
    }

    private static String waypoint(MeshSpec spec, AddressPlan plan, String pod) {
        String at = address(spec, plan, "two", pod).getHostAddress();
        return "  waypoint: {destination: /" + at + ", hboneMtlsPort: 15008}\n";
    }

    private static String workload(MeshSpec spec, AddressPlan plan, String node, String pod, String more) {
        return """
                - uid: Kubernetes//Pod/default/%s
                  name: %s
                  namespace: default
                  serviceAccount: %s
                  trustDomain: cluster.local
                  protocol: HBONE
                  node: %s
                  workloadIps: [%s]
                  services: {}
                """.formatted(
                                pod,
                                pod,
                                spec.pod("default", pod).orElseThrow().serviceAccount(),
                                node,
                                address(spec, plan, node, pod).getHostAddress())
                + more;
    }

    @AfterAll
    static void stop() {
        if (mesh != null) {
            mesh.close();
        }
    }

    @Test
    void aWaypointThatTakesTheProxyProtocolReadsWhoCallsAndWhatWasAskedFor() throws IOException {
        InetSocketAddress asked = mesh.pod("server").at(8080);
        try (ServerSocketChannel waypoint = mesh.pod("waypoint")
                        .sockets()
                        .listenerOn(new InetSocketAddress(InetAddress.getLoopbackAddress(), 15_088));
                SocketChannel client = mesh.pod("client").tcp(LIMIT).connect(asked)) {
            client.socket().getOutputStream().write(WORDS);
            client.shutdownOutput();
            try (SocketChannel taken = waypoint.accept()) {
                byte[] read = taken.socket().getInputStream().readAllBytes();
                String identity = "spiffe://cluster.local/ns/default/sa/client";
                String beforePort = SIGNATURE_OF_TCP4
                        + "%04x".formatted(12 + 3 + identity.length())
                        + hex(mesh.pod("client").address().getAddress())
                        + hex(asked.getAddress().getAddress());
                String behindPort = "1f90"
                        + "d0%04x".formatted(identity.length())
                        + hex(identity.getBytes(StandardCharsets.US_ASCII))
                        + hex(WORDS);
                // Between them the port of the tunnel's other end, which the calls of a client share.
                assertThat(hex(read)).startsWith(beforePort).endsWith(behindPort);
                assertThat(hex(read)).hasSize(beforePort.length() + 4 + behindPort.length());
                assertThat(((InetSocketAddress) taken.getRemoteAddress())
                                .getAddress()
                                .isLoopbackAddress())
                        .isTrue();
                taken.socket().getOutputStream().write(WORDS);
            }
            client.socket().setSoTimeout(LIMIT_MS);
            assertThat(client.socket().getInputStream().readAllBytes()).isEqualTo(WORDS);
        }
        AccessLine line = line("waypoint");
        assertThat(line.field("dst.hbone_addr")).isEqualTo(asked.getAddress().getHostAddress() + ":8080");
        // The header is the proxy's own word: only what was copied counts.
        assertThat(line.field("bytes_recv")).isEqualTo("5");
        assertThat(line.field("bytes_sent")).isEqualTo("5");
    }

    @Test
    void aPlainWaypointReadsTheCallersBytesAloneFromTheCallersAddress() throws IOException {
        try (ServerSocketChannel waypoint = mesh.pod("plain")
                        .sockets()
                        .listenerOn(new InetSocketAddress(mesh.pod("plain").address(), 15_089));
                SocketChannel client =
                        mesh.pod("client").tcp(LIMIT).connect(mesh.pod("other").at(8080))) {
            client.socket().getOutputStream().write(WORDS);
            client.shutdownOutput();
            try (SocketChannel taken = waypoint.accept()) {
                assertThat(taken.socket().getInputStream().readAllBytes()).isEqualTo(WORDS);
                assertThat(((InetSocketAddress) taken.getRemoteAddress()).getAddress())
                        .isEqualTo(mesh.pod("client").address());
            }
        }
        assertThat(line("plain").field("dst.hbone_addr"))
                .isEqualTo(mesh.pod("other").address().getHostAddress() + ":8080");
    }

    private static AccessLine line(String waypoint) {
        return Await.until(
                "an inbound line of " + waypoint,
                LIMIT,
                () -> mesh.node("two").accessLog(0).stream()
                        .filter(line -> line.isInbound()
                                && line.isEnd()
                                && line.field("dst.workload").equals(waypoint))
                        .findFirst(),
                () -> mesh.node("two").proxy().log().tail(10));
    }

    private static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }
}
