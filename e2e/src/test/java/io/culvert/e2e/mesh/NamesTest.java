package io.culvert.e2e.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.testkit.mesh.Mesh;
import io.culvert.testkit.mesh.MeshPod;
import io.culvert.testkit.process.Await;
import io.culvert.testkit.spec.AddressPlan;
import io.culvert.testkit.spec.MeshSpec;
import io.culvert.testkit.spec.ServiceSpec;
import io.culvert.testkit.spec.WorkloadPort.Kind;
import io.culvert.testkit.workload.DnsAnswer;
import io.culvert.testkit.workload.DnsClient;
import io.culvert.testkit.workload.DnsServer;
import io.culvert.testkit.workload.HttpResult;
import io.culvert.testkit.workload.PodSockets;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** DNS capture: the agent's rules and the proxy's answers, with a real name server outside for what the mesh is not. */
@Tag("e2e")
final class NamesTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final int DNS = 53;
    private static final int NO_SUCH_NAME = 3;
    private static final InetAddress OUTSIDE = InetAddress.ofLiteral("192.0.2.7");

    @TempDir
    private static Path directory;

    private static Mesh mesh;
    private static DnsServer outside;
    private static InetSocketAddress nameServer;
    private static MeshPod client;

    @BeforeAll
    static void start() throws IOException {
        Programs.assumeMeshesCanRun();
        MeshSpec spec = MeshSpec.mesh("names")
                .namespace("default", namespace -> namespace.mesh(true))
                .node(
                        "one",
                        node -> node.pod("client", pod -> pod.serviceAccount("client"))
                                .pod("plain", pod -> pod.annotation("ambient.istio.io/dns-capture", "false"))
                                .pod("web-1", pod -> pod.label("app", "web").serves(Kind.HTTP, 8080)))
                .service("web", service -> service.selecting("app", "web").port(80, 8080))
                .service(
                        "bare",
                        service ->
                                service.selecting("app", "web").port(80, 8080).headless(true))
                .build();
        nameServer =
                new InetSocketAddress(AddressPlan.of(spec, 0).controlPlane().v4(), DNS);
        Path resolvConf = directory.resolve("resolv.conf");
        Files.writeString(resolvConf, "nameserver " + nameServer.getAddress().getHostAddress() + "\n");
        mesh = Mesh.start(
                spec,
                Programs.options(Map.of("AMBIENT_DNS_CAPTURE", "true"))
                        .proxyEnvironment("ISTIO_META_DNS_CAPTURE", "true")
                        .proxyEnvironment("CULVERT_RESOLV_CONF", resolvConf.toString())
                        .build());
        outside = DnsServer.start(new PodSockets(mesh.fabricNetns()), nameServer, Map.of("outside.example.", OUTSIDE));
        client = mesh.pod("client");
    }

    @AfterAll
    static void stop() {
        if (outside != null) {
            outside.close();
        }
        if (mesh != null) {
            mesh.close();
        }
    }

    /** An address that no host has: only what is captured is answered. */
    private static InetSocketAddress nobody() {
        return new InetSocketAddress(mesh.plan().serviceRange().v4().at(5), DNS);
    }

    private static DnsAnswer ask(String protocol, InetSocketAddress server, String name, String type)
            throws IOException {
        DnsClient resolver = client.dns();
        return protocol.equals("tcp") ? resolver.askTcp(server, name, type) : resolver.askUdp(server, name, type);
    }

    private static List<InetAddress> virtual() {
        ServiceSpec web = mesh.spec().service("default", "web").orElseThrow();
        return mesh.plan().service(web);
    }

    @ParameterizedTest
    @CsvSource({"udp", "tcp"})
    void aServiceIsResolvedWhateverServerThePodAsks(String protocol) throws IOException {
        DnsAnswer full = ask(protocol, nobody(), "web.default.svc.cluster.local.", "A");
        assertThat(full.authoritative()).isTrue();
        assertThat(full.records())
                .containsExactly("web.default.svc.cluster.local. A "
                        + virtual().getFirst().getHostAddress());
        DnsAnswer six = ask(protocol, nobody(), "web.", "AAAA");
        assertThat(six.records())
                .containsExactly("web. AAAA " + virtual().getLast().getHostAddress());
        assertThat(ask(protocol, nobody(), "bare.default.", "A").records())
                .containsExactly(
                        "bare.default. A " + mesh.pod("web-1").address().getHostAddress());
    }

    @ParameterizedTest
    @CsvSource({"udp", "tcp"})
    void otherNamesAreAskedOfTheResolverByThePodItself(String protocol) throws IOException {
        DnsAnswer known = ask(protocol, nobody(), "outside.example.", "A");
        assertThat(known.authoritative()).isFalse();
        assertThat(known.records()).containsExactly("outside.example. A " + OUTSIDE.getHostAddress());
        String missing = protocol + ".missing.example.";
        assertThat(ask(protocol, nobody(), missing, "A").code()).isEqualTo(NO_SUCH_NAME);
        assertThat(outside.asked()).contains(new DnsServer.Asked(client.address(), missing));
    }

    @Test
    void theResolverThatThePodWouldHaveAskedIsNotAskedForNamesOfTheMesh() throws IOException {
        assertThat(ask("udp", nameServer, "web.default.", "A").records()).hasSize(1);
        assertThat(outside.asked()).extracting(DnsServer.Asked::name).doesNotContain("web.default.");
    }

    @Test
    void aPodMayBeLeftOutByItsAnnotation() throws IOException {
        DnsAnswer answer = mesh.pod("plain").dns().askUdp(nameServer, "web.default.svc.cluster.local.", "A");
        assertThat(answer.code()).isEqualTo(NO_SUCH_NAME);
        assertThat(outside.asked())
                .contains(new DnsServer.Asked(mesh.pod("plain").address(), "web.default.svc.cluster.local."));
    }

    @Test
    void whatTheSystemsResolverFindsIsAnsweredByTheService() throws Exception {
        Path resolvConf = directory.resolve("pod-resolv.conf");
        Files.writeString(
                resolvConf,
                "nameserver " + nobody().getAddress().getHostAddress()
                        + "\nsearch default.svc.cluster.local svc.cluster.local cluster.local\noptions ndots:5\n");
        String script =
                "mount --make-rprivate / && mount --bind " + resolvConf + " /etc/resolv.conf && getent ahostsv4 web";
        Process getent = new ProcessBuilder(
                        "nsenter", "--net=" + client.netnsPath(), "unshare", "--mount", "sh", "-c", script)
                .redirectError(directory.resolve("getent.err").toFile())
                .start();
        String found = new String(getent.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(getent.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS)).isTrue();
        String trouble = Files.readString(directory.resolve("getent.err"));
        Assumptions.assumeFalse(trouble.contains("mount"), () -> "no mount of a resolv.conf: " + trouble);
        assertThat(found).as(trouble).startsWith(virtual().getFirst().getHostAddress() + " ");
        String address = found.substring(0, found.indexOf(' '));
        HttpResult result = client.http().get(new InetSocketAddress(InetAddress.ofLiteral(address), 80), "web", "/");
        assertThat(result)
                .isInstanceOfSatisfying(
                        HttpResult.Reply.class, reply -> assertThat(reply.pod()).isEqualTo("web-1"));
    }

    @Test
    void aServiceThatIsAddedIsResolvedAndOneThatGoesIsNot() throws IOException {
        mesh.change(edit ->
                edit.service("late", service -> service.selecting("app", "web").port(80, 8080)));
        Await.until(
                "the new service has a name",
                LIMIT,
                () -> Optional.of(ask("udp", nobody(), "late.default.", "A"))
                        .filter(answer ->
                                answer.authoritative() && answer.records().size() == 1),
                () -> "not yet");
        mesh.change(edit -> edit.removeService("default", "late"));
        Await.until(
                "its name is gone",
                LIMIT,
                () -> Optional.of(ask("udp", nobody(), "late.default.", "A"))
                        .filter(answer -> !answer.authoritative() && answer.code() == NO_SUCH_NAME),
                () -> "not yet");
    }

    @Test
    void questionsAreCounted() throws IOException {
        assertThat(ask("udp", nobody(), "outside.example.", "A").records()).hasSize(1);
        assertThat(mesh.node("one").proxy().get(15_020, "/metrics"))
                .contains(
                        "istio_dns_requests_total{request_query_type=\"a\",request_protocol=\"udp\","
                                + "source_canonical_service=\"client\"",
                        "istio_dns_upstream_requests_total{",
                        "istio_dns_upstream_request_duration_seconds_bucket{le=\"0.0005\",");
    }
}
