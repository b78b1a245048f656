package io.culvert.e2e.program;

import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.e2e.mesh.Programs;
import io.culvert.linux.Netns;
import io.culvert.testkit.controlplane.ControlPlane;
import io.culvert.testkit.controlplane.ProxyAccount;
import io.culvert.testkit.controlplane.ProxySetup;
import io.culvert.testkit.listen.Listening;
import io.culvert.testkit.mesh.AccessLine;
import io.culvert.testkit.process.Await;
import io.culvert.testkit.spec.AddressPlan;
import io.culvert.testkit.spec.MeshFile;
import io.culvert.testkit.spec.MeshSpec;
import io.culvert.testkit.workload.EchoServer;
import io.culvert.testkit.workload.PodSockets;
import io.culvert.testkit.workload.TcpClient;
import io.culvert.testkit.workload.TcpResult;
import io.culvert.testkit.workload.TcpService;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** One proxy for one workload, by the example of docs/localhost: what a proxy on a laptop does, in a namespace. */
@Tag("e2e")
final class DedicatedModeTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final Path EXAMPLE = Programs.root().resolve("docs/localhost");
    private static final byte[] PING = "ping".getBytes(StandardCharsets.US_ASCII);
    private static final int READINESS = 15_021;
    private static final int SERVER = 8080;

    @TempDir
    private Path directory;

    private Netns netns;
    private ControlPlane controlPlane;
    private TcpService server;
    private PodSockets sockets;
    private Map<String, String> environment;

    @BeforeEach
    void start() throws IOException {
        Programs.assumeMeshesCanRun();
        netns = ProxyAlone.namespace();
        sockets = new PodSockets(netns);
        controlPlane = ControlPlane.builder()
                .listening(Listening.in(netns, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)))
                .start();
        MeshSpec mesh = MeshFile.read(EXAMPLE.resolve("mesh.yaml"));
        controlPlane.serve(mesh, AddressPlan.of(mesh, 0));
        ProxySetup setup = ProxySetup.write(
                controlPlane,
                mesh,
                ProxyAccount.ofNode("laptop"),
                directory,
                controlPlane.address(),
                InetAddress.getLoopbackAddress());
        environment = new TreeMap<>(Map.of(
                "PROXY_MODE", "dedicated",
                "PROXY_WORKLOAD_INFO", "default/local/default",
                "XDS_ADDRESS", "",
                "LOCAL_XDS_PATH", EXAMPLE.resolve("state.yaml").toString(),
                "CA_ADDRESS", "https://127.0.0.1:" + controlPlane.address().getPort(),
                "CA_ROOT_CA", setup.rootCertificate().toString(),
                "AUTH_TOKEN", setup.token().toString(),
                "UNSTABLE_ENABLE_SOCKS5", "true",
                "ISTIO_META_DNS_CAPTURE", "false",
                "CONNECTION_TERMINATION_DEADLINE", "10m"));
        server = TcpService.start(sockets, at("127.0.0.1", SERVER), EchoServer.plain());
    }

    @AfterEach
    void stop() throws IOException {
        if (server != null) {
            server.close();
        }
        if (controlPlane != null) {
            controlPlane.close();
        }
        if (netns != null) {
            netns.close();
        }
    }

    private static InetSocketAddress at(String ip, int port) {
        return new InetSocketAddress(InetAddress.ofLiteral(ip), port);
    }

    private static void awaitReady(ProxyAlone proxy) {
        Await.untilTrue(
                "ready",
                LIMIT,
                () -> proxy.get(READINESS, "/healthz/ready").status() == 200,
                () -> String.join("\n", proxy.lines()));
    }

    private TcpClient client() {
        return new TcpClient(sockets, LIMIT);
    }

    /** By SOCKS5, to an IPv4 address. */
    private SocketChannel through(InetSocketAddress to) throws IOException {
        SocketChannel channel = client().connect(at("127.0.0.1", 15_080));
        ByteBuffer request = ByteBuffer.allocate(13);
        request.put(new byte[] {5, 1, 0, 5, 1, 0, 1}).put(to.getAddress().getAddress());
        request.putShort((short) to.getPort()).flip();
        channel.write(request);
        assertThat(channel.socket().getInputStream().readNBytes(12))
                .containsExactly(5, 0, 5, 0, 0, 1, 0, 0, 0, 0, 0, 0);
        return channel;
    }

    private static void echo(SocketChannel channel) throws IOException {
        channel.write(ByteBuffer.wrap(PING));
        assertThat(channel.socket().getInputStream().readNBytes(PING.length)).isEqualTo(PING);
    }

    private static AccessLine line(ProxyAlone proxy, Predicate<AccessLine> wanted) {
        return Await.until(
                "an access line",
                LIMIT,
                () -> proxy.lines().stream()
                        .flatMap(text -> AccessLine.parse(text).stream())
                        .filter(wanted)
                        .findFirst(),
                () -> String.join("\n", proxy.lines()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1:8080", "127.10.0.1:80"})
    void whatComesInBySocksReachesTheServerThroughATunnel(String named) throws IOException {
        int colon = named.indexOf(':');
        InetSocketAddress to = at(named.substring(0, colon), Integer.parseInt(named.substring(colon + 1)));
        try (ProxyAlone proxy = ProxyAlone.start(directory, netns, environment)) {
            awaitReady(proxy);
            try (SocketChannel channel = through(to)) {
                echo(channel);
                channel.shutdownOutput();
                assertThat(channel.socket().getInputStream().read()).isNegative();
            }
            for (AccessLine each : List.of(line(proxy, AccessLine::isOutbound), line(proxy, AccessLine::isInbound))) {
                assertThat(each.field("dst.hbone_addr")).isEqualTo("127.0.0.1:8080");
                assertThat(each.field("src.identity")).isEqualTo("spiffe://cluster.local/ns/default/sa/default");
                assertThat(each.field("dst.identity")).isEqualTo("spiffe://cluster.local/ns/default/sa/default");
                assertThat(each.field("error")).isEmpty();
            }
            assertThat(proxy.get(ProxyAlone.ADMIN, "/config_dump").body())
                    .contains("\"proxyMode\": \"Dedicated\"")
                    .doesNotContain("workloadState");
        }
    }

    @Test
    void policyAndPlainNeighboursAreAsTheFileSays() throws IOException {
        try (ProxyAlone proxy = ProxyAlone.start(directory, netns, environment);
                TcpService _ = TcpService.start(sockets, at("127.0.0.1", 9999), EchoServer.plain());
                TcpService _ = TcpService.start(sockets, at("127.0.0.2", SERVER), EchoServer.plain())) {
            awaitReady(proxy);
            try (SocketChannel channel = through(at("127.0.0.2", SERVER))) {
                echo(channel);
                channel.shutdownOutput();
                assertThat(channel.socket().getInputStream().read()).isNegative();
            }
            AccessLine plain = line(proxy, each -> each.field("dst.addr").equals("127.0.0.2:8080"));
            assertThat(plain.field("dst.hbone_addr")).isEmpty();

            try (SocketChannel channel = through(at("127.0.0.1", 9999))) {
                assertThat(isReset(channel)).isTrue();
            }
            AccessLine refused =
                    line(proxy, each -> each.isInbound() && !each.field("error").isEmpty());
            assertThat(refused.field("error")).contains("allow policies exist, but none allowed");
        }
    }

    private static boolean isReset(SocketChannel channel) {
        try {
            int _ = channel.socket().getInputStream().read();
            return false;
        } catch (SocketTimeoutException still) {
            return false;
        } catch (IOException reset) {
            return true;
        }
    }

    /** Those that have no settings, and the admin port: whoever has one, the start ends with a line that names it. */
    @ParameterizedTest
    @ValueSource(ints = {15_001, 15_006, 15_008, 15_080, 15_000})
    void doesNotStartWithoutOneOfItsPorts(int port) throws IOException {
        String ip = port == 15_080 || port == 15_000 ? "127.0.0.1" : "::";
        try (TcpService _ = TcpService.start(sockets, at(ip, port), EchoServer.plain());
                ProxyAlone proxy = ProxyAlone.start(directory, netns, environment)) {
            assertThat(proxy.awaitExit()).isEqualTo(1);
            assertThat(proxy.lines())
                    .anySatisfy(
                            text -> assertThat(text).contains("failed to bind").contains(String.valueOf(port)));
        }
    }

    @Test
    void drainsOnSigtermAndStartsAgainAtOnce() throws IOException {
        try (ProxyAlone proxy = ProxyAlone.start(directory, netns, environment)) {
            awaitReady(proxy);
            try (SocketChannel open = through(at("127.0.0.1", SERVER))) {
                echo(open);
                proxy.signalTermination();
                Await.untilTrue(
                        "nothing new is taken",
                        LIMIT,
                        () -> client().exchange(at("127.0.0.1", 15_001), PING) instanceof TcpResult.Refused,
                        () -> String.join("\n", proxy.lines()));
                echo(open);
                open.shutdownOutput();
                assertThat(open.socket().getInputStream().read()).isNegative();
            }
            assertThat(proxy.awaitExit()).isZero();
        }
        try (ProxyAlone again = ProxyAlone.start(directory, netns, environment)) {
            awaitReady(again);
            try (SocketChannel channel = through(at("127.0.0.1", SERVER))) {
                echo(channel);
            }
        }
    }

    /** Callers wait in the backlog meanwhile: policies are not known yet. */
    @Test
    void waitsForTheControlPlaneBeforeItServes() throws IOException {
        environment.remove("LOCAL_XDS_PATH");
        environment.put("XDS_ADDRESS", "https://127.0.0.1:1");
        try (ProxyAlone proxy = ProxyAlone.start(directory, netns, environment)) {
            proxy.awaitLine("listener established", "component=\"socks5\"");
            Await.untilTrue(
                    "it waits for the state alone",
                    LIMIT,
                    () -> proxy.get(READINESS, "/healthz/ready").body().equals("not ready, pending: state manager\n"),
                    () -> String.join("\n", proxy.lines()));
        }
    }
}
