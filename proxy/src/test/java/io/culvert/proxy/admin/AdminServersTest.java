package io.culvert.proxy.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.culvert.proxy.config.ConfigReader;
import io.culvert.proxy.config.ProxyConfig;
import io.culvert.proxy.lifecycle.Drain;
import io.culvert.proxy.lifecycle.DrainMode;
import io.culvert.proxy.lifecycle.Readiness;
import io.culvert.proxy.routing.ProxyPorts;
import io.culvert.proxy.telemetry.log.LogFilter;
import io.culvert.proxy.telemetry.log.LogFormat;
import io.culvert.proxy.telemetry.log.LogSink;
import io.culvert.proxy.telemetry.log.LogWriter;
import io.culvert.proxy.telemetry.metrics.BuildInfo;
import io.culvert.proxy.telemetry.metrics.MetricsRegistry;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Over real sockets on loopback; heads and bodies are those that the original was recorded with. */
@Tag("direct")
@Timeout(60)
class AdminServersTest {

    private static final String DATE = "date: Sat, 21 Nov 2026 01:43:54 GMT";
    private static final int TIMEOUT_MS = 20_000;

    private final Readiness readiness = new Readiness(System::nanoTime);
    private final Drain drain = new Drain(Duration.ZERO, System::nanoTime);
    private final LogWriter writer = LogWriter.start(OutputStream.nullOutputStream(), System::nanoTime);
    private final LogSink sink = new LogSink(LogFormat.PLAIN, LogFilter.startup("info"), writer, () -> Instant.EPOCH);
    private AdminServers servers;

    @BeforeEach
    void start() throws Exception {
        servers = startOn(0);
    }

    private AdminServers startOn(int adminPort) throws Exception {
        ProxyConfig config = ConfigReader.read(Map.of(), Path.of("/"), 2, warning -> {});
        return AdminServers.start(
                new ProxyConfig.Ports(adminPort, 0, 0, false, ProxyPorts.of(false)),
                new ConfigDump(config, BuildVersion.current("unknown"), FixedSources.empty()),
                sink,
                new MetricsRegistry().add(new BuildInfo("unknown")),
                readiness,
                drain,
                () -> Instant.parse("2026-11-21T01:43:54Z"));
    }

    @AfterEach
    void stop() {
        servers.close();
        writer.close();
    }

    private int readinessPort() {
        return servers.addresses().get(0).getPort();
    }

    private int adminPort() {
        return servers.addresses().get(1).getPort();
    }

    private int statsPort() {
        return servers.addresses().get(2).getPort();
    }

