package io.culvert.proxy.hbone;

import static io.culvert.proxy.relay.LoopsForTests.await;
import static io.culvert.proxy.relay.LoopsForTests.on;
import static io.culvert.proxy.relay.LoopsForTests.run;
import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.proxy.relay.ApplicationForTests;
import io.culvert.proxy.relay.EndReason;
import io.culvert.proxy.relay.HalfEnd;
import io.culvert.proxy.relay.HalfEnd.Plain;
import io.culvert.proxy.relay.RelayEnd;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * An application's connection through pool, tunnel and server to another application: bytes, ends, resets,
 * back-pressure.
 */
@Tag("direct")
final class TunnelTest {
    private static final byte[] HELLO = "hello".getBytes(StandardCharsets.UTF_8);
    private static final byte[] WORLD = "world".getBytes(StandardCharsets.UTF_8);

    private TunnelForTests tunnel;
    private ApplicationForTests application;

    @BeforeEach
    void open() throws Exception {
        tunnel = new TunnelForTests();
        application = new ApplicationForTests();
        tunnel.application = application.address();
    }

    @AfterEach
    void close() throws Exception {
        application.close();
        tunnel.close();
    }

    /** Both ends of one connection, with a byte each way so that it certainly stands. */
    private record Pair(Socket client, Socket server) implements AutoCloseable {
        @Override
        public void close() throws IOException {
            client.close();
            server.close();
        }
    }

    private Pair pair() throws IOException {
        Socket client = tunnel.connect();
        client.getOutputStream().write(1);
        Socket server = application.accept();
        assertThat(server.getInputStream().read()).isEqualTo(1);
        server.getOutputStream().write(2);
        assertThat(client.getInputStream().read()).isEqualTo(2);
        return new Pair(client, server);
    }

    private void awaitEnds(int count) {
        await("both relays end", () -> tunnel.clientEnds.size() == count && tunnel.serverEnds.size() == count);
    }

    @Test
    void carriesBytesBothWays() throws Exception {
        try (Pair pair = pair()) {
            pair.client.getOutputStream().write(HELLO);
            assertThat(pair.server.getInputStream().readNBytes(5)).isEqualTo(HELLO);
            pair.server.getOutputStream().write(WORLD);
            assertThat(pair.client.getInputStream().readNBytes(5)).isEqualTo(WORLD);
        }
        awaitEnds(1);
        assertThat(tunnel.clientUp).hasValue(6);
        assertThat(tunnel.clientDown).hasValue(6);
        assertThat(tunnel.clientEnds.getFirst().error()).isEmpty();
    }

