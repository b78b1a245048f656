package io.culvert.proxy.socks5;

import static io.culvert.proxy.relay.LoopsForTests.await;
import static io.culvert.proxy.relay.LoopsForTests.on;
import static io.culvert.proxy.relay.LoopsForTests.run;
import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.linux.Fd;
import io.culvert.linux.Sockets;
import io.culvert.proxy.pod.PodLoop;
import io.culvert.proxy.relay.ApplicationForTests;
import io.culvert.proxy.relay.DataLoop;
import io.culvert.proxy.relay.EndReason;
import io.culvert.proxy.relay.Listener;
import io.culvert.proxy.relay.LoopsForTests;
import io.culvert.proxy.telemetry.metrics.MetricsRegistry;
import io.culvert.xds.mesh.IpAddress;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Conversations on real sockets, and the road that they lead to. */
@Tag("direct")
@Timeout(120)
final class SocksConnectionTest {
    private static final byte[] PING = "ping".getBytes(StandardCharsets.US_ASCII);
    private static final String SUCCESS = "05000001000000000000";
    private static final int TALKING_MAX = 4;

    private final LoopsForTests loops = new LoopsForTests(1);
    private final DataLoop loop = loops.get(0);
    private final PodForTests pod = new PodForTests(loop);
    private final SocksMetrics metrics = new SocksMetrics();
    private final List<Socket> clients = new ArrayList<>();
    private ApplicationForTests server;
    private Listener listener;
    private InetSocketAddress address;

    @BeforeEach
    void listen() throws Exception {
        server = new ApplicationForTests();
        server.serveAll(ApplicationForTests::echo);
        open(SocksNames.NONE, SocksConnection.TALK_MS);
    }

    private void open(SocksNames names, long talkMs) throws Exception {
        if (listener != null) {
            run(loop, listener::close);
        }
        Fd fd = LoopsForTests.listen();
        address = Sockets.localAddress(fd);
        SocksDoor door = new SocksDoor(pod.share(), names, metrics, TALKING_MAX, talkMs);
        listener = on(
                loop,
                () -> Listener.start(
                        loop, loops.all(), fd.release(), (socket, peer) -> SocksConnection.accept(door, socket, peer)));
    }

    @AfterEach
    void close() throws Exception {
        for (Socket client : clients) {
            client.close();
        }
        run(loop, listener::close);
        await("no conversation left", () -> on(loop, () -> pod.share().memberCount()) == 0);
        loops.awaitNothingLeft(0);
        pod.close();
        loops.close();
        server.close();
    }

    private Socket connect() throws IOException {
        Socket client = new Socket(address.getAddress(), address.getPort());
        client.setSoTimeout(60_000);
        client.setTcpNoDelay(true);
        clients.add(client);
        return client;
    }

    private static void say(Socket client, String hex) throws IOException {
        client.getOutputStream().write(HexFormat.of().parseHex(hex.replace(" ", "")));
    }

    private static String hear(Socket client, int bytes) throws IOException {
        return HexFormat.of().formatHex(client.getInputStream().readNBytes(bytes));
    }

    private static String hearToTheEnd(Socket client) throws IOException {
        return HexFormat.of().formatHex(client.getInputStream().readAllBytes());
    }

    private String request(InetSocketAddress to) {
        return "05010001" + HexFormat.of().formatHex(to.getAddress().getAddress())
                + String.format("%04x", to.getPort());
    }

    private static void echo(Socket client) throws IOException {
        client.getOutputStream().write(PING);
        assertThat(client.getInputStream().readNBytes(PING.length)).isEqualTo(PING);
    }

