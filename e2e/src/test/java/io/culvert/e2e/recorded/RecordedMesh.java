package io.culvert.e2e.recorded;

import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.e2e.mesh.Programs;
import io.culvert.testkit.mesh.Mesh;
import io.culvert.testkit.mesh.MeshNode;
import io.culvert.testkit.mesh.MeshOptions;
import io.culvert.testkit.mesh.MeshPod;
import io.culvert.testkit.process.Await;
import io.culvert.testkit.spec.MeshSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Two nodes with a proxy of ours each, in the place of the original's: pods a0 and a1, b0 and b1, and one outside the
 * mesh. As in the recording the mesh comes from a file; the certificates come from a control plane, as they would in a
 * cluster.
 */
final class RecordedMesh implements AutoCloseable {
    static final int ADMIN = 15_000;
    static final int STATS = 15_020;
    static final Duration LIMIT = Duration.ofSeconds(60);

    /** Two JVMs start at once on a busy machine. */
    private static final Duration READY_LIMIT = Duration.ofSeconds(90);

    private final Mesh mesh;

    private RecordedMesh(Mesh mesh) {
        this.mesh = mesh;
    }

    /**
     * Starts it, and waits until every proxy has the certificates of its pods.
     *
     * @param directory for the file
     * @param localState what the proxies read, with the recording's addresses
     * @param outside pods that are not captured, beside the outsider
     * @param environment for both proxies, beyond what the recording's had
     */
    static RecordedMesh start(Path directory, String localState, Set<String> outside, Map<String, String> environment)
            throws IOException {
        Path file = Files.writeString(directory.resolve("mesh.yaml"), Golden.inMesh(localState));
        // The recording's service has an endpoint where nobody listens, and the original calls no other.
        MeshOptions.Builder options = MeshOptions.proxy(Programs.proxy())
                .proxyEnvironment("CULVERT_DIAL_RETRIES", "0")
                .proxyEnvironment("CULVERT_ENDPOINT_EJECTION", "0s")
                .readyLimit(READY_LIMIT)
                .proxyEnvironment("XDS_ADDRESS", "")
                .proxyEnvironment("LOCAL_XDS_PATH", file.toAbsolutePath().toString())
                // The recorded proxies did not know which pods they were themselves.
                .proxyEnvironment("POD_NAME", "")
                .proxyEnvironment("ISTIO_META_DNS_CAPTURE", "true")
                // One loop has one pool: the number of tunnels is the recording's.
                .proxyEnvironment("ZTUNNEL_WORKER_THREADS", "1");
        environment.forEach(options::proxyEnvironment);
        Mesh mesh = Mesh.start(description(pod -> !outside.contains(pod)), options.build());
        try {
            RecordedMesh recorded = new RecordedMesh(mesh);
            recorded.awaitCertificates();
            return recorded;
        } catch (IOException | RuntimeException | Error failure) {
            mesh.close();
            throw failure;
        }
    }

    private static MeshSpec description(Predicate<String> captured) {
        return MeshSpec.mesh("recorded")
                .namespace("default", namespace -> namespace.mesh(true))
                .node(
                        "node-a",
                        node -> node.pod("a0", pod -> pod.serviceAccount("a0").mesh(captured.test("a0")))
                                .pod("a1", pod -> pod.serviceAccount("a1").mesh(captured.test("a1"))))
                .node(
                        "node-b",
                        node -> node.pod("b0", pod -> pod.serviceAccount("b0").mesh(captured.test("b0")))
                                .pod("b1", pod -> pod.serviceAccount("b1").mesh(captured.test("b1")))
                                .pod("outsider", pod -> pod.mesh(false)))
                .build();
    }

    private void awaitCertificates() throws IOException {
        for (Map.Entry<String, String> one : Map.of(
                        "a0", "10.61.1.10", "a1", "10.61.1.11", "b0", "10.61.2.10", "b1", "10.61.2.11")
                .entrySet()) {
            assertThat(pod(one.getKey()).address().getHostAddress()).isEqualTo(Golden.inMesh(one.getValue()));
        }
        assertThat(pod("outsider").address().getHostAddress()).isEqualTo(Golden.OUTSIDER);
        for (MeshNode node : mesh.nodes()) {
            Await.untilTrue(
                    "certificates of " + node,
                    LIMIT,
                    () -> dump(node).split("\"state\": \"Available\"", -1).length == 3,
                    () -> node.proxy().log().tail(20));
        }
    }

    MeshNode node(String name) {
        return mesh.node(name);
    }

    MeshPod pod(String name) {
        return mesh.pod(name);
    }

    Mesh mesh() {
        return mesh;
    }

    /** As its admin endpoint gives it. */
    static String dump(MeshNode node) throws IOException {
        return node.proxy().get(ADMIN, "/config_dump");
    }

    static String metrics(MeshNode node) throws IOException {
        return node.proxy().get(STATS, "/metrics");
    }

    @Override
    public void close() {
        mesh.close();
    }
}
