package io.culvert.proxy.hbone;

import static io.culvert.proxy.relay.LoopsForTests.await;
import static io.culvert.proxy.relay.LoopsForTests.on;
import static io.culvert.proxy.relay.LoopsForTests.run;
import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.proxy.relay.ApplicationForTests;
import io.culvert.proxy.relay.EndReason;
import io.culvert.proxy.relay.HalfEnd.Plain;
import io.culvert.proxy.relay.LoopSocket;
import io.culvert.proxy.relay.RelayEnd;
import io.culvert.xds.identity.Identity;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * A tunnel inside a tunnel: the application's bytes go through a gateway, which sees nothing of them, to a far server
 * with TLS of its own.
 */
@Tag("direct")
final class InnerTunnelTest {
    private static final Identity FAR = new Identity("cluster.local", "default", "far");

    /** Client and gateway. */
    private TunnelForTests near;
    /** The far server; its client side is not used. */
    private TunnelForTests far;

    private ApplicationForTests application;

    @BeforeEach
    void open() throws Exception {
        near = new TunnelForTests();
        far = new TunnelForTests();
        far.serverCertificate = near.ca.issue(FAR);
        application = new ApplicationForTests();
        near.application = application.address();
        near.behindGateway = Optional.of(far.serverAddress);
        near.expectedBehindGateway = List.of(FAR);
    }

    @AfterEach
    void close() throws Exception {
        application.close();
        near.close();
        far.close();
    }

    private record Pair(Socket client, Socket server) implements AutoCloseable {
        @Override
        public void close() throws IOException {
            client.close();
            server.close();
        }
    }

    private Pair pair() throws IOException {
        Socket client = near.connect();
        client.getOutputStream().write(1);
        Socket server = application.accept();
        assertThat(server.getInputStream().read()).isEqualTo(1);
        server.getOutputStream().write(2);
        assertThat(client.getInputStream().read()).isEqualTo(2);
        return new Pair(client, server);
    }

    private void awaitEnds(int count) {
        await("relays end", () -> near.clientEnds.size() == count && far.serverEnds.size() == count);
        await("the gateway's streams end", () -> near.serverEnds.size() == count);
    }

