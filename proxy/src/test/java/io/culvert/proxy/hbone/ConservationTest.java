package io.culvert.proxy.hbone;

import static io.culvert.proxy.relay.LoopsForTests.await;
import static io.culvert.proxy.relay.LoopsForTests.on;
import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.proxy.relay.ApplicationForTests;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Streams that die in every way with bytes in hand: credit, buffers and descriptors are what they were. A soak by hand:
 * {@code -Dculvert.soak.connections=100000}.
 */
@Tag("direct")
final class ConservationTest {
    private static final int CONNECTIONS = Integer.getInteger("culvert.soak.connections", 300);
    private static final int AT_ONCE = 20;

    @Test
    void nothingIsLostWhenStreamsDieWithBytesInHand() throws Exception {
        warmUp();
        long descriptors = descriptors();
        long seed = Long.getLong("culvert.seed", new SplittableRandom().nextInt(1_000_000_000));
        try (TunnelForTests tunnel = new TunnelForTests();
                ApplicationForTests application = new ApplicationForTests()) {
            tunnel.application = application.address();
            RandomGenerator random = new SplittableRandom(seed);
            application.serveAll(socket -> live(socket, new SplittableRandom(next(random))));
            try (ExecutorService threads = Executors.newFixedThreadPool(AT_ONCE)) {
                List<Future<?>> clients = new ArrayList<>();
                for (int i = 0; i < CONNECTIONS; i++) {
                    long mine = next(random);
                    clients.add(threads.submit(() -> liveAsClient(tunnel, new SplittableRandom(mine))));
                }
                for (Future<?> client : clients) {
                    client.get();
                }
            }
            String replay = "-Dculvert.seed=" + seed;
            await("every relay ends " + replay, () -> tunnel.clientEnds.size() == tunnel.clientRelays.size());
            await("every stream ends " + replay, () -> openStreams(tunnel) == 0);
            assertConserved(tunnel, replay);
        }
        await("descriptors are as before", () -> descriptors() <= descriptors);
    }

    private static void warmUp() throws Exception {
        try (TunnelForTests tunnel = new TunnelForTests();
                ApplicationForTests application = new ApplicationForTests()) {
            tunnel.application = application.address();
            application.serveAll(ApplicationForTests::echo);
            try (Socket socket = tunnel.connect()) {
                socket.getOutputStream().write(1);
                assertThat(socket.getInputStream().read()).isEqualTo(1);
            }
        }
    }

    private static long next(RandomGenerator random) {
        synchronized (random) {
            return random.nextLong();
        }
    }

    private static void liveAsClient(TunnelForTests tunnel, RandomGenerator random) {
        try (Socket socket = tunnel.connect()) {
            live(socket, random);
        } catch (IOException e) {
            // An end of one kind or another: that is the point.
        }
    }

    /** Sends some, reads some, and ends somehow. */
    private static void live(Socket socket, RandomGenerator random) throws IOException {
        socket.setSoTimeout(300);
        byte[] piece = new byte[1 + random.nextInt(200_000)];
        for (int i = random.nextInt(6); i > 0; i--) {
            if (random.nextBoolean()) {
                socket.getOutputStream().write(piece);
            } else if (socket.getInputStream().read(piece) < 0) {
                break;
            }
        }
        switch (random.nextInt(4)) {
            case 0 -> ApplicationForTests.reset(socket);
            case 1 -> socket.shutdownOutput();
            case 2 -> {
                socket.shutdownOutput();
                ApplicationForTests.reset(socket);
            }
            default -> socket.close();
        }
    }

    private static int openStreams(TunnelForTests tunnel) {
        int client = on(tunnel.clientLoop, () -> sum(tunnel.pool.connections()));
        int server = on(tunnel.serverLoop, () -> sum(tunnel.serverConnections));
        return client + server;
    }

    private static int sum(List<HboneConnection> connections) {
        return connections.stream().mapToInt(HboneConnection::openStreams).sum();
    }

    private static void assertConserved(TunnelForTests tunnel, String replay) {
        assertThat(on(tunnel.clientLoop, tunnel.pool::openedConnections))
                .as(replay)
                .isEqualTo(1);
        HboneConnection client = on(tunnel.clientLoop, tunnel.pool::connections).getFirst();
        HboneConnection server = tunnel.serverConnections.getFirst();
        assertThat(on(tunnel.clientLoop, () -> client.receiveWindow().held()))
                .as(replay)
                .isZero();
        assertThat(on(tunnel.serverLoop, () -> server.receiveWindow().held()))
                .as(replay)
                .isZero();
        // What one side may send and what the other still owes make up the window that was announced.
        await("credit to the server is whole " + replay, () -> credit(tunnel, server, client));
        await("credit to the client is whole " + replay, () -> credit(tunnel, client, server));
        assertThat(on(tunnel.clientLoop, tunnel.clientLoop::buffersInUse))
                .as(replay)
                .isZero();
        assertThat(on(tunnel.serverLoop, tunnel.serverLoop::buffersInUse))
                .as(replay)
                .isZero();
    }

    private static boolean credit(TunnelForTests tunnel, HboneConnection sender, HboneConnection receiver) {
        long mayBeSent = on(sender.loop(), () -> sender.streams().sendWindow());
        long owed = on(receiver.loop(), () -> (long) receiver.receiveWindow().owed());
        return mayBeSent + owed == tunnel.config.connectionWindow();
    }

    private static long descriptors() {
        try (var files = Files.list(Path.of("/proc/self/fd"))) {
            return files.count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