    @Test
    void leadsToTheAddressThatTheApplicationNames() throws Exception {
        Socket client = connect();
        say(client, "050100");
        assertThat(hear(client, 2)).isEqualTo("0500");
        say(client, request(server.address()));
        assertThat(hear(client, 10)).isEqualTo(SUCCESS);
        echo(client);
        client.shutdownOutput();
        assertThat(client.getInputStream().read()).isNegative();

        await("a line in the access log", () -> pod.logged().contains("connection complete"));
        assertThat(pod.logged())
                .contains("src.addr=" + client.getLocalAddress().getHostAddress() + ":" + client.getLocalPort())
                .contains("dst.addr=127.0.0.1:" + server.address().getPort())
                .contains("bytes_sent=4 bytes_recv=4");
    }

    @Test
    void takesOneByteAtATimeAsWellAsAllAtOnceWithTheApplicationsOwnBehind() throws Exception {
        Socket slow = connect();
        for (byte each : HexFormat.of().parseHex("050100" + request(server.address()))) {
            slow.getOutputStream().write(each);
        }
        assertThat(hear(slow, 12)).isEqualTo("0500" + SUCCESS);
        echo(slow);

        Socket hasty = connect();
        say(hasty, "050100" + request(server.address()) + HexFormat.of().formatHex(PING));
        assertThat(hear(hasty, 12)).isEqualTo("0500" + SUCCESS);
        assertThat(hasty.getInputStream().readNBytes(PING.length)).isEqualTo(PING);
    }

    /** Success was told before: a reset is all that is left to tell. */
    @Test
    void aDestinationThatRefusesIsAReset() throws Exception {
        // Not a listener that was closed: one that is just being waited at takes a connection yet.
        try (Socket nobody = new Socket()) {
            nobody.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            Socket client = connect();
            say(client, "050100" + request((InetSocketAddress) nobody.getLocalSocketAddress()));
            assertThat(hear(client, 2)).isEqualTo("0500");
            assertThat(ApplicationForTests.endsWithReset(client)).isTrue();
        }
        await("a line in the access log", () -> pod.logged().contains("error="));
    }

    @ParameterizedTest
    @CsvSource({
        "'040100', ''",
        "'474554202f20485454502f312e310d0a0d0a', ''",
        "'0500', ''",
        "'05020102', ''",
        "'050100 050200', '0500'",
        "'050100 05010009', '0500'",
        "'050100 05010003 04 74657374 0050', '0500'",
    })
    void tellsWhatIsNotSupportedAndEndsInOrder(String said, String before) throws Exception {
        Socket client = connect();
        say(client, said);
        assertThat(hearToTheEnd(client)).isEqualTo(before + "05070001000000000000");
        assertThat(metrics.count("protocol")).isEqualTo(1);
    }

    @Test
    void whoEndsInTheMiddleIsToldSo() throws Exception {
        Socket client = connect();
        say(client, "050100 0501");
        client.shutdownOutput();
        assertThat(hearToTheEnd(client)).isEqualTo("0500" + "05010001000000000000");
        assertThat(metrics.count("io")).isEqualTo(1);
    }

    @Test
    void findsNamesAndTellsWhichHaveNoAddress() throws Exception {
        open(
                (share, name, v4, answer) -> share.loop().post(() -> {
                    if (v4 && name.equals("here.test")) {
                        answer.found(IpAddress.parse("127.0.0.1"));
                    } else {
                        answer.notFound("dns response had no valid IP addresses");
                    }
                }),
                SocksConnection.TALK_MS);
        String port = String.format("%04x", server.address().getPort());
        Socket found = connect();
        say(
                found,
                "050100 05010003 09" + HexFormat.of().formatHex("here.test".getBytes(StandardCharsets.UTF_8)) + port);
        assertThat(hear(found, 12)).isEqualTo("0500" + SUCCESS);
        echo(found);

        Socket lost = connect();
        say(lost, "050100 05010003 04 74657374" + port);
        assertThat(hearToTheEnd(lost)).isEqualTo("0500" + "05040001000000000000");
        assertThat(metrics.count("name")).isEqualTo(1);
    }

