package io.culvert.e2e.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.linux.Fd;
import io.culvert.linux.SeqpacketListener;
import io.culvert.linux.SeqpacketSocket;
import io.culvert.linux.Sockets;
import io.culvert.proto.zds.AddWorkload;
import io.culvert.proto.zds.WorkloadInfo;
import io.culvert.proto.zds.WorkloadRequest;
import io.culvert.proto.zds.WorkloadResponse;
import io.culvert.testkit.controlplane.CertificateAuthority;
import io.culvert.testkit.controlplane.PeerCredential;
import io.culvert.testkit.controlplane.ResourceType;
import io.culvert.testkit.controlplane.Unusable;
import io.culvert.testkit.mesh.AccessLine;
import io.culvert.testkit.mesh.Mesh;
import io.culvert.testkit.mesh.MeshPod;
import io.culvert.testkit.mesh.NodeProgram;
import io.culvert.testkit.process.Await;
import io.culvert.testkit.spec.MeshSpec;
import io.culvert.testkit.spec.WorkloadPort.Kind;
import io.culvert.testkit.workload.TcpResult;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Peers, agents and control planes that bring what they must not: the operator finds the cause and the remedy, each
 * once, and a connection that runs meanwhile, and those that come after it, notice nothing.
 */
@Tag("e2e")
final class BadInputTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final byte[] PING = "ping".getBytes(StandardCharsets.US_ASCII);
    private static final String CALLER = "spiffe://cluster.local/ns/default/sa/default";
    private static final int HBONE = 15008;

    private static Mesh mesh;
    private static MeshPod client;
    private static MeshPod server;
    private static NodeProgram proxy;

    private SocketChannel neighbour;

    @BeforeAll
    static void start() {
        Programs.assumeMeshesCanRun();
        mesh = Mesh.start(
                MeshSpec.mesh("bad-input")
                        .namespace("default", namespace -> namespace.mesh(true))
                        .node("one", node -> node.pod("client", pod -> {}).pod("guest", pod -> pod.mesh(false)))
                        .node("two", node -> node.pod("server", pod -> pod.serves(Kind.ECHO, 7)))
                        .build(),
                Programs.options().build());
        client = mesh.pod("client");
        server = mesh.pod("server");
        proxy = mesh.node("two").proxy();
    }

    @AfterAll
    static void stop() {
        if (mesh != null) {
            mesh.close();
        }
    }

    @BeforeEach
    void connectTheNeighbour() throws IOException {
        neighbour = client.tcp(LIMIT).connect(server.at(7));
        echo();
    }

    @AfterEach
    void theNeighbourIsUndisturbed() throws IOException {
        try (SocketChannel _ = neighbour) {
            echo();
        }
        assertThat(client.tcp(LIMIT).exchange(server.at(7), PING)).isInstanceOf(TcpResult.Answered.class);
    }

    @Test
    void expiredPeerIsTurnedAwayByName() throws Exception {
        assertTurnedAway(
                mesh.controlPlane().authority().peerCredential(CALLER, Duration.ofDays(-2), Duration.ofDays(1)),
                "invalid peer certificate: Expired",
                "its certificate has expired (which one: see the access log): compare the clocks of both nodes");
    }

    @Test
    void foreignPeerIsTurnedAwayByName() throws Exception {
        assertTurnedAway(
                CertificateAuthority.create(Clock.systemUTC(), false)
                        .peerCredential(CALLER, Duration.ZERO, Duration.ofDays(1)),
                "invalid peer certificate: UnknownIssuer",
                "has the CA's root been rotated? Check that istiod signs for both nodes with the same root");
    }

    @Test
    void peerOfAnotherTrustDomainIsTurnedAwayByName() throws Exception {
        assertTurnedAway(
                mesh.controlPlane()
                        .authority()
                        .peerCredential("spiffe://elsewhere/ns/default/sa/default", Duration.ZERO, Duration.ofDays(1)),
                "peer did not present the expected trustdomain (cluster.local)",
                "check that istiod signs for this trust domain");
    }

    /** The twin: what turns them away is their certificate, not how they come. */
    @Test
    void peerOfTheMeshIsTaken() throws Exception {
        PeerCredential good = mesh.controlPlane().authority().peerCredential(CALLER, Duration.ZERO, Duration.ofDays(1));
        try (RawPeer peer = RawPeer.connect(mesh.pod("guest").tcp(LIMIT).connect(server.at(HBONE)), good)) {
            peer.beginHttp2();
            peer.awaitSettings();
        }
    }

    private static void assertTurnedAway(PeerCredential credential, String cause, String remedy) throws Exception {
        long position = proxy.log().position();
        try (RawPeer peer = RawPeer.connect(mesh.pod("guest").tcp(LIMIT).connect(server.at(HBONE)), credential)) {
            assertThat(peer.isTurnedAway()).as("the proxy ends the connection").isTrue();
        }
        AccessLine line = Await.until(
                "an access log line with: " + cause,
                LIMIT,
                () -> mesh.node("two").accessLog(position).stream()
                        .filter(one -> one.field("error").contains(cause))
                        .findFirst(),
                () -> proxy.log().tail(10));
        assertThat(line.level()).isEqualTo("warn");
        assertThat(line.field("src.addr"))
                .startsWith(mesh.pod("guest").address().getHostAddress() + ":");
        assertThat(proxy.log().linesSince(position).stream().filter(one -> one.contains(cause)))
                .as("one line")
                .hasSize(1);
        assertThat(proxy.log().linesSince(position).stream().filter(one -> one.contains(remedy)))
                .as("what to do, once")
                .singleElement()
                .asString()
                .contains("warn");
    }

    /** In the agent's place, while it is away, as the proxy comes back to its socket by itself. */
    @Test
    void descriptorThatIsNoNamespaceIsRefusedByName() throws Exception {
        assertRefused(
                WorkloadRequest.newBuilder()
                        .setAdd(AddWorkload.newBuilder()
                                .setUid("bad")
                                .setWorkloadInfo(WorkloadInfo.newBuilder()
                                        .setName("bad")
                                        .setNamespace("default")
                                        .setServiceAccount("default")))
                        .build()
                        .toByteArray(),
                "the descriptor of Add is no network namespace",
                "see whether the agent has the node's /proc",
                Sockets.tcp(false));
    }

    @Test
    void recordThatIsNoRequestIsRefusedByName() throws Exception {
        assertRefused(
                new byte[] {(byte) 0xff, (byte) 0xff, 1},
                "not a WorkloadRequest",
                "run agent and proxy of the same release");
    }

    private void assertRefused(byte[] record, String cause, String remedy, Fd... descriptors) throws Exception {
        Path socket = Path.of(proxy.program().environment().get("INPOD_UDS"));
        NodeProgram agent = mesh.node("two").agent();
        long position = proxy.log().position();
        agent.kill();
        try {
            Files.deleteIfExists(socket);
            try (SeqpacketListener listener = SeqpacketListener.listen(socket);
                    SeqpacketSocket session = listener.accept()) {
                byte[] hello = session.receive(1024, LIMIT).bytes();
                assertThat(hello).isNotEmpty();
                session.send(record, descriptors);
                WorkloadResponse answer =
                        WorkloadResponse.parseFrom(session.receive(1024, LIMIT).bytes());
                assertThat(answer.getAck().getError()).contains(cause);
                echo();
            }
        } finally {
            List.of(descriptors).forEach(Fd::close);
            agent.restart();
            agent.awaitReady(LIMIT);
            proxy.awaitReady(LIMIT);
        }
        List<String> lines = proxy.log().linesSince(position).stream()
                .filter(line -> line.contains(cause))
                .toList();
        assertThat(lines).as("what the operator reads").hasSize(1);
        assertThat(lines.getFirst()).contains("nack to the node agent", remedy);
    }

    @Test
    void resourceThatCannotBeReadIsRejectedByNameAndWhatWasGoodStaysInUse() {
        long position = proxy.log().position();
        String name = "unusable/of-this-test";
        mesh.controlPlane().edit(edit -> edit.putUnusable(ResourceType.ADDRESS, name, Unusable.UNKNOWN_ENUM));
        try {
            String line = Await.until(
                    "a line about " + name,
                    LIMIT,
                    () -> proxy.log().linesSince(position).stream()
                            .filter(one -> one.contains(name))
                            .findFirst(),
                    () -> proxy.log().tail(10));
            assertThat(line)
                    .contains("warn", "rejected 1 of 1 resources of type", name + ": ")
                    .contains("Their last good state stays in use. Look for them in istiod's log");
        } finally {
            mesh.controlPlane().edit(edit -> edit.remove(ResourceType.ADDRESS, name));
        }
    }

    private void echo() throws IOException {
        neighbour.write(ByteBuffer.wrap(PING));
        assertThat(neighbour.socket().getInputStream().readNBytes(PING.length)).isEqualTo(PING);
    }
}
