package io.culvert.e2e.program;

import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.e2e.mesh.Programs;
import io.culvert.linux.Netns;
import io.culvert.testkit.workload.EchoServer;
import io.culvert.testkit.workload.PodSockets;
import io.culvert.testkit.workload.TcpService;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A proxy that knows which workload it is needs port 15008 of its own namespace, and does not start without. */
@Tag("e2e")
final class OwnPortTest {

    @TempDir
    private Path directory;

    @Test
    void endsWithOneMessageWhenThePortIsTaken() throws IOException {
        Programs.assumeMeshesCanRun();
        Map<String, String> environment = Map.of(
                "POD_NAME", "ztunnel-one",
                "POD_NAMESPACE", "istio-system",
                "SERVICE_ACCOUNT", "ztunnel",
                "XDS_ADDRESS", "",
                "CA_ADDRESS", "https://127.0.0.1:1");
        try (Netns netns = ProxyAlone.namespace();
                TcpService _ = TcpService.start(
                        new PodSockets(netns),
                        new InetSocketAddress(InetAddress.ofLiteral("::"), 15_008),
                        EchoServer.plain());
                ProxyAlone proxy = ProxyAlone.start(directory, netns, environment)) {
            assertThat(proxy.awaitExit()).isEqualTo(1);
            assertThat(proxy.lines())
                    .anySatisfy(line -> assertThat(line)
                            .contains("\terror\t")
                            .contains("failed to bind to port 15008 for the proxy's own workload")
                            .contains("EADDRINUSE"));
        }
    }
}
