package io.culvert.proxy.relay;

import static io.culvert.proxy.relay.LoopsForTests.await;
import static io.culvert.proxy.relay.LoopsForTests.on;
import static io.culvert.proxy.relay.LoopsForTests.run;
import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.linux.Fd;
import io.culvert.linux.Sockets;
import io.culvert.proxy.relay.HalfEnd.Plain;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The plain relay between real sockets. */
@Tag("direct")
final class SocketRelayTest {
    private static final byte[] HELLO = "hello".getBytes(StandardCharsets.UTF_8);

    private final List<RelayEnd> ends = Collections.synchronizedList(new ArrayList<>());
    private final List<SocketRelay> relays = Collections.synchronizedList(new ArrayList<>());
    private final AtomicLong up = new AtomicLong();
    private final AtomicLong down = new AtomicLong();
    private LoopsForTests loops;
    private DataLoop loop;
    private ApplicationForTests application;
    private InetSocketAddress entry;
    private Listener listener;

    @BeforeEach
    void open() throws Exception {
        loops = new LoopsForTests(1);
        loop = loops.get(0);
        application = new ApplicationForTests();
        Fd fd = LoopsForTests.listen();
        entry = Sockets.localAddress(fd);
        listener = on(loop, () -> Listener.start(loop, List.of(loop), fd.release(), this::dial));
    }

