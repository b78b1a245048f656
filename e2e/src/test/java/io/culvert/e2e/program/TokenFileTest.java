package io.culvert.e2e.program;

import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.e2e.mesh.Programs;
import io.culvert.linux.Netns;
import io.culvert.linux.SeqpacketListener;
import io.culvert.linux.SeqpacketSocket;
import io.culvert.testkit.controlplane.ControlPlane;
import io.culvert.testkit.controlplane.ControlPlaneEvent.Acked;
import io.culvert.testkit.controlplane.ControlPlaneEvent.CallerRefused;
import io.culvert.testkit.controlplane.DiscoveryFault;
import io.culvert.testkit.controlplane.ProxyAccount;
import io.culvert.testkit.controlplane.ProxySetup;
import io.culvert.testkit.controlplane.ResourceType;
import io.culvert.testkit.listen.Listening;
import io.culvert.testkit.process.Await;
import io.culvert.testkit.spec.AddressPlan;
import io.culvert.testkit.spec.MeshSpec;
import io.grpc.Status;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A proxy without its token says so, against a control plane that asks for one. */
@Tag("e2e")
final class TokenFileTest {

    private static final Duration LIMIT = Duration.ofSeconds(60);

    @TempDir
    private Path directory;

    private Netns netns;
    private ControlPlane controlPlane;
    private ProxySetup setup;

    @BeforeEach
    void start() throws IOException {
        Programs.assumeMeshesCanRun();
        netns = ProxyAlone.namespace();
        InetAddress loopback = InetAddress.getLoopbackAddress();
        controlPlane = ControlPlane.builder()
                .listening(Listening.in(netns, new InetSocketAddress(loopback, 0)))
                .start();
        MeshSpec mesh = MeshSpec.mesh("token")
                .node("one", node -> node.pod("a", pod -> {}))
                .build();
        controlPlane.serve(mesh, AddressPlan.of(mesh, 0));
        setup = ProxySetup.write(
                controlPlane, mesh, ProxyAccount.ofNode("one"), directory, controlPlane.address(), loopback);
    }

    @AfterEach
    void stop() throws IOException {
        if (controlPlane != null) {
            controlPlane.close();
        }
        if (netns != null) {
            netns.close();
        }
    }

    private ProxyAlone proxyWithToken(String authToken) throws IOException {
        Map<String, String> environment = new TreeMap<>(setup.environment());
        environment.put("AUTH_TOKEN", authToken);
        return ProxyAlone.start(directory, netns, environment);
    }

    @Test
    void namesTheMissingFileAndTheRemedyAndTakesTheFileWhenItComes() throws IOException {
        Path late = directory.resolve("late-token");
        try (ProxyAlone proxy = proxyWithToken(late.toString())) {
            String line = proxy.awaitLine("token file " + late + " is missing");
            assertThat(line)
                    .contains("\twarn\t")
                    .contains("mount a projected service account token (audience istio-ca) there, or set AUTH_TOKEN");
            assertThat(controlPlane.streams()).isZero();

            Files.copy(setup.token(), late);
            awaitServed(proxy);
            assertThat(warningsOf(proxy, "is missing"))
                    .as("said once, not at each try")
                    .hasSize(1);
            assertThat(proxy.lines()).noneSatisfy(said -> assertThat(said).contains("authentication failure"));
        }
    }

    /**
     * No pod is taken over before its policies are known. That the proxy was refused twice gives one without this gate
     * more than the time to come: it would within 20 ms.
     */
    @Test
    void comesToTheNodeAgentOnlyWhenItHasTheMesh() throws Exception {
        Path late = directory.resolve("late-token");
        try (SeqpacketListener agent = SeqpacketListener.listen(agentSocket());
                ProxyAlone proxy = proxyWithToken(late.toString())) {
            CompletableFuture<byte[]> hello = helloTo(agent);
            proxy.awaitLine("token file " + late + " is missing");
            Files.writeString(late, "not a token");
            Await.untilTrue(
                    "two attempts are refused",
                    LIMIT,
                    () -> controlPlane.events().all(CallerRefused.class).size() >= 2,
                    () -> String.join("\n", proxy.lines()));
            assertThat(hello).as("nobody knocks at the agent's").isNotDone();

            Files.copy(setup.token(), late, StandardCopyOption.REPLACE_EXISTING);
            assertThat(hello.get(LIMIT.toSeconds(), TimeUnit.SECONDS)).containsExactly(0x08, 0x01);
        }
    }

