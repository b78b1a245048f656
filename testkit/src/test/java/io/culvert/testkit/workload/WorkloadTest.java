package io.culvert.testkit.workload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.culvert.linux.Netns;
import io.culvert.testkit.network.Privileges;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Servers and clients against each other, on the loopback device of the test's own namespace. */
@Tag("netns")
final class WorkloadTest {
    private static final Duration LIMIT = Duration.ofSeconds(10);
    private static final byte[] HELLO = "hello world".getBytes(StandardCharsets.UTF_8);

    private Netns netns;
    private PodSockets sockets;
    private TcpClient client;

    @BeforeEach
    void enter() throws IOException {
        Optional<String> obstacle = Privileges.obstacleToNamespaces();
        assumeTrue(obstacle.isEmpty(), () -> "workload tests were not run: " + obstacle.orElse(""));
        netns = Netns.current();
        sockets = new PodSockets(netns);
        client = new TcpClient(sockets, LIMIT);
    }

    @AfterEach
    void leave() {
        if (netns != null) {
            netns.close();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "::1"})
    void echoSendsEverythingBack(String address) throws IOException {
        try (TcpService echo = TcpService.start(sockets, anyPortOf(address), EchoServer.plain())) {
            assertThat(client.exchange(echo.address(), HELLO))
                    .isInstanceOfSatisfying(
                            TcpResult.Answered.class,
                            answer -> assertThat(answer.text()).isEqualTo("hello world"));
        }
    }

    @Test
    void doublingEchoSendsEverythingTwice() throws IOException {
        try (TcpService echo = TcpService.start(sockets, anyPortOf("127.0.0.1"), EchoServer.twice())) {
            assertThat(client.exchange(echo.address(), HELLO))
                    .isInstanceOfSatisfying(
                            TcpResult.Answered.class,
                            answer -> assertThat(answer.text()).isEqualTo("hello worldhello world"));
        }
    }

    @Test
    void answerOfKnownLengthNeedsNoHalfClose() throws IOException {
        try (TcpService echo = TcpService.start(sockets, anyPortOf("127.0.0.1"), EchoServer.plain())) {
            assertThat(client.exchangeOpen(echo.address(), HELLO, HELLO.length)).isInstanceOf(TcpResult.Answered.class);
        }
    }

    @Test
    void closedPortIsARefusal() throws IOException {
        InetSocketAddress gone;
        try (TcpService echo = TcpService.start(sockets, anyPortOf("127.0.0.1"), EchoServer.plain())) {
            gone = echo.address();
        }
        assertThat(client.exchange(gone, HELLO)).isEqualTo(new TcpResult.Refused());
    }

    @Test
    void resetIsToldFromAnOrderlyEnd() throws IOException {
        TcpService.Handler resetting = connection -> connection.setOption(StandardSocketOptions.SO_LINGER, 0);
        try (TcpService service = TcpService.start(sockets, anyPortOf("127.0.0.1"), resetting)) {
            assertThat(client.exchange(service.address(), HELLO)).isEqualTo(new TcpResult.Reset(0));
        }
        TcpService.Handler silent =
                connection -> connection.socket().getInputStream().readAllBytes();
        try (TcpService service = TcpService.start(sockets, anyPortOf("127.0.0.1"), silent)) {
            assertThat(client.exchange(service.address(), HELLO)).isEqualTo(new TcpResult.ClosedEmpty());
        }
    }

    @Test
    void silentServerIsATimeOut() throws IOException {
        try (ServerSocketChannel silent = sockets.listenerOn(anyPortOf("127.0.0.1"))) {
            TcpResult result = new TcpClient(sockets, Duration.ofMillis(50))
                    .exchange((InetSocketAddress) silent.getLocalAddress(), HELLO);
            assertThat(result).isEqualTo(new TcpResult.TimedOut(true, 0));
        }
    }

    @Test
    void httpServerTellsWhoAnsweredAndWhatItSaw() throws IOException {
        TcpService.Handler handler = HttpServer.answeringAs("web-0", "shop", "node-1");
        try (TcpService http = TcpService.start(sockets, anyPortOf("127.0.0.1"), handler)) {
            HttpResult result = new HttpClient(sockets, LIMIT).get(http.address(), "web.shop", "/cart?id=1");
            assertThat(result).isInstanceOfSatisfying(HttpResult.Reply.class, reply -> {
                assertThat(reply.status()).isEqualTo(200);
                assertThat(reply.pod()).isEqualTo("web-0");
                assertThat(reply.node()).isEqualTo("node-1");
                assertThat(reply.peer()).isEqualTo("127.0.0.1");
                assertThat(reply.body())
                        .contains("\"namespace\":\"shop\"", "\"request\":\"GET /cart?id=1 HTTP/1.1\"")
                        .contains("\"host\":\"web.shop\"");
            });
        }
    }

    @Test
    void httpServerDropsWhatIsNotHttp() throws IOException {
        TcpService.Handler handler = HttpServer.answeringAs("web-0", "shop", "node-1");
        try (TcpService http = TcpService.start(sockets, anyPortOf("127.0.0.1"), handler)) {
            byte[] noise = "no colon here\r\nnor here\r\n\r\n".getBytes(StandardCharsets.UTF_8);
            assertThat(client.exchange(http.address(), noise)).isEqualTo(new TcpResult.ClosedEmpty());
        }
    }

    @Test
    void bulkTransfersAreProvenBothWays() throws IOException {
        long bytes = (8 << 20) + 13;
        try (TcpService sink = TcpService.start(sockets, anyPortOf("127.0.0.1"), Bulk.sink());
                TcpService source = TcpService.start(sockets, anyPortOf("::1"), Bulk.source());
                SocketChannel up = client.connect(sink.address());
                SocketChannel down = client.connect(source.address())) {
            assertThat(Bulk.upload(up, bytes, 42)).isTrue();
            assertThat(Bulk.download(down, bytes, 43)).isTrue();
        }
    }

    @Test
    void changedBulkIsNoticed() throws IOException {
        TcpService.Handler zeros = connection -> {
            connection.socket().getInputStream().skipNBytes(16);
            connection.socket().getOutputStream().write(new byte[16]);
        };
        try (TcpService source = TcpService.start(sockets, anyPortOf("127.0.0.1"), zeros);
                SocketChannel down = client.connect(source.address())) {
            assertThat(Bulk.download(down, 16, 1)).isFalse();
        }
    }

    @Test
    void socketsCanBeAskedForOnVirtualThreads() throws Exception {
        try (TcpService echo = TcpService.start(sockets, anyPortOf("127.0.0.1"), EchoServer.plain())) {
            FutureTask<TcpResult> exchange = new FutureTask<>(() -> client.exchange(echo.address(), HELLO));
            var _ = Thread.ofVirtual().start(exchange);
            assertThat(exchange.get()).isInstanceOf(TcpResult.Answered.class);
        }
    }

    private static InetSocketAddress anyPortOf(String address) {
        return new InetSocketAddress(InetAddress.ofLiteral(address), 0);
    }
}