    /** Sends raw text and reads until the server closes. */
    private static byte[] exchangeBytes(int port, String request) throws IOException {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), TIMEOUT_MS);
            socket.setSoTimeout(TIMEOUT_MS);
            socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
            return socket.getInputStream().readAllBytes();
        }
    }

    private static String exchange(int port, String request) throws IOException {
        return new String(exchangeBytes(port, request), StandardCharsets.UTF_8);
    }

    private static String ask(int port, String method, String path, String... headers) throws IOException {
        StringBuilder request =
                new StringBuilder(method + " " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n");
        for (String header : headers) {
            request.append(header).append("\r\n");
        }
        return exchange(port, request.append("\r\n").toString());
    }

    private static String answer(String status, String body, String... headers) {
        return "HTTP/1.1 " + status + "\r\n" + String.join("\r\n", headers) + "\r\n" + DATE
                + "\r\nconnection: close\r\n\r\n" + body;
    }

    @Test
    void tellsReadinessAndWhatIsMissing() throws Exception {
        assertThat(ask(readinessPort(), "GET", "/healthz/ready"))
                .isEqualTo(answer("200 OK", "ready\n", "content-type: text/plain", "content-length: 6"));
        var _ = readiness.gate("b");
        var _ = readiness.gate("a");
        assertThat(ask(readinessPort(), "GET", "/healthz/ready"))
                .startsWith("HTTP/1.1 500 Internal Server Error")
                .endsWith("not ready, pending: a, b\n");
        assertThat(ask(readinessPort(), "POST", "/healthz/ready")).startsWith("HTTP/1.1 405 Method Not Allowed");
        assertThat(ask(readinessPort(), "GET", "/nope")).isEqualTo(answer("404 Not Found", "", "content-length: 0"));
    }

    @Test
    void showsAndChangesTheLogLevelInBothSpellings() throws Exception {
        assertThat(ask(adminPort(), "POST", "/logging?level=debug"))
                .isEqualTo(answer(
                        "200 OK",
                        "current log level is hickory_server::server=off,debug\n",
                        "content-type: text/plain",
                        "content-length: 54"));
        assertThat(ask(adminPort(), "POST", "/logging?level=access:error,ztunnel::proxy=warn"))
                .endsWith("current log level is hickory_server::server=off,ztunnel::proxy=warn,access=error,debug\n");
        assertThat(ask(adminPort(), "POST", "/logging?level=warn&reset"))
                .endsWith("current log level is hickory_server::server=off,warn\n");
        assertThat(ask(adminPort(), "POST", "/logging?reset"))
                .endsWith("current log level is hickory_server::server=off,info\n");
        assertThat(ask(adminPort(), "POST", "/logging"))
                .endsWith("current log level is hickory_server::server=off,info\n");
    }

    @Test
    void explainsItselfWhenALevelIsWrong() throws Exception {
        assertThat(ask(adminPort(), "POST", "/logging?level=bogus"))
                .startsWith("HTTP/1.1 400 Bad Request")
                .contains("content-length: 347")
                .contains("Invalid level provided: bogus\n\nusage: POST /logging\t\t\t\t\t\t(To list current level)");
        assertThat(ask(adminPort(), "GET", "/logging"))
                .startsWith("HTTP/1.1 405 Method Not Allowed")
                .contains("content-length: 338")
                .contains("Invalid HTTP method\n \nusage: ");
        assertThat(sink.filter()).hasToString("hickory_server::server=off,info");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/debug/pprof/profile?seconds=10",
                "/debug/pprof/heap",
                "/debug/pprof/heap/profiling?activate=true"
            })
    void tellsHowToProfileWhereTheOriginalDoes(String path) throws Exception {
        assertThat(ask(adminPort(), "GET", path))
                .startsWith("HTTP/1.1 404 Not Found")
                .contains("jcmd PID JFR.start");
    }

    @Test
    void quitsOnPostOnly() throws Exception {
        assertThat(ask(adminPort(), "GET", "/quitquitquit")).startsWith("HTTP/1.1 405");
        assertThat(drain.hasBegun()).isFalse();
        assertThat(ask(adminPort(), "POST", "/quitquitquit")).endsWith("shutdown now\n");
        assertThat(drain.hasBegun()).isTrue();
    }

    @Test
    void dumpsItsConfiguration() throws Exception {
        assertThat(ask(adminPort(), "GET", "/config_dump"))
                .startsWith("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ")
                .contains("\"certificates\": []");
        assertThat(ask(adminPort(), "GET", "/"))
                .contains("text/html; charset=utf-8")
                .contains("Ztunnel Admin");
    }

    @Test
    @SuppressWarnings("StringConcatToTextBlock") // the very bytes are meant
    void servesMetricsUnderBothPathsAndTheTypeThatWasAskedFor() throws Exception {
        String body = "# HELP istio_build Istio component build info.\n# TYPE istio_build gauge\n"
                + "istio_build{component=\"ztunnel\",tag=\"unknown\"} 1\n# EOF\n";
        assertThat(ask(statsPort(), "GET", "/stats/prometheus"))
                .isEqualTo(answer(
                        "200 OK",
                        body,
                        "content-type: text/plain; charset=utf-8",
                        "vary: accept-encoding",
                        "content-length: " + body.length()));
        assertThat(ask(statsPort(), "GET", "/metrics", "Accept: application/openmetrics-text; version=1.0.0"))
                .contains("content-type: application/openmetrics-text;charset=utf-8;version=1.0.0")
                .endsWith(body);
    }

    @Test
    @SuppressWarnings("StringConcatToTextBlock") // the very bytes are meant
    void compressesForThoseWhoTakeIt() throws Exception {
        byte[] answer = exchangeBytes(
                statsPort(),
                "GET /metrics HTTP/1.1\r\nHost: x\r\nAccept-Encoding: br, gzip\r\nConnection: close\r\n\r\n");
        String text = new String(answer, StandardCharsets.ISO_8859_1);
        assertThat(text).contains("content-encoding: gzip");
        int body = text.indexOf("\r\n\r\n") + 4;
        try (InputStream plain = new GZIPInputStream(new ByteArrayInputStream(answer, body, answer.length - body))) {
            assertThat(new String(plain.readAllBytes(), StandardCharsets.UTF_8)).endsWith("# EOF\n");
        }
        assertThat(ask(statsPort(), "GET", "/metrics", "Accept-Encoding: gzip;q=0, identity"))
                .doesNotContain("content-encoding")
                .endsWith("# EOF\n");
    }

    @Test
    @SuppressWarnings("StringConcatToTextBlock") // the very bytes are meant
    void keepsTheConnectionForTheNextRequest() throws Exception {
        String twice = exchange(
                readinessPort(),
                "GET /healthz/ready HTTP/1.1\r\nHost: x\r\n\r\n"
                        + "GET /nope HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        assertThat(twice).contains("HTTP/1.1 200 OK").contains("HTTP/1.1 404 Not Found");
    }

    @Test
    void endsConnectionsThatSayTooLittleTooMuchOrNonsense() throws Exception {
        assertThat(exchange(readinessPort(), "GET /healthz"))
                .as("a head that does not end")
                .isEmpty();
        assertThat(exchange(readinessPort(), "GET /" + "x".repeat(10_000) + " HTTP/1.1\r\n\r\n"))
                .startsWith("HTTP/1.1 400");
        assertThat(exchange(readinessPort(), "\u0001\u0002\u0003\r\n\r\n")).startsWith("HTTP/1.1 400");
        assertThat(exchange(adminPort(), "POST /logging HTTP/1.1\r\nContent-Length: 9000\r\n\r\n" + "x".repeat(9000)))
                .startsWith("HTTP/1.1 413");
    }

    @Test
    void stopsListeningAtOnceWhenADrainBegins() throws Exception {
        int port = readinessPort();
        CountDownLatch finished = new CountDownLatch(1);
        servers.drain(DrainMode.GRACEFUL, finished::countDown);
        assertThat(finished.await(TIMEOUT_MS, TimeUnit.MILLISECONDS)).isTrue();
        assertThatThrownBy(() -> exchange(port, "GET / HTTP/1.1\r\n\r\n")).isInstanceOf(IOException.class);
    }

    @Test
    void namesTheAddressThatIsTaken() {
        int taken = adminPort();
        assertThatThrownBy(() -> startOn(taken))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("failed to bind to address 127.0.0.1:" + taken);
    }
}
