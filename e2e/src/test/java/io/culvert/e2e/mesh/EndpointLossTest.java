package io.culvert.e2e.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.testkit.mesh.Mesh;
import io.culvert.testkit.mesh.MeshPod;
import io.culvert.testkit.process.Await;
import io.culvert.testkit.process.LogFile;
import io.culvert.testkit.spec.MeshSpec;
import io.culvert.testkit.workload.EchoServer;
import io.culvert.testkit.workload.TcpResult;
import io.culvert.testkit.workload.TcpService;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Endpoints that die before the control plane says so: the application's calls go to others, and where there are none
 * they are reset.
 */
@Tag("e2e")
final class EndpointLossTest {
    private static final byte[] PING = "ping".getBytes(StandardCharsets.US_ASCII);
    private static final Duration LIMIT = Duration.ofSeconds(60);
    /** That none of so many calls comes to one of two endpoints first is less likely than a bit that flips. */
    private static final int CALLS = 30;

    private static Mesh start() {
        Programs.assumeMeshesCanRun();
        MeshSpec spec = MeshSpec.mesh("loss")
                .namespace("default", namespace -> namespace.mesh(true))
                .node(
                        "one",
                        node -> node.pod("client", pod -> pod.serviceAccount("client"))
                                .pod("web-1", pod -> pod.label("app", "web"))
                                .pod("plain-1", pod -> pod.label("app", "plain").mesh(false)))
                .node(
                        "two",
                        node -> node.pod("web-2", pod -> pod.label("app", "web"))
                                .pod("plain-2", pod -> pod.label("app", "plain").mesh(false)))
                .service("web", service -> service.selecting("app", "web").port(80, 7))
                .service("plain", service -> service.selecting("app", "plain").port(80, 7))
                .build();
        // The time to wait until an endpoint that is back is called again.
        return Mesh.start(
                spec,
                Programs.options()
                        .proxyEnvironment("CULVERT_ENDPOINT_EJECTION", "1s")
                        .build());
    }

    private static Mesh startWithoutRetries() {
        Programs.assumeMeshesCanRun();
        MeshSpec spec = MeshSpec.mesh("noretry")
                .namespace("default", namespace -> namespace.mesh(true))
                .node(
                        "one",
                        node -> node.pod("client", pod -> pod.serviceAccount("client"))
                                .pod("plain-1", pod -> pod.label("app", "plain").mesh(false))
                                .pod("plain-2", pod -> pod.label("app", "plain").mesh(false)))
                .service("plain", service -> service.selecting("app", "plain").port(80, 7))
                .build();
        return Mesh.start(
                spec,
                Programs.options()
                        .proxyEnvironment("CULVERT_DIAL_RETRIES", "0")
                        .proxyEnvironment("CULVERT_ENDPOINT_EJECTION", "0s")
                        .build());
    }

    private static List<TcpResult> calls(MeshPod client, InetSocketAddress service) throws IOException {
        List<TcpResult> results = new ArrayList<>();
        for (int i = 0; i < CALLS; i++) {
            results.add(client.tcp(LIMIT).exchange(service, PING));
        }
        return results;
    }

    private static void assertAllAnswered(MeshPod client, InetSocketAddress service) throws IOException {
        assertThat(calls(client, service)).allMatch(TcpResult.Answered.class::isInstance);
    }

    private static String metrics(Mesh mesh) throws IOException {
        return mesh.node("one").proxy().get(15020, "/stats/prometheus");
    }

    private static long value(String metrics, String sample) {
        return metrics.lines()
                .filter(line -> line.startsWith(sample + " "))
                .mapToLong(line -> Long.parseLong(line.substring(sample.length() + 1)))
                .sum();
    }

    @Test
    void callsGoToThoseThatAreLeftAndAreResetWhereNobodyIs() throws IOException {
        try (Mesh mesh = start();
                TcpService _ = mesh.pod("plain-1").serve(7, EchoServer.plain())) {
            TcpService one = mesh.pod("web-1").serve(7, EchoServer.plain());
            MeshPod client = mesh.pod("client");
            InetSocketAddress web = mesh.service("web", 80);

            // Outside the mesh one of two listens: the dial to the other is refused.
            assertAllAnswered(client, mesh.service("plain", 80));
            long plainRetries = value(metrics(mesh), "culvert_dial_retries_total{result=\"served\"}");
            assertThat(plainRetries).isPositive();

            // The application behind one endpoint is gone: its proxy answers 503.
            TcpService two = mesh.pod("web-2").serve(7, EchoServer.plain());
            assertAllAnswered(client, web);
            assertThat(value(metrics(mesh), "culvert_dial_retries_total{result=\"served\"}"))
                    .isEqualTo(plainRetries);
            two.close();
            assertAllAnswered(client, web);
            long retries = value(metrics(mesh), "culvert_dial_retries_total{result=\"served\"}");
            assertThat(retries).isGreaterThan(plainRetries);
            assertThat(value(metrics(mesh), "culvert_endpoint_ejections_total")).isPositive();

            // It comes back, and is called again when its time has passed.
            LogFile log = mesh.node("two").proxy().log();
            long position = log.position();
            TcpService again = mesh.pod("web-2").serve(7, EchoServer.plain());
            Await.untilTrue(
                    "a call to the endpoint that is back",
                    LIMIT,
                    () -> {
                        assertAllAnswered(client, web);
                        return log.linesSince(position).stream()
                                .anyMatch(line -> line.contains("dst.workload=\"web-2\"") && !line.contains("error="));
                    },
                    () -> log.tail(20));

            // Its whole node loses its proxy: nobody listens on 15008.
            mesh.node("two").proxy().kill();
            assertAllAnswered(client, web);

            // Nobody is left.
            one.close();
            again.close();
            Await.untilTrue(
                    "a call that nobody answers",
                    LIMIT,
                    () -> client.tcp(LIMIT).exchange(web, PING) instanceof TcpResult.Reset,
                    () -> mesh.node("one").proxy().log().tail(10));
            assertThat(calls(client, web)).allMatch(TcpResult.Reset.class::isInstance);
            assertThat(value(metrics(mesh), "culvert_dial_retries_total{result=\"gave_up\"}"))
                    .isPositive();
        }
    }

    @Test
    void noOtherIsTriedWhereThatIsOff() throws IOException {
        try (Mesh mesh = startWithoutRetries();
                TcpService _ = mesh.pod("plain-1").serve(7, EchoServer.plain())) {
            List<TcpResult> results = calls(mesh.pod("client"), mesh.service("plain", 80));
            assertThat(results).anyMatch(TcpResult.Answered.class::isInstance);
            assertThat(results).anyMatch(TcpResult.Reset.class::isInstance);
            assertThat(results)
                    .allMatch(result -> result instanceof TcpResult.Answered || result instanceof TcpResult.Reset);
        }
    }
}