    /** Also one that waits for a name: whoever resolves it may take longer than we do. */
    @Test
    void whoTakesTooLongIsReset() throws Exception {
        open((share, name, v4, answer) -> {}, 1);
        Socket silent = connect();
        assertThat(ApplicationForTests.endsWithReset(silent)).isTrue();

        open((share, name, v4, answer) -> {}, 1_000);
        Socket waiting = connect();
        say(waiting, "050100 05010003 04 74657374 0050");
        assertThat(hear(waiting, 2)).isEqualTo("0500");
        assertThat(ApplicationForTests.endsWithReset(waiting)).isTrue();
        assertThat(metrics.count("timeout")).isEqualTo(2);
    }

    @Test
    void conversationsAreBoundedAndThosePastTheBoundAreReset() throws Exception {
        for (int i = 0; i < TALKING_MAX; i++) {
            Socket half = connect();
            say(half, "050100");
            assertThat(hear(half, 2)).isEqualTo("0500");
        }
        for (int i = 0; i < 3; i++) {
            assertThat(ApplicationForTests.endsWithReset(connect())).isTrue();
        }
        assertThat(metrics.count("busy")).isEqualTo(3);

        for (Socket half : clients) {
            half.close();
        }
        await("all have left", () -> on(loop, () -> pod.share().memberCount()) == 0);
        Socket next = connect();
        say(next, "050100" + request(server.address()));
        assertThat(hear(next, 12)).isEqualTo("0500" + SUCCESS);
        echo(next);
    }

    /** Whatever else it sends is read and thrown away for a second, and 64 KiB, at most. */
    @Test
    void whoGoesOnAfterARefusalIsCutOff() throws Exception {
        Socket garbage = connect();
        boolean cut = false;
        try {
            byte[] noise = new byte[64 * 1024];
            for (int i = 0; i < 1024 && !cut; i++) {
                garbage.getOutputStream().write(noise);
            }
        } catch (IOException e) {
            cut = true;
        }
        assertThat(cut).isTrue();
        await("it has left", () -> on(loop, () -> pod.share().memberCount()) == 0);
    }

    @Test
    void aPodThatGoesEndsItsConversations() throws Exception {
        Socket half = connect();
        say(half, "050100");
        assertThat(hear(half, 2)).isEqualTo("0500");
        PodLoop share = pod.share();
        run(loop, () -> share.stop(EndReason.POD_REMOVED, () -> {}));
        assertThat(ApplicationForTests.endsWithReset(half)).isTrue();
        assertThat(on(loop, share::memberCount)).isZero();
    }

    @Test
    void isCountedAmongTheOpenSocketsOnce() throws Exception {
        Socket half = connect();
        say(half, "050100");
        assertThat(hear(half, 2)).isEqualTo("0500");
        assertThat(openSockets()).isEqualTo(1);
        say(half, request(server.address()));
        assertThat(hear(half, 10)).isEqualTo(SUCCESS);
        echo(half);
        await("the conversation has made room for the connection", () -> openSockets() == 1);
        half.shutdownOutput();
        assertThat(half.getInputStream().read()).isNegative();
        await("none is left", () -> openSockets() == 0);
    }

    private long openSockets() {
        String text = new String(new MetricsRegistry().add(pod.traffic).scrape(), StandardCharsets.UTF_8);
        return text.lines()
                .filter(line -> line.startsWith("istio_tcp_sockets_open{reporter=\"source\"}"))
                .mapToLong(line -> Long.parseLong(line.substring(line.lastIndexOf(' ') + 1)))
                .sum();
    }

    @Test
    void countsByReason() {
        metrics.refused("busy");
        String text = new String(new MetricsRegistry().add(metrics).scrape(), StandardCharsets.UTF_8);
        assertThat(text)
                .contains("culvert_socks5_refused_total{reason=\"busy\"} 1")
                .contains("culvert_socks5_refused_total{reason=\"protocol\"} 0");
    }
}
