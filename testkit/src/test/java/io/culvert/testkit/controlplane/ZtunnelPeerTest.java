package io.culvert.testkit.controlplane;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.culvert.linux.Netns;
import io.culvert.linux.netlink.RouteNetlink;
import io.culvert.testkit.listen.Listening;
import io.culvert.testkit.network.Privileges;
import io.culvert.testkit.process.Child;
import io.culvert.testkit.process.Program;
import io.culvert.testkit.process.Spawner;
import io.culvert.testkit.spec.AddressPlan;
import io.culvert.testkit.spec.Matches;
import io.culvert.testkit.spec.MeshSpec;
import io.culvert.testkit.spec.PolicySpec;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The real ztunnel takes our control plane for its own. Runs when CULVERT_PEER_ZTUNNEL names the binary. */
@Tag("netns")
class ZtunnelPeerTest {
    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final InetAddress LOOPBACK = InetAddress.ofLiteral("127.0.0.1");
    private static final MeshSpec MESH = MeshSpec.mesh("peer")
            .namespace("default", n -> n.mesh(true))
            .node(
                    "node-a",
                    n -> n.pod("client", p -> p.serviceAccount("client"))
                            .pod("bare", p -> p.serviceAccount("bare").mesh(false)))
            .node("node-b", n -> n.pod("echo", p -> p.serviceAccount("echo").label("app", "echo")))
            .service("echo", s -> s.selecting("app", "echo").port(80, 8080))
            .policy(PolicySpec.deny("default", "deny")
                    .rule(Matches.destinationPort(9999))
                    .build())
            .build();

    @TempDir
    Path directory;

    @Test
    void ztunnelTakesStateAndCertificatesFromUs() throws Exception {
        String binary = Objects.requireNonNullElse(System.getenv("CULVERT_PEER_ZTUNNEL"), "");
        Assumptions.assumeFalse(binary.isEmpty(), "not run: CULVERT_PEER_ZTUNNEL names no ztunnel binary");
        String obstacle = Privileges.obstacleToNamespaces().orElse("");
        Assumptions.assumeTrue(obstacle.isEmpty(), "not run: " + obstacle);
        try (Netns netns = Netns.create();
                RouteNetlink links = RouteNetlink.open(netns)) {
            links.setUp("lo");
            try (ControlPlane server = ControlPlane.builder()
                    .listening(Listening.in(netns, new InetSocketAddress(LOOPBACK, 0)))
                    .intermediate(true)
                    .start()) {
                server.serve(MESH, AddressPlan.of(MESH, 0));
                try (Child ztunnel = Spawner.start(program(server, binary), netns)) {
                    converse(server, ztunnel);
                }
            }
        }
    }

    private Program program(ControlPlane server, String binary) throws Exception {
        ProxySetup setup =
                ProxySetup.write(server, MESH, ProxyAccount.ofNode("node-a"), directory, server.address(), LOOPBACK);
        Map<String, String> environment = new TreeMap<>(setup.environment());
        environment.put("RUST_LOG", "info");
        return new Program(
                "ztunnel", List.of(binary, "proxy", "ztunnel"), environment, directory, directory.resolve("log"));
    }

    private static void converse(ControlPlane server, Child ztunnel) throws Exception {
        EventLog events = server.events();
        for (ResourceType type : ResourceType.values()) {
            events.await(ControlPlaneEvent.Acked.class, ack -> ack.type() == type, LIMIT);
        }
        ControlPlaneEvent.CertificateIssued issued =
                events.await(ControlPlaneEvent.CertificateIssued.class, event -> true, LIMIT);
        assertThat(issued.identity()).isEqualTo("spiffe://cluster.local/ns/default/sa/client");

        long before = events.position();
        server.edit(edit -> edit.remove(ResourceType.AUTHORIZATION, "default/deny"));
        events.awaitAfter(
                before, ControlPlaneEvent.Acked.class, ack -> ack.type() == ResourceType.AUTHORIZATION, LIMIT);

        server.edit(edit -> edit.putRaw(ResourceType.ADDRESS, "bad/resource", ByteString.copyFromUtf8("\7\7\7")));
        ControlPlaneEvent.Nacked nacked = events.await(ControlPlaneEvent.Nacked.class, event -> true, LIMIT);
        assertThat(nacked.message()).startsWith("bad/resource: ");

        MeshSpec grown = MESH.toBuilder()
                .pod("node-a", "late", p -> p.serviceAccount("late"))
                .build();
        server.serve(grown, AddressPlan.of(MESH, 0).evolve(grown));
        events.await(
                ControlPlaneEvent.CertificateIssued.class,
                event -> event.identity().endsWith("/sa/late"),
                LIMIT);
        assertThat(events.all(ControlPlaneEvent.CertificateRefused.class)).isEmpty();
        assertThat(ztunnel.isAlive()).isTrue();
        assertThat(ztunnel.log().lines())
                .as("no certificate was refused as such")
                .noneMatch(line -> line.contains("did not find expected SAN"));
    }
}