    private void dial(LoopSocket downstream, InetSocketAddress peer) {
        LoopSocket upstream;
        try {
            upstream = LoopSocket.adopt(loop, Sockets.tcp(false).release());
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        TcpDial.start(upstream, application.address(), 10_000, new TcpDial.DialListener() {
            @Override
            public void onConnected(LoopSocket socket) {
                relays.add(SocketRelay.start(downstream, socket, new Meter(), ends::add));
            }

            @Override
            public void onDialFailed(TcpDial.DialFailure failure) {
                downstream.reset();
            }
        });
    }

    private final class Meter implements ByteMeter {
        @Override
        public void toUpstream(int bytes) {
            up.addAndGet(bytes);
        }

        @Override
        public void toDownstream(int bytes) {
            down.addAndGet(bytes);
        }
    }

    @AfterEach
    void close() throws Exception {
        application.close();
        run(loop, listener::close);
        loops.awaitNothingLeft(0);
        loops.close();
    }

    private Socket connect() throws IOException {
        Socket socket = new Socket(entry.getAddress(), entry.getPort());
        socket.setSoTimeout(20_000);
        return socket;
    }

    @Test
    void carriesBulkBothWaysAtOnce() throws Exception {
        application.serveAll(ApplicationForTests::echo);
        try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<Boolean>> results = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                long seed = i;
                results.add(threads.submit(() -> {
                    try (Socket socket = connect()) {
                        Future<Long> received =
                                threads.submit(() -> ApplicationForTests.checksum(socket.getInputStream()));
                        long sent = ApplicationForTests.send(socket.getOutputStream(), seed, 20_000_001);
                        socket.shutdownOutput();
                        return received.get() == sent;
                    }
                }));
            }
            for (Future<Boolean> result : results) {
                assertThat(result.get()).isTrue();
            }
        }
        await("relays end", () -> ends.size() == 8);
        assertThat(ends).allMatch(end -> end.equals(new RelayEnd(Plain.FINISHED, Plain.FINISHED)));
        assertThat(up).hasValue(8 * 20_000_001L);
        assertThat(down).hasValue(8 * 20_000_001L);
    }

    @Test
    void keepsEachDirectionAfterTheEndOfTheOther() throws Exception {
        try (Socket client = connect();
                Socket server = application.accept()) {
            client.getOutputStream().write(HELLO);
            client.shutdownOutput();
            assertThat(server.getInputStream().readAllBytes()).isEqualTo(HELLO);
            server.getOutputStream().write(HELLO);
            server.shutdownOutput();
            assertThat(client.getInputStream().readAllBytes()).isEqualTo(HELLO);
        }
        await("relay ends", () -> ends.size() == 1);
        assertThat(ends.getFirst()).isEqualTo(new RelayEnd(Plain.FINISHED, Plain.FINISHED));
    }

    @Test
    void passesResetsOnEachWay() throws Exception {
        try (Socket client = connect();
                Socket server = application.accept()) {
            ApplicationForTests.reset(client);
            assertThat(ApplicationForTests.endsWithReset(server)).isTrue();
        }
        try (Socket client = connect();
                Socket server = application.accept()) {
            server.getOutputStream().write(HELLO);
            // Read before the reset: the kernel of the reader throws away what it had not read by then.
            assertThat(client.getInputStream().readNBytes(5)).isEqualTo(HELLO);
            ApplicationForTests.reset(server);
            assertThat(ApplicationForTests.endsWithReset(client)).isTrue();
        }
        await("relays end", () -> ends.size() == 2);
        assertThat(ends).allMatch(end -> end.equals(new RelayEnd(Plain.SOCKET_RESET, Plain.SOCKET_RESET)));
        assertThat(ends).allMatch(end -> end.error().isEmpty());
    }

    @Test
    void noticesTheResetOfWhoHadEndedItsDirection() throws Exception {
        try (Socket client = connect();
                Socket server = application.accept()) {
            client.shutdownOutput();
            assertThat(server.getInputStream().read()).isEqualTo(-1);
            ApplicationForTests.reset(client);
            await("relay ends", () -> ends.size() == 1);
            assertThat(writesFail(server)).isTrue();
        }
        assertThat(ends.getFirst()).isEqualTo(new RelayEnd(Plain.FINISHED, Plain.SOCKET_RESET));
    }

    private static boolean writesFail(Socket socket) throws IOException {
        try {
            for (int i = 0; i < 1000; i++) {
                socket.getOutputStream().write(new byte[65_536]);
            }
            return false;
        } catch (SocketException e) {
            return true;
        }
    }

    @Test
    void holdsOneReadForAReaderThatStalls() throws Exception {
        try (Socket client = connect();
                Socket server = application.accept()) {
            Thread sender = Thread.ofVirtual().start(() -> {
                try {
                    while (true) {
                        client.getOutputStream().write(new byte[65_536]);
                    }
                } catch (IOException e) {
                    // The test has seen enough.
                }
            });
            long[] last = {-1, 0};
            await("nothing flows", () -> {
                long now = up.get();
                last[1] = now == last[0] && now > 0 ? last[1] + 1 : 0;
                last[0] = now;
                return last[1] > 100;
            });
            assertThat(on(loop, loop::buffersInUse)).isLessThanOrEqualTo(5);
            assertThat(server.getInputStream().readNBytes(1_000_000)).hasSize(1_000_000);
            ApplicationForTests.reset(client);
            sender.join();
            assertThat(ApplicationForTests.endsWithReset(server)).isTrue();
        }
        await("relay ends", () -> ends.size() == 1);
    }

    @Test
    void endsAtOnceWhenItIsStopped() throws Exception {
        try (Socket client = connect();
                Socket server = application.accept()) {
            await("relay runs", () -> relays.size() == 1);
            run(loop, () -> relays.getFirst().stop(EndReason.POLICY_CHANGE));
            assertThat(ApplicationForTests.endsWithReset(client)).isTrue();
            assertThat(ApplicationForTests.endsWithReset(server)).isTrue();
        }
        assertThat(ends.getFirst().stopped()).contains(EndReason.POLICY_CHANGE);
    }

    @Test
    void endsWhenTheLoopEnds() throws Exception {
        Socket client = connect();
        Socket server = application.accept();
        await("relay runs", () -> relays.size() == 1);
        DataLoop other = loop;
        run(other, listener::close);
        loops.close();
        assertThat(ApplicationForTests.endsWithReset(client)).isTrue();
        assertThat(ApplicationForTests.endsWithReset(server)).isTrue();
        assertThat(ends.getFirst().stopped()).contains(EndReason.FAULT);
        client.close();
        open();
    }
}
