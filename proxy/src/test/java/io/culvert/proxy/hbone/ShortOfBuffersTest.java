package io.culvert.proxy.hbone;

import static io.culvert.proxy.relay.LoopsForTests.await;
import static io.culvert.proxy.relay.LoopsForTests.on;
import static io.culvert.proxy.relay.LoopsForTests.run;
import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.proxy.relay.ApplicationForTests;
import io.culvert.proxy.relay.DataLoop;
import io.culvert.proxy.relay.EndReason;
import io.culvert.proxy.relay.HeldBytes;
import io.culvert.proxy.relay.LoopsForTests;
import java.io.IOException;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** More readers stall than a loop's buffers can wait for: who holds most is ended, with a reason, and nobody else. */
@Tag("direct")
final class ShortOfBuffersTest {
    private static final int STALLED = 8;
    private static final int PIECE = 256 * 1024;
    private static final int PIECES_OF_A_WINDOW = 16;

    @Test
    void endsWhoHoldsMostAndServesTheOthers() throws Exception {
        try (TunnelForTests tunnel = new TunnelForTests(HboneConfig.defaults(), HeldBytes.LEAST);
                ApplicationForTests application = new ApplicationForTests()) {
            tunnel.application = application.address();
            List<Socket> clients = new ArrayList<>();
            List<Socket> servers = new ArrayList<>();
            List<Thread> senders = new ArrayList<>();
            try {
                for (int i = 0; i < STALLED; i++) {
                    Socket client = tunnel.connect();
                    client.getOutputStream().write(1);
                    clients.add(client);
                    servers.add(application.accept());
                    senders.add(Thread.ofVirtual().start(() -> writeForEver(client)));
                }
                await("somebody is ended", () -> !tunnel.serverEnds.isEmpty());
                assertThat(tunnel.serverEnds.getFirst().stopped()).contains(EndReason.MEMORY);
                await("its caller hears of it", () -> !tunnel.clientEnds.isEmpty());
                assertThat(tunnel.clientEnds.getFirst().error())
                        .hasValueSatisfying(error -> assertThat(error).contains("code 11"));

                try (Socket neighbour = tunnel.connect()) {
                    neighbour.getOutputStream().write(new byte[] {1, 2, 3});
                    try (Socket server = application.accept()) {
                        assertThat(server.getInputStream().readNBytes(3)).containsExactly(1, 2, 3);
                        server.getOutputStream().write(4);
                        assertThat(neighbour.getInputStream().read()).isEqualTo(4);
                    }
                }
                assertThat(on(tunnel.serverLoop, () -> tunnel.serverLoop.held().ended()))
                        .isBetween(1L, STALLED - 1L);
                assertThat(on(
                                tunnel.serverLoop,
                                () -> tunnel.serverLoop.buffers().outstandingBytes()))
                        .isLessThanOrEqualTo(HeldBytes.LEAST);
            } finally {
                for (Socket client : clients) {
                    ApplicationForTests.reset(client);
                }
                for (Socket server : servers) {
                    server.close();
                }
                for (Thread sender : senders) {
                    sender.join();
                }
            }
        }
    }

    private static void writeForEver(Socket socket) {
        try {
            while (true) {
                socket.getOutputStream().write(new byte[65_536]);
            }
        } catch (IOException e) {
            // Ended by the proxy, or by the test, which has seen enough.
        }
    }

    @Test
    void endsWhoSentMostBeforeThereWasAnAnswer() {
        try (LoopsForTests loops = new LoopsForTests(1, HeldBytes.LEAST)) {
            DataLoop loop = loops.get(0);
            List<ServerForTests> servers = new ArrayList<>();
            // Two tunnels, for one alone is kept within bounds by its window.
            for (int tunnel = 0; tunnel < 2; tunnel++) {
                run(loop, () -> servers.add(withUnansweredStreams(loop, 3)));
            }
            await("who holds most is ended", () -> on(loop, () -> loop.held().ended()) > 0);
            run(loop, () -> {
                assertThat(loop.buffers().outstandingBytes()).isLessThanOrEqualTo(HeldBytes.LEAST);
                List<RawFrames.Frame> resets = new ArrayList<>();
                for (ServerForTests server : servers) {
                    server.sent().stream()
                            .filter(frame -> frame.type() == Frames.RST_STREAM)
                            .forEach(resets::add);
                    server.connection.close(EndReason.FAULT);
                }
                assertThat(resets)
                        .hasSize((int) loop.held().ended())
                        .allSatisfy(frame -> assertThat(frame.number(0)).isEqualTo(ErrorCode.ENHANCE_YOUR_CALM));
            });
            loops.awaitNothingLeft(0);
        }
    }

    private static ServerForTests withUnansweredStreams(DataLoop loop, int streams) {
        ServerForTests server = new ServerForTests(loop);
        server.acceptAtOnce = false;
        server.receive(new RawFrames().clientHello().toBytes());
        for (int i = 0; i < streams; i++) {
            int stream = 2 * i + 1;
            server.receive(new RawFrames().connect(stream, "a:1").toBytes());
            byte[] frame = new RawFrames()
                    .frame(Frames.DATA, 0, stream, new byte[PIECE])
                    .toBytes();
            for (int piece = 0; piece < PIECES_OF_A_WINDOW; piece++) {
                server.receive(frame);
            }
        }
        return server;
    }
}
