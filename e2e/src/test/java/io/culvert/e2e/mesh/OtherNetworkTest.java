package io.culvert.e2e.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.testkit.mesh.AccessLine;
import io.culvert.testkit.workload.Bulk;
import io.culvert.testkit.workload.TcpResult;
import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A service of another network, reached through its gateway by a tunnel inside a tunnel. */
@Tag("e2e")
final class OtherNetworkTest {

    private static final Duration LIMIT = TwoNetworks.LIMIT;
    private static final byte[] PING = "ping".getBytes(StandardCharsets.US_ASCII);
    private static TwoNetworks network;

    @BeforeAll
    static void start() throws IOException {
        Programs.assumeMeshesCanRun();
        network = TwoNetworks.start(Map.of());
    }

    @AfterAll
    static void stop() {
        if (network != null) {
            network.close();
        }
    }

    @Test
    void aServiceOfAnotherNetworkIsReachedThroughItsGateway() throws IOException {
        assertThat(network.pod("client").tcp(LIMIT).exchange(network.service(80), PING))
                .isInstanceOf(TcpResult.Answered.class);
        AccessLine outbound = network.line(
                "east",
                line -> TwoNetworks.isCallOf("client", line)
                        && line.field("dst.hbone_addr").endsWith(":80"));
        assertThat(outbound.field("dst.addr"))
                .isEqualTo(network.pod("gateway").address().getHostAddress() + ":15008");
        assertThat(outbound.field("dst.hbone_addr")).isEqualTo("server.default.svc.cluster.local:80");
        assertThat(outbound.field("dst.service")).isEqualTo("server.default.svc.cluster.local");
        assertThat(outbound.field("dst.workload")).isEqualTo("server");
        assertThat(outbound.field("dst.identity")).isEqualTo("spiffe://cluster.local/ns/default/sa/server");
        assertThat(outbound.field("error")).isEmpty();
        AccessLine inbound = network.line(
                "west",
                line -> line.field("dst.workload").equals("server")
                        && line.field("src.workload").equals("client")
                        && line.field("dst.hbone_addr").endsWith(":80"));
        assertThat(inbound.field("dst.hbone_addr")).isEqualTo("server.default.svc.cluster.local:80");
        assertThat(inbound.field("src.identity")).isEqualTo("spiffe://cluster.local/ns/default/sa/client");
        // The address is the relay's: who it is comes from what the caller said, as it crossed networks.
        assertThat(inbound.field("src.addr"))
                .startsWith(network.pod("relay").address().getHostAddress());
    }

    @Test
    void bulkArrivesWhole() throws IOException {
        try (SocketChannel down =
                network.pod("client").tcp(Duration.ofMinutes(1)).connect(network.service(81))) {
            assertThat(Bulk.download(down, 32L << 20, 2)).isTrue();
        }
    }

    @Test
    void whomTheFarPolicyDeniesIsResetAndReadsWhy() throws IOException {
        assertThat(network.pod("intruder").tcp(LIMIT).exchange(network.service(80), PING))
                .isInstanceOf(TcpResult.Reset.class);
        assertThat(network.line("east", line -> TwoNetworks.isCallOf("intruder", line))
                        .field("error"))
                .isEqualTo("http status: 401 Unauthorized");
    }

    @Test
    void theRunningConnectionIsListedAsDouble() throws IOException {
        try (SocketChannel open = network.pod("client").tcp(LIMIT).connect(network.service(80))) {
            open.socket().getOutputStream().write(PING);
            assertThat(open.socket().getInputStream().readNBytes(PING.length)).isEqualTo(PING);
            String dump = network.mesh().node("east").proxy().get(15000, "/config_dump");
            assertThat(dump).contains("\"protocol\": \"DOUBLEHBONE\"");
        }
    }
}
