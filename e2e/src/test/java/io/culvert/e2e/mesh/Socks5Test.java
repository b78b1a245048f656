package io.culvert.e2e.mesh;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.culvert.linux.netlink.IpFamily;
import io.culvert.testkit.mesh.AccessLine;
import io.culvert.testkit.mesh.Mesh;
import io.culvert.testkit.mesh.MeshPod;
import io.culvert.testkit.spec.Matches;
import io.culvert.testkit.spec.MeshSpec;
import io.culvert.testkit.spec.PolicySpec;
import io.culvert.testkit.spec.WorkloadPort.Kind;
import io.culvert.testkit.workload.TcpResult;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** SOCKS5 in a pod: another door to the same road. */
@Tag("e2e")
final class Socks5Test {

    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final byte[] PING = "ping".getBytes(StandardCharsets.US_ASCII);
    private static final InetSocketAddress DOOR = new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 15080);
    private static final Path CURL = Path.of("/usr/bin/curl");
    /** More than one pod may have on one loop at a time. */
    private static final int TOO_MANY = 600;

    private static Mesh mesh;
    private static MeshPod client;
    private static MeshPod server;

    @BeforeAll
    static void start() {
        Programs.assumeMeshesCanRun();
        mesh = Mesh.start(
                MeshSpec.mesh("socks")
                        .namespace("default", namespace -> namespace.mesh(true))
                        .node(
                                "one",
                                node -> node.pod("client", pod -> pod.serviceAccount("client"))
                                        .pod("intruder", pod -> pod.serviceAccount("intruder")))
                        .node(
                                "two",
                                node -> node.pod(
                                        "server",
                                        pod -> pod.serviceAccount("server")
                                                .label("app", "server")
                                                .serves(Kind.ECHO, 7)
                                                .serves(Kind.HTTP, 8080)))
                        .service(
                                "web",
                                service -> service.selecting("app", "server").port(80, 8080))
                        .policy(PolicySpec.deny("default", "no-intruders")
                                .selecting("app", "server")
                                .rule(Matches.principal("cluster.local/ns/default/sa/intruder"))
                                .build())
                        .build(),
                Programs.options()
                        .proxyEnvironment("UNSTABLE_ENABLE_SOCKS5", "true")
                        .build());
        client = mesh.pod("client");
        server = mesh.pod("server");
    }

    @AfterAll
    static void stop() {
        if (mesh != null) {
            mesh.close();
        }
    }

    /** Says where to go, and hears that it will be tried. */
    private static SocketChannel through(MeshPod pod, InetSocketAddress to) throws IOException {
        SocketChannel channel = pod.tcp(LIMIT).connect(DOOR);
        byte[] address = to.getAddress().getAddress();
        ByteBuffer request = ByteBuffer.allocate(9 + address.length);
        request.put(new byte[] {5, 1, 0, 5, 1, 0, (byte) (to.getAddress() instanceof Inet4Address ? 1 : 4)});
        request.put(address).putShort((short) to.getPort()).flip();
        channel.write(request);
        assertThat(channel.socket().getInputStream().readNBytes(12))
                .containsExactly(5, 0, 5, 0, 0, 1, 0, 0, 0, 0, 0, 0);
        return channel;
    }

    private static InetSocketAddress at(IpFamily family, int port) {
        InetAddress address = server.addresses().stream()
                .filter(each -> each instanceof Inet4Address == (family == IpFamily.V4))
                .findFirst()
                .orElseThrow();
        return new InetSocketAddress(address, port);
    }

    private static AccessLine line(String node, Predicate<AccessLine> wanted) {
        return mesh.node(node)
                .proxy()
                .child()
                .awaitLine(
                        "an access line",
                        0,
                        LIMIT,
                        text -> AccessLine.parse(text).filter(wanted).isPresent())
                .transform(text -> AccessLine.parse(text).orElseThrow());
    }

    @ParameterizedTest
    @EnumSource
    void whatAnApplicationNamesIsReachedByTheSameRoad(IpFamily family) throws IOException {
        InetSocketAddress to = at(family, 7);
        try (SocketChannel channel = through(client, to)) {
            channel.write(ByteBuffer.wrap(PING));
            channel.shutdownOutput();
            assertThat(channel.socket().getInputStream().readAllBytes()).isEqualTo(PING);
        }
        Predicate<AccessLine> ofThisCall = each -> each.field("src.workload").equals("client")
                && each.field("dst.hbone_addr").contains(":7")
                && each.field("dst.addr").startsWith("[") == (family == IpFamily.V6);
        AccessLine outbound = line("one", each -> each.isOutbound() && ofThisCall.test(each));
        AccessLine inbound = line("two", each -> each.isInbound() && ofThisCall.test(each));
        assertThat(outbound.field("src.addr")).startsWith("127.0.0.1:");
        for (AccessLine each : List.of(outbound, inbound)) {
            assertThat(each.field("src.identity")).isEqualTo("spiffe://cluster.local/ns/default/sa/client");
            assertThat(each.field("dst.identity")).isEqualTo("spiffe://cluster.local/ns/default/sa/server");
            assertThat(each.field("error")).isEmpty();
        }
    }

    @Test
    void policyHoldsForWhoComesThisWay() throws IOException {
        MeshPod intruder = mesh.pod("intruder");
        try (SocketChannel channel = through(intruder, server.at(7))) {
            assertThat(isReset(channel)).isTrue();
        }
        AccessLine refused = line("two", each -> each.field("src.workload").equals("intruder"));
        assertThat(refused.field("error")).contains("explicitly denied by: default/no-intruders");
    }

    /** To the ports of the proxy itself, of which this one is one. */
    @Test
    void aCallThatWouldComeBackIsRefused() throws IOException {
        try (SocketChannel channel = through(client, DOOR)) {
            assertThat(isReset(channel)).isTrue();
        }
        String line = mesh.node("one")
                .proxy()
                .child()
                .awaitLine("the refusal", 0, LIMIT, text -> text.contains("dst.addr=127.0.0.1:15080"));
        assertThat(line).contains("attempted recursive call to ourselves");
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

    @Test
    void nobodyComesInFromOutside() throws IOException {
        assertThat(client.tcp(LIMIT).exchange(client.at(15080), PING)).isInstanceOf(TcpResult.Refused.class);
        assertThat(mesh.pod("intruder").tcp(LIMIT).exchange(client.at(15080), PING))
                .isNotInstanceOf(TcpResult.Answered.class);
    }

    @Test
    void curlReachesAServiceThroughIt() throws Exception {
        assumeThat(Files.isExecutable(CURL)).as("curl is not installed").isTrue();
        InetSocketAddress service = mesh.service("web", 80);
        Process curl = new ProcessBuilder(
                        "nsenter",
                        "--net=" + client.netnsPath(),
                        CURL.toString(),
                        "--silent",
                        "--show-error",
                        "--max-time",
                        "60",
                        "--socks5",
                        "127.0.0.1:15080",
                        "http://" + service.getAddress().getHostAddress() + ":80/")
                .redirectErrorStream(true)
                .start();
        String answer = new String(curl.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(curl.waitFor()).as(answer).isZero();
        assertThat(answer).contains("server");
    }

    /** Says the first half of a greeting; nothing if it is reset before. */
    private static Optional<SocketChannel> begin(MeshPod pod) throws IOException {
        try {
            SocketChannel channel = pod.tcp(LIMIT).connect(DOOR);
            channel.write(ByteBuffer.wrap(new byte[] {5, 1}));
            return Optional.of(channel);
        } catch (SocketException reset) {
            return Optional.empty();
        }
    }

    /** Each pod has its own places: who uses up his takes nobody else's. */
    @Test
    void thousandsOfHalfAConversationAreBoundedAndNeighboursDoNotNotice() throws IOException {
        MeshPod intruder = mesh.pod("intruder");
        List<SocketChannel> half = new ArrayList<>();
        try {
            for (int i = 0; i < TOO_MANY; i++) {
                begin(intruder).ifPresent(half::add);
            }
            assertThat(half.size()).as("more than a few are borne").isGreaterThan(100);
            try (SocketChannel channel = through(client, server.at(7))) {
                channel.write(ByteBuffer.wrap(PING));
                assertThat(channel.socket().getInputStream().readNBytes(PING.length))
                        .isEqualTo(PING);
            }
            String line = mesh.node("one")
                    .proxy()
                    .child()
                    .awaitLine("the bound", 0, LIMIT, text -> text.contains("too many conversations at a time"));
            assertThat(line).contains("warn");
        } finally {
            for (SocketChannel channel : half) {
                channel.close();
            }
        }
    }
}
