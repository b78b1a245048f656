package io.culvert.testkit.mesh;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.culvert.testkit.network.Privileges;
import io.culvert.testkit.process.Await;
import io.culvert.testkit.spec.Matches;
import io.culvert.testkit.spec.MeshSpec;
import io.culvert.testkit.spec.PodBuilder;
import io.culvert.testkit.spec.PolicySpec;
import io.culvert.testkit.spec.WorkloadPort.Kind;
import io.culvert.testkit.workload.HttpResult;
import io.culvert.testkit.workload.TcpResult;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/**
 * The mesh with a proxy that is not ours: the real ztunnel, whose path is given by {@code CULVERT_PEER_ZTUNNEL}. It
 * gets state and certificates from our control plane and pods from our stand-in of an agent.
 */
@Tag("netns")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class PeerMeshTest {
    private static final Duration LIMIT = Duration.ofSeconds(10);
    private static final byte[] HELLO = "hello world".getBytes(StandardCharsets.UTF_8);

    private Mesh mesh;

    @BeforeAll
    void start() {
        String peer = System.getenv("CULVERT_PEER_ZTUNNEL");
        assumeTrue(peer != null, "CULVERT_PEER_ZTUNNEL names no ztunnel binary: its tests were not run");
        Optional<String> obstacle = Privileges.obstacleToNamespaces();
        assumeTrue(obstacle.isEmpty(), () -> "mesh tests were not run: " + obstacle.orElse(""));
        MeshSpec spec = MeshSpec.mesh("peer")
                .namespace("default", namespace -> namespace.mesh(true))
                .node(
                        "one",
                        node -> node.pod("client", pod -> pod.serviceAccount("client"))
                                .pod("intruder", pod -> pod.serviceAccount("intruder"))
                                .pod("web-1", PeerMeshTest::web))
                .node("two", node -> node.pod("web-2", PeerMeshTest::web).pod("guest", pod -> pod.mesh(false)))
                .service(
                        "web",
                        service ->
                                service.selecting("app", "web").port(80, 8080).port(7, 7))
                .policy(PolicySpec.deny("default", "no-intruders")
                        .selecting("app", "web")
                        .rule(Matches.principal("cluster.local/ns/default/sa/intruder"))
                        .build())
                .build();
        mesh = Mesh.start(spec, MeshOptions.proxy(List.of(peer, "proxy")).build());
    }

    private static void web(PodBuilder pod) {
        pod.serviceAccount("web").label("app", "web").serves(Kind.HTTP, 8080).serves(Kind.ECHO, 7);
    }

    @AfterAll
    void takeDown() {
        if (mesh != null) {
            mesh.close();
        }
    }

    @Test
    void serviceIsAnsweredByPodsOnBothNodes() throws IOException {
        Set<String> answered = new HashSet<>();
        for (int i = 0; i < 40 && answered.size() < 2; i++) {
            HttpResult result = mesh.pod("client").http().get(mesh.service("web", 80), "web", "/");
            assertThat(result).isInstanceOfSatisfying(HttpResult.Reply.class, reply -> {
                assertThat(reply.peer()).isEqualTo(mesh.pod("client").address().getHostAddress());
                answered.add(reply.pod());
            });
        }
        assertThat(answered).containsExactlyInAnyOrder("web-1", "web-2");
    }

    @Test
    void bothIdentitiesStandInBothAccessLogs() throws IOException {
        long one = mesh.node("one").proxy().log().position();
        long two = mesh.node("two").proxy().log().position();
        TcpResult result = mesh.pod("client").tcp().exchange(mesh.pod("web-2").at(7), HELLO);
        assertThat(result).isInstanceOf(TcpResult.Answered.class);
        String client = "spiffe://cluster.local/ns/default/sa/client";
        String web = "spiffe://cluster.local/ns/default/sa/web";
        for (AccessLine line : List.of(
                awaitAccess("one", one, AccessLine::isOutbound), awaitAccess("two", two, AccessLine::isInbound))) {
            assertThat(line.field("src.identity")).isEqualTo(client);
            assertThat(line.field("dst.identity")).isEqualTo(web);
        }
    }

    @Test
    void deniedCallIsResetAndThePolicyIsNamed() throws IOException {
        long position = mesh.node("two").proxy().log().position();
        TcpResult result = mesh.pod("intruder").tcp().exchange(mesh.pod("web-2").at(7), HELLO);
        assertThat(result).isInstanceOf(TcpResult.Reset.class);
        assertThat(awaitAccess("two", position, AccessLine::isInbound).field("error"))
                .contains("default/no-intruders");
    }

    @Test
    void plaintextIsLetInOrRefusedAsPolicySays() throws IOException {
        MeshPod guest = mesh.pod("guest");
        InetSocketAddress web = mesh.pod("web-1").at(7);
        assertThat(guest.tcp().exchange(web, HELLO)).isInstanceOf(TcpResult.Answered.class);
        PolicySpec strict = PolicySpec.deny("default", "no-plaintext")
                .selecting("app", "web")
                .rule(Matches.unauthenticated())
                .build();
        mesh.change(edit -> edit.policy(strict));
        try {
            assertThat(guest.tcp().exchange(web, HELLO))
                    .isInstanceOfAny(TcpResult.Reset.class, TcpResult.ClosedEmpty.class);
            assertThat(mesh.pod("client").tcp().exchange(web, HELLO)).isInstanceOf(TcpResult.Answered.class);
        } finally {
            mesh.change(edit -> edit.removePolicy("default", "no-plaintext"));
        }
    }

    @Test
    void podsComeAndGoLive() throws IOException {
        MeshPod late = mesh.addPod("two", "late", pod -> pod.serves(Kind.ECHO, 7));
        assertThat(mesh.pod("client").tcp().exchange(late.at(7), HELLO)).isInstanceOf(TcpResult.Answered.class);
        mesh.removePod(late);
        assertThat(mesh.pod("client").tcp(Duration.ofMillis(200)).exchange(late.at(7), HELLO))
                .isNotInstanceOf(TcpResult.Answered.class);
    }

    @Test
    void killedProxyComesBackWithItsPods() throws IOException {
        NodeProgram proxy = mesh.node("two").proxy();
        proxy.kill();
        proxy.restart();
        proxy.awaitReady(LIMIT);
        assertThat(mesh.pod("client").tcp().exchange(mesh.pod("web-2").at(7), HELLO))
                .isInstanceOf(TcpResult.Answered.class);
    }

    private AccessLine awaitAccess(String node, long position, Predicate<AccessLine> wanted) {
        return Await.until(
                "access log line of " + node,
                LIMIT,
                () -> mesh.node(node).accessLog(position).stream()
                        .filter(AccessLine::isEnd)
                        .filter(wanted)
                        .findFirst(),
                () -> mesh.node(node).proxy().log().tail(10));
    }
}