    @Test
    void carriesBulkOnSixteenStreamsOfOneConnectionBothWaysAtOnce() throws Exception {
        application.serveAll(ApplicationForTests::echo);
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Boolean>> results = new ArrayList<>();
            for (int i = 0; i < 16; i++) {
                long seed = i;
                results.add(threads.submit(() -> {
                    try (Socket socket = tunnel.connect()) {
                        Future<Long> received =
                                threads.submit(() -> ApplicationForTests.checksum(socket.getInputStream()));
                        long sent = ApplicationForTests.send(socket.getOutputStream(), seed, 12_345_678);
                        socket.shutdownOutput();
                        return received.get() == sent;
                    }
                }));
            }
            for (Future<Boolean> result : results) {
                assertThat(result.get()).isTrue();
            }
        }
        awaitEnds(16);
        assertThat(tunnel.clientEnds).allMatch(end -> end.equals(new RelayEnd(Plain.FINISHED, Plain.FINISHED)));
        assertThat(on(tunnel.clientLoop, tunnel.pool::openedConnections)).isEqualTo(1);
        assertThat(tunnel.clientUp).hasValue(16 * 12_345_678L);
        assertThat(tunnel.clientDown).hasValue(16 * 12_345_678L);
    }

    @Test
    void keepsTheAnswerFlowingAfterTheClientsEnd() throws Exception {
        try (Pair pair = pair()) {
            pair.client.getOutputStream().write(HELLO);
            pair.client.shutdownOutput();
            assertThat(pair.server.getInputStream().readAllBytes()).isEqualTo(HELLO);
            pair.server.getOutputStream().write(WORLD);
            pair.server.shutdownOutput();
            assertThat(pair.client.getInputStream().readAllBytes()).isEqualTo(WORLD);
        }
        awaitEnds(1);
        assertThat(tunnel.clientEnds.getFirst()).isEqualTo(new RelayEnd(Plain.FINISHED, Plain.FINISHED));
        assertThat(tunnel.serverEnds.getFirst()).isEqualTo(new RelayEnd(Plain.FINISHED, Plain.FINISHED));
    }

    @Test
    void keepsTheRequestFlowingAfterTheServersEnd() throws Exception {
        try (Pair pair = pair()) {
            pair.server.getOutputStream().write(WORLD);
            pair.server.shutdownOutput();
            assertThat(pair.client.getInputStream().readAllBytes()).isEqualTo(WORLD);
            pair.client.getOutputStream().write(HELLO);
            pair.client.shutdownOutput();
            assertThat(pair.server.getInputStream().readAllBytes()).isEqualTo(HELLO);
        }
        awaitEnds(1);
        assertThat(tunnel.clientEnds.getFirst()).isEqualTo(new RelayEnd(Plain.FINISHED, Plain.FINISHED));
    }

    @Test
    void tellsTheServerOfTheClientsReset() throws Exception {
        try (Pair pair = pair()) {
            ApplicationForTests.reset(pair.client);
            assertThat(ApplicationForTests.endsWithReset(pair.server)).isTrue();
        }
        awaitEnds(1);
        assertThat(tunnel.clientEnds.getFirst()).isEqualTo(new RelayEnd(Plain.SOCKET_RESET, Plain.SOCKET_RESET));
        var told = new HalfEnd.StreamReset(ErrorCode.CONNECT_ERROR);
        assertThat(tunnel.serverEnds.getFirst()).isEqualTo(new RelayEnd(told, told));
        assertThat(tunnel.serverEnds.getFirst().error()).isEmpty();
    }

    @Test
    void tellsTheClientOfTheServersReset() throws Exception {
        try (Pair pair = pair()) {
            ApplicationForTests.reset(pair.server);
            assertThat(ApplicationForTests.endsWithReset(pair.client)).isTrue();
        }
        awaitEnds(1);
    }

    @Test
    void tellsOfAResetBehindAHalfClose() throws Exception {
        try (Pair pair = pair()) {
            pair.client.shutdownOutput();
            assertThat(pair.server.getInputStream().read()).isEqualTo(-1);
            ApplicationForTests.reset(pair.client);
            await("the reset arrives", () -> !tunnel.serverEnds.isEmpty());
            assertThat(writesFail(pair.server)).isTrue();
        }
        awaitEnds(1);
    }

    private static boolean writesFail(Socket socket) throws IOException {
        try {
            for (int i = 0; i < 1000; i++) {
                socket.getOutputStream().write(new byte[65_536]);
            }
            return false;
        } catch (java.net.SocketException e) {
            return true;
        }
    }

    @Test
    void deliversWhatTheServerSaidBeforeItsReset() throws Exception {
        try (Pair pair = pair()) {
            pair.server.getOutputStream().write(WORLD);
            ApplicationForTests.reset(pair.server);
            assertThat(pair.client.getInputStream().readNBytes(5)).isEqualTo(WORLD);
            assertThat(ApplicationForTests.endsWithReset(pair.client)).isTrue();
        }
        awaitEnds(1);
    }

    @Test
    void endsInOrderWhenTheServerClosesInOrderWithBytesUnread() throws Exception {
        try (Pair pair = pair()) {
            pair.server.getOutputStream().write(WORLD);
            pair.client.getOutputStream().write(new byte[100_000]);
            // A FIN goes first; the kernel answers the unread bytes with a reset behind it.
            pair.server.close();
            assertThat(pair.client.getInputStream().readAllBytes()).isEqualTo(WORLD);
        }
        awaitEnds(1);
    }

    @Test
    void holdsNoMoreThanTheWindowForAReaderThatStalls() throws Exception {
        try (Pair stalled = pair()) {
            Thread sender = Thread.ofVirtual().start(() -> writeForEver(stalled.client));
            awaitStandstill();
            long held = on(tunnel.serverLoop, () -> tunnel.serverLoop.buffers().outstandingBytes());
            // A window's worth of bytes pins at most four times as much memory; the loop's own buffers come on top.
            assertThat(held).isLessThan(4L * tunnel.config.streamWindow() + 4_000_000);
            assertThat(on(tunnel.clientLoop, () -> tunnel.clientLoop.buffers().outstandingBytes()))
                    .isLessThan(4_000_000);
            try (Pair neighbour = pair()) {
                neighbour.client.getOutputStream().write(HELLO);
                assertThat(neighbour.server.getInputStream().readNBytes(5)).isEqualTo(HELLO);
            }
            // What was held is still delivered.
            assertThat(stalled.server.getInputStream().readNBytes(3_000_000)).hasSize(3_000_000);
            ApplicationForTests.reset(stalled.client);
            sender.join();
        }
        awaitEnds(2);
    }

    private static void writeForEver(Socket socket) {
        try {
            while (true) {
                socket.getOutputStream().write(new byte[65_536]);
            }
        } catch (IOException e) {
            // The test has seen enough.
        }
    }

    /** Until the client's relay has stopped taking bytes. */
    private void awaitStandstill() {
        long[] last = {-1, 0};
        await("nothing flows", () -> {
            long now = tunnel.clientUp.get();
            boolean same = now == last[0] && now > tunnel.config.streamWindow();
            last[0] = now;
            last[1] = same ? last[1] + 1 : 0;
            return last[1] > 100;
        });
    }

    @Test
    void passesARefusalOnAsAReset() throws Exception {
        tunnel.admission = request -> 401;
        try (Socket client = tunnel.connect()) {
            assertThat(ApplicationForTests.endsWithReset(client)).isTrue();
        }
        assertThat(tunnel.failures).containsExactly(new OpenFailure.Refused(401));
        tunnel.admission = request -> 200;
        try (Pair pair = pair()) {
            pair.client.getOutputStream().write(HELLO);
            assertThat(pair.server.getInputStream().readNBytes(5)).isEqualTo(HELLO);
        }
        assertThat(on(tunnel.clientLoop, tunnel.pool::openedConnections)).isEqualTo(1);
    }

    @Test
    void refusesWhatCannotBeDialledWith503() throws Exception {
        application.close();
        try (Socket client = tunnel.connect()) {
            assertThat(ApplicationForTests.endsWithReset(client)).isTrue();
        }
        assertThat(tunnel.failures).containsExactly(new OpenFailure.Refused(503));
    }

    @Test
    void endsAtOnceWhenItIsStopped() throws Exception {
        try (Pair pair = pair()) {
            run(tunnel.clientLoop, () -> tunnel.clientRelays.getFirst().stop(EndReason.POLICY_CHANGE));
            assertThat(ApplicationForTests.endsWithReset(pair.client)).isTrue();
            assertThat(ApplicationForTests.endsWithReset(pair.server)).isTrue();
        }
        awaitEnds(1);
        assertThat(tunnel.clientEnds.getFirst().stopped()).contains(EndReason.POLICY_CHANGE);
        assertThat(tunnel.serverEnds.getFirst().stopped()).isEmpty();
    }

    @Test
    void letsStreamsEndWhenTheServerDrains() throws Exception {
        try (Pair pair = pair()) {
            run(tunnel.serverLoop, () -> tunnel.serverConnections.getFirst().drain());
            await("the pool lets the connection go", () -> on(tunnel.clientLoop, tunnel.pool::pooledConnections) == 0);
            try (Pair next = pair()) {
                next.client.getOutputStream().write(HELLO);
                assertThat(next.server.getInputStream().readNBytes(5)).isEqualTo(HELLO);
            }
            assertThat(on(tunnel.clientLoop, tunnel.pool::openedConnections)).isEqualTo(2);
            pair.client.getOutputStream().write(HELLO);
            assertThat(pair.server.getInputStream().readNBytes(5)).isEqualTo(HELLO);
        }
        await("the drained connection closes", () -> tunnel.serverConnectionEnds.size() == 1);
        assertThat(tunnel.serverConnectionEnds.getFirst().cause()).isEqualTo(ConnectionEnd.Cause.CLOSED);
        awaitEnds(2);
    }

    /** Its client could not know: what it asks for behind its handshake is served. */
    @Test
    void aHandshakeThatADrainMeetsIsFinishedAndItsRequestServed() throws Exception {
        tunnel.drainsAtAccept = true;
        try (Pair pair = pair()) {
            pair.client.getOutputStream().write(HELLO);
            assertThat(pair.server.getInputStream().readNBytes(5)).isEqualTo(HELLO);
            await("the pool lets the connection go", () -> on(tunnel.clientLoop, tunnel.pool::pooledConnections) == 0);
        }
        await("the drained connection closes", () -> tunnel.serverConnectionEnds.size() == 1);
        assertThat(tunnel.serverConnectionEnds.getFirst().cause()).isEqualTo(ConnectionEnd.Cause.CLOSED);
        awaitEnds(1);
    }

    @Test
    void resetsApplicationsWhenTheTunnelIsLost() throws Exception {
        try (Pair pair = pair()) {
            run(tunnel.serverLoop, () -> tunnel.serverConnections.getFirst().close(EndReason.CERTIFICATE_REVOKED));
            assertThat(ApplicationForTests.endsWithReset(pair.client)).isTrue();
            assertThat(ApplicationForTests.endsWithReset(pair.server)).isTrue();
        }
        awaitEnds(1);
        assertThat(tunnel.clientEnds.getFirst().toUpstream()).isInstanceOf(HalfEnd.TunnelLost.class);
    }

    @Test
    void carriesHeadersOfRequestAndAnswer() throws Exception {
        Pair pair = pair();
        pair.close();
        assertThat(tunnel.requests.getFirst().isConnect()).isTrue();
        assertThat(tunnel.requests.getFirst().authority())
                .isEqualTo("127.0.0.1:" + application.address().getPort());
        awaitEnds(1);
    }
}
