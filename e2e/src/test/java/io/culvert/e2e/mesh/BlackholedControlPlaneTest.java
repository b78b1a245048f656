package io.culvert.e2e.mesh;

import static io.culvert.linux.nftables.NfRuleBuilder.TCP;
import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.linux.nftables.NfBatch;
import io.culvert.linux.nftables.NfChain;
import io.culvert.linux.nftables.NfFamily;
import io.culvert.linux.nftables.NfHook;
import io.culvert.linux.nftables.NfRule;
import io.culvert.linux.nftables.NfTable;
import io.culvert.linux.nftables.NfTables;
import io.culvert.testkit.mesh.Mesh;
import io.culvert.testkit.mesh.MeshNode;
import io.culvert.testkit.mesh.MeshPod;
import io.culvert.testkit.process.Await;
import io.culvert.testkit.spec.MeshSpec;
import io.culvert.testkit.spec.WorkloadPort.Kind;
import io.culvert.testkit.workload.TcpResult;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.function.Predicate;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Packets to the control plane vanish, and nothing says so: the proxy's HTTP/2 pings find out (30 s, and 10 s for the
 * answer, as the original's; they cannot be set), traffic goes on, and what changed meanwhile comes when packets do.
 */
@Tag("e2e")
final class BlackholedControlPlaneTest {

    /** Several times what pings need: machines are loaded. */
    private static final Duration LIMIT = Duration.ofMinutes(3);

    private static final byte[] PING = "ping".getBytes(StandardCharsets.US_ASCII);
    private static final int ADMIN = 15000;
    private static final String NOBODY = "\"server\": \"\"";

    private static final NfTable TABLE = new NfTable(NfFamily.INET, "culvert-blackhole");
    private static final NfChain.Base INPUT =
            new NfChain.Base("input", NfChain.Type.FILTER, NfHook.INPUT, NfChain.Priority.FILTER);

    @Test
    void pingsNoticeThatNobodyIsThereAndTheProxyComesBack() throws IOException {
        Programs.assumeMeshesCanRun();
        try (Mesh mesh = Mesh.start(
                        MeshSpec.mesh("void")
                                .namespace("default", namespace -> namespace.mesh(true))
                                .node(
                                        "one",
                                        node -> node.pod("client", pod -> {})
                                                .pod("server", pod -> pod.serves(Kind.ECHO, 7)))
                                .build(),
                        Programs.options().build());
                NfTables tables = NfTables.open(mesh.fabricNetns())) {
            MeshPod client = mesh.pod("client");
            MeshPod server = mesh.pod("server");
            MeshNode node = mesh.node("one");
            awaitAdmin(node, "a connection", page -> page.contains("\"connected\"") && !page.contains(NOBODY));

            int port = mesh.controlPlane().address().getPort();
            NfRule drop =
                    NfRule.builder().protocol(TCP).destinationPort(port).drop().build();
            tables.commit(new NfBatch().addTable(TABLE).addChain(TABLE, INPUT).addRule(TABLE, INPUT.name(), drop));
            assertThat(client.tcp().exchange(server.at(7), PING)).isInstanceOf(TcpResult.Answered.class);
            awaitAdmin(node, "the loss", page -> page.contains(NOBODY));
            assertThat(client.tcp().exchange(server.at(7), PING)).isInstanceOf(TcpResult.Answered.class);
            assertThat(node.proxy().isReady()).isTrue();

            tables.commit(new NfBatch().deleteTable(TABLE));
            awaitAdmin(node, "a new connection", page -> page.contains("\"connected\"") && !page.contains(NOBODY));
            MeshPod late = mesh.addPod("one", "late", pod -> pod.serves(Kind.ECHO, 7));
            assertThat(client.tcp().exchange(late.at(7), PING)).isInstanceOf(TcpResult.Answered.class);
        }
    }

    private static void awaitAdmin(MeshNode node, String what, Predicate<String> wanted) {
        Await.untilTrue(
                what,
                LIMIT,
                () -> wanted.test(node.proxy().get(ADMIN, "/debug/xds")),
                () -> node.proxy().log().tail(5));
    }
}