    /** One type is acknowledged and the answer about the other lost: half a mesh is none. */
    @ParameterizedTest
    @EnumSource(ResourceType.class)
    void comesToTheNodeAgentOnlyWithBothAddressesAndPolicies(ResourceType lost) throws Exception {
        controlPlane.discoveryFaults().about(lost.name()::equals, new DiscoveryFault.Drop());
        try (SeqpacketListener agent = SeqpacketListener.listen(agentSocket());
                ProxyAlone proxy = proxyWithToken(setup.token().toString())) {
            CompletableFuture<byte[]> hello = helloTo(agent);
            controlPlane.events().await(Acked.class, acked -> acked.type() != lost, LIMIT);
            assertThat(proxy.get(ProxyAlone.ADMIN, "/config_dump").status()).isEqualTo(200);
            assertThat(hello).as("nobody knocks at the agent's").isNotDone();

            controlPlane.discoveryFaults().clear();
            controlPlane.closeStreams(Status.UNAVAILABLE);
            assertThat(hello.get(LIMIT.toSeconds(), TimeUnit.SECONDS)).containsExactly(0x08, 0x01);
        }
    }

    private Path agentSocket() {
        return Path.of(setup.environment().get("INPOD_UDS"));
    }

    /** In the agent's place; closing the listener ends it. */
    private static CompletableFuture<byte[]> helloTo(SeqpacketListener agent) {
        CompletableFuture<byte[]> hello = new CompletableFuture<>();
        Thread.ofPlatform().daemon().name("agent").start(() -> {
            try (SeqpacketSocket session = agent.accept()) {
                hello.complete(session.receive(1024, LIMIT).bytes());
            } catch (IOException | RuntimeException e) {
                hello.completeExceptionally(e);
            }
        });
        return hello;
    }

    @Test
    void namesTheDefaultFileWhereNobodyNamesAnother() throws IOException {
        try (ProxyAlone proxy = proxyWithToken("")) {
            proxy.awaitLine(
                    "\twarn\tconfig\ttoken file ",
                    "/var/run/secrets/tokens/istio-token is missing",
                    "mount a projected service account token (audience istio-ca) there, or set AUTH_TOKEN");
            proxy.awaitLine("UNAUTHENTICATED", "(no token was sent)");
        }
    }

    @Test
    void tellsWhichTokenWasRefused() throws IOException {
        Path wrong = Files.writeString(directory.resolve("wrong-token"), "not a token");
        try (ProxyAlone proxy = proxyWithToken(wrong.toString())) {
            proxy.awaitLine("UNAUTHENTICATED", "(the token is that of " + wrong + ")");
        }
    }

    @Test
    void goesOnWithTheRenewedTokenWhenTheOldOneHasExpired() throws IOException {
        try (ProxyAlone proxy = proxyWithToken(setup.token().toString())) {
            awaitServed(proxy);
            controlPlane.tokens().revoke(Files.readString(setup.token()));
            controlPlane.closeStreams(Status.UNAVAILABLE);
            proxy.awaitLine("UNAUTHENTICATED", "(the token is that of " + setup.token() + ")");

            // As the kubelet renews a projected token: another file in its place.
            Path renewed = Files.writeString(
                    directory.resolve("renewed"), controlPlane.tokens().issue(ProxyAccount.ofNode("one")));
            Files.move(renewed, setup.token(), StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            awaitServed(proxy);
        }
    }

    private void awaitServed(ProxyAlone proxy) {
        Await.untilTrue(
                "the proxy is served",
                LIMIT,
                () -> controlPlane.streams() == 1,
                () -> String.join("\n", proxy.lines()));
    }

    private static List<String> warningsOf(ProxyAlone proxy, String part) {
        return proxy.lines().stream()
                .filter(line -> line.contains("\twarn\t") && line.contains(part))
                .toList();
    }
}
