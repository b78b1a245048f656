package io.culvert.e2e.mesh;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.culvert.testkit.mesh.Mesh;
import io.culvert.testkit.mesh.MeshPod;
import io.culvert.testkit.spec.Matches;
import io.culvert.testkit.spec.MeshSpec;
import io.culvert.testkit.spec.PolicySpec;
import io.culvert.testkit.workload.Bulk;
import io.culvert.testkit.workload.EchoServer;
import io.culvert.testkit.workload.TcpResult;
import io.culvert.testkit.workload.TcpService;
import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Our proxy on one node, another ztunnel-compatible one on the other: neither may notice. Runs where {@code
 * CULVERT_PEER_ZTUNNEL} names such a binary.
 */
@Tag("e2e")
final class MixedPairTest {

    private static final byte[] PING = "ping".getBytes(StandardCharsets.US_ASCII);

    @ParameterizedTest
    @ValueSource(strings = {"client", "server"})
    void eitherEndMayBeTheOther(String peerSide) throws IOException {
        String binary = System.getenv().getOrDefault("CULVERT_PEER_ZTUNNEL", "");
        assumeTrue(!binary.isEmpty(), "not run: CULVERT_PEER_ZTUNNEL names no ztunnel binary");
        Programs.assumeMeshesCanRun();
        MeshSpec spec = MeshSpec.mesh("mixed")
                .namespace("default", namespace -> namespace.mesh(true))
                .node(
                        "of-client",
                        node -> node.pod("client", pod -> pod.serviceAccount("client"))
                                .pod("intruder", pod -> pod.serviceAccount("intruder")))
                .node("of-server", node -> node.pod("server", pod -> pod.label("app", "server")))
                .policy(PolicySpec.deny("default", "no-intruders")
                        .selecting("app", "server")
                        .rule(Matches.principal("cluster.local/ns/default/sa/intruder"))
                        .build())
                .build();
        try (Mesh mesh = Mesh.start(
                spec,
                Programs.options()
                        .proxyOn("of-" + peerSide, List.of(binary, "proxy"))
                        .build())) {
            MeshPod client = mesh.pod("client");
            MeshPod server = mesh.pod("server");
            try (TcpService _ = server.serve(7, EchoServer.plain());
                    TcpService _ = server.serve(6001, Bulk.sink());
                    TcpService _ = server.serve(6002, Bulk.source())) {
                assertThat(client.tcp().exchange(server.at(7), PING)).isInstanceOf(TcpResult.Answered.class);
                assertThat(mesh.pod("intruder").tcp().exchange(server.at(7), PING))
                        .isNotInstanceOf(TcpResult.Answered.class);
                transfer(client, server);
            }
        }
    }

    private static void transfer(MeshPod client, MeshPod server) throws IOException {
        Duration limit = Duration.ofMinutes(1);
        try (SocketChannel up = client.tcp(limit).connect(server.at(6001));
                SocketChannel down = client.tcp(limit).connect(server.at(6002))) {
            assertThat(Bulk.upload(up, 32L << 20, 1)).isTrue();
            assertThat(Bulk.download(down, 32L << 20, 2)).isTrue();
        }
    }

    /** The other where the caller is, or where gateway and server are: both ends of a tunnel inside a tunnel. */
    @ParameterizedTest
    @ValueSource(strings = {"east", "west"})
    void eitherEndOfTwoNetworksMayBeTheOther(String peerSide) throws IOException {
        String binary = System.getenv().getOrDefault("CULVERT_PEER_ZTUNNEL", "");
        assumeTrue(!binary.isEmpty(), "not run: CULVERT_PEER_ZTUNNEL names no ztunnel binary");
        Programs.assumeMeshesCanRun();
        try (TwoNetworks mixed = TwoNetworks.start(Map.of(peerSide, List.of(binary, "proxy")))) {
            assertThat(mixed.pod("client").tcp(TwoNetworks.LIMIT).exchange(mixed.service(80), PING))
                    .isInstanceOf(TcpResult.Answered.class);
            assertThat(mixed.line("east", line -> TwoNetworks.isCallOf("client", line))
                            .field("dst.identity"))
                    .isEqualTo("spiffe://cluster.local/ns/default/sa/server");
            assertThat(mixed.pod("intruder").tcp(TwoNetworks.LIMIT).exchange(mixed.service(80), PING))
                    .isNotInstanceOf(TcpResult.Answered.class);
        }
    }
}
