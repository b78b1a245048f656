package io.culvert.e2e.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.testkit.controlplane.ProxyAccount;
import io.culvert.testkit.mesh.AccessLine;
import io.culvert.testkit.mesh.Mesh;
import io.culvert.testkit.mesh.MeshOptions;
import io.culvert.testkit.process.Await;
import io.culvert.testkit.spec.AddressPlan;
import io.culvert.testkit.spec.MeshSpec;
import io.culvert.testkit.workload.HttpResult;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A proxy is a workload of the mesh too: its metrics are scraped over HBONE, by those whom its policies let in. */
@Tag("e2e")
final class OwnWorkloadTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final int STATS = 15_020;

    @TempDir
    private static Path directory;

    private static Mesh mesh;
    private static InetAddress proxy;

    @BeforeAll
    static void start() throws IOException {
        Programs.assumeMeshesCanRun();
        MeshSpec spec = MeshSpec.mesh("own")
                .namespace("default", namespace -> namespace.mesh(true))
                .node(
                        "one",
                        node -> node.pod("scraper", pod -> pod.serviceAccount("scraper"))
                                .pod("intruder", pod -> pod.serviceAccount("intruder")))
                .node("two", node -> {})
                .build();
        AddressPlan plan = AddressPlan.of(spec, 0);
        proxy = plan.proxy("two").v4();
        Path state = Files.writeString(directory.resolve("state.yaml"), localState(spec, plan));
        // From a file, because the testkit's control plane tells of proxies as workloads without HBONE.
        mesh = Mesh.start(
                spec,
                MeshOptions.proxy(Programs.proxy())
                        .readyLimit(Duration.ofSeconds(90))
                        .proxyEnvironment("XDS_ADDRESS", "")
                        .proxyEnvironment("LOCAL_XDS_PATH", state.toString())
                        .build());
    }

    private static String localState(MeshSpec spec, AddressPlan plan) {
        StringBuilder yaml = new StringBuilder("workloads:\n");
        for (String pod : new String[] {"scraper", "intruder"}) {
            InetAddress address =
                    plan.pod("one", spec.pod("default", pod).orElseThrow()).getFirst();
            yaml.append(workload(pod, "default", pod, "one", address));
        }
        ProxyAccount account = ProxyAccount.ofNode("two");
        yaml.append(workload(account.pod(), account.namespace(), account.serviceAccount(), "two", proxy));
        return yaml.append("  authorizationPolicies: [istio-system/no-intruders]\n")
                .append("""
                policies:
                - name: no-intruders
                  namespace: istio-system
                  scope: WorkloadSelector
                  action: Deny
                  dryRun: false
                  rules: [[[{principals: [!Exact cluster.local/ns/default/sa/intruder]}]]]
                """)
                .toString();
    }

    private static String workload(String name, String namespace, String account, String node, InetAddress address) {
        return """
                - uid: Kubernetes//Pod/%s/%s
                  name: %s
                  namespace: %s
                  serviceAccount: %s
                  trustDomain: cluster.local
                  protocol: HBONE
                  node: %s
                  workloadIps: [%s]
                  services: {}
                """.formatted(namespace, name, name, namespace, account, node, address.getHostAddress());
    }

    @AfterAll
    static void stop() {
        if (mesh != null) {
            mesh.close();
        }
    }

    @Test
    void metricsAreScrapedOverHbone() throws IOException {
        long position = mesh.node("two").proxy().log().position();
        assertThat(scrape("scraper"))
                .isInstanceOfSatisfying(
                        HttpResult.Reply.class,
                        reply -> assertThat(reply.body()).contains("istio_build{"));
        AccessLine line = line(position, "scraper");
        assertThat(line.level()).isEqualTo("info");
        assertThat(line.field("src.identity")).isEqualTo("spiffe://cluster.local/ns/default/sa/scraper");
        assertThat(line.field("dst.workload"))
                .isEqualTo(ProxyAccount.ofNode("two").pod());
        assertThat(line.field("dst.hbone_addr")).isEqualTo(proxy.getHostAddress() + ":" + STATS);
    }

    @Test
    void policiesHoldForTheProxyItself() throws IOException {
        long position = mesh.node("two").proxy().log().position();
        assertThat(scrape("intruder")).isNotInstanceOf(HttpResult.Reply.class);
        assertThat(line(position, "intruder").field("error"))
                .endsWith("explicitly denied by: istio-system/no-intruders");
    }

    private static HttpResult scrape(String pod) throws IOException {
        return mesh.pod(pod).http().get(new InetSocketAddress(proxy, STATS), "ztunnel", "/metrics");
    }

    private static AccessLine line(long position, String source) {
        return Await.until(
                "a line of " + source,
                LIMIT,
                () -> mesh.node("two").accessLog(position).stream()
                        .filter(line ->
                                line.isInbound() && line.field("src.workload").equals(source))
                        .findFirst(),
                () -> mesh.node("two").proxy().log().tail(10));
    }
}