    @Test
    void carriesBulkBothWaysAtOnceThroughOneOuterConnection() throws Exception {
        application.serveAll(ApplicationForTests::echo);
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Boolean>> results = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                long seed = i;
                results.add(threads.submit(() -> {
                    try (Socket socket = near.connect()) {
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
        awaitEnds(8);
        assertThat(near.clientEnds).allMatch(end -> end.equals(new RelayEnd(Plain.FINISHED, Plain.FINISHED)));
        assertThat(on(near.clientLoop, near.pool::openedConnections)).isEqualTo(1);
        // The inner tunnels are one for each connection.
        assertThat(far.serverConnections).hasSize(8);
        assertThat(near.clientUp).hasValue(8 * 12_345_678L);
        assertThat(near.clientDown).hasValue(8 * 12_345_678L);
    }

    @Test
    void endsBothTunnelsInOrderWithTheConnection() throws Exception {
        try (Pair pair = pair()) {
            pair.client.getOutputStream().write(3);
            pair.client.shutdownOutput();
            assertThat(pair.server.getInputStream().readAllBytes()).containsExactly(3);
            pair.server.getOutputStream().write(4);
            pair.server.shutdownOutput();
            assertThat(pair.client.getInputStream().readAllBytes()).containsExactly(4);
        }
        awaitEnds(1);
        assertThat(near.clientEnds.getFirst()).isEqualTo(new RelayEnd(Plain.FINISHED, Plain.FINISHED));
        assertThat(near.serverEnds.getFirst()).isEqualTo(new RelayEnd(Plain.FINISHED, Plain.FINISHED));
        await("the far connection ends", () -> far.serverConnectionEnds.size() == 1);
        assertThat(on(near.clientLoop, near.pool::pooledConnections)).isEqualTo(1);
    }

    @Test
    void tellsAResetAsAResetWhicheverSideItComesFrom() throws Exception {
        try (Pair pair = pair()) {
            ApplicationForTests.reset(pair.client);
            assertThat(ApplicationForTests.endsWithReset(pair.server)).isTrue();
        }
        try (Pair pair = pair()) {
            ApplicationForTests.reset(pair.server);
            assertThat(ApplicationForTests.endsWithReset(pair.client)).isTrue();
        }
        awaitEnds(2);
    }

    @Test
    void namesTheFarEndAndNotTheGateway() throws Exception {
        try (Pair _ = pair()) {
            assertThat(near.clientStreams
                            .getFirst()
                            .connection()
                            .security()
                            .peer()
                            .identity())
                    .contains(FAR);
            assertThat(near.responses.getFirst().header("baggage")).isPresent();
        }
        awaitEnds(1);
        assertThat(far.requests.getFirst().authority())
                .isEqualTo("127.0.0.1:" + application.address().getPort());
    }

    @Test
    void acceptsNobodyBehindTheGatewayWhereNobodyIsExpected() throws Exception {
        near.expectedBehindGateway = List.of();
        try (Socket client = near.connect()) {
            assertThat(ApplicationForTests.endsWithReset(client)).isTrue();
        }
        assertThat(near.failures)
                .singleElement()
                .isInstanceOfSatisfying(
                        OpenFailure.TlsFailed.class,
                        failed -> assertThat(failed.text())
                                .contains("did not present the expected SAN ([]), got [" + FAR));
    }

    @Test
    void theGatewaysIdentityIsNotGoodEnoughBehindIt() throws Exception {
        near.expectedBehindGateway = List.of(TunnelForTests.SERVER);
        try (Socket client = near.connect()) {
            assertThat(ApplicationForTests.endsWithReset(client)).isTrue();
        }
        assertThat(near.failures).singleElement().isInstanceOf(OpenFailure.TlsFailed.class);
    }

    @Test
    void tellsWhatTheFarEndAnswersAndWhatTheGatewayDoes() throws Exception {
        far.admission = request -> 401;
        try (Socket client = near.connect()) {
            assertThat(ApplicationForTests.endsWithReset(client)).isTrue();
        }
        far.admission = request -> 200;
        near.admission = request -> 404;
        try (Socket client = near.connect()) {
            assertThat(ApplicationForTests.endsWithReset(client)).isTrue();
        }
        assertThat(near.failures).containsExactly(new OpenFailure.Refused(401), new OpenFailure.Refused(404));
    }

    @Test
    void aGatewayThatGoesInMidConnectionIsAReset() throws Exception {
        try (Pair pair = pair()) {
            run(near.serverLoop, () -> near.serverSockets.forEach(LoopSocket::reset));
            assertThat(ApplicationForTests.endsWithReset(pair.client)).isTrue();
        }
        await("the relay ends", () -> near.clientEnds.size() == 1);
    }

    @Test
    void aFarEndThatSpeaksNoTlsIsAFailure() throws Exception {
        near.behindGateway = Optional.of(application.address());
        application.serveAll(socket -> {
            socket.getOutputStream().write("220 hello\r\n".getBytes(StandardCharsets.US_ASCII));
            socket.getInputStream().transferTo(OutputStream.nullOutputStream());
        });
        try (Socket client = near.connect()) {
            assertThat(ApplicationForTests.endsWithReset(client)).isTrue();
        }
        assertThat(near.failures).singleElement().isInstanceOf(OpenFailure.TlsFailed.class);
    }

    @Test
    void aFarEndThatEndsInMidHandshakeIsAFailure() throws Exception {
        near.behindGateway = Optional.of(application.address());
        application.serveAll(
                socket -> assertThat(socket.getInputStream().read()).isGreaterThan(0));
        try (Socket client = near.connect()) {
            assertThat(ApplicationForTests.endsWithReset(client)).isTrue();
        }
        await("the failure is told", () -> near.failures.size() == 1);
    }

    @Test
    void aStalledReaderStopsItsOwnSenderOnly() throws Exception {
        try (Pair stalled = pair();
                Pair other = pair()) {
            Thread filler = Thread.ofVirtual().start(() -> {
                try {
                    ApplicationForTests.send(stalled.client.getOutputStream(), 1, 64L << 20);
                } catch (IOException e) {
                    // The end of the test cuts it.
                }
            });
            await("the sender is stopped", () -> near.clientUp.get() > 4 << 20);
            for (int i = 0; i < 20; i++) {
                other.client.getOutputStream().write(5);
                assertThat(other.server.getInputStream().read()).isEqualTo(5);
            }
            assertThat(near.clientUp.get()).isLessThan(40L << 20);
            stalled.client.close();
            filler.join();
        }
        awaitEnds(2);
    }

    @Test
    void leavesNothingBehindWhenItIsStoppedWhileItIsMade() throws Exception {
        near.behindGateway = Optional.of(application.address());
        try (Socket _ = near.connect()) {
            Socket silent = application.accept();
            assertThat(silent.getInputStream().read()).isGreaterThan(0);
            await("the crossing begins", () -> near.crossings.size() == 1);
            run(near.clientLoop, () -> near.crossings.getFirst().cancel());
            await("the gateway's stream ends", () -> near.serverEnds.size() == 1);
            run(near.clientLoop, () -> near.clientSockets.getFirst().reset());
            run(near.clientLoop, () -> near.pool.close(EndReason.DRAIN));
        }
        assertThat(near.failures).isEmpty();
    }
}
