package io.culvert.proxy.relay;

import static io.culvert.proxy.relay.LoopsForTests.await;
import static io.culvert.proxy.relay.LoopsForTests.on;
import static io.culvert.proxy.relay.LoopsForTests.run;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.culvert.linux.Fd;
import io.culvert.linux.Sockets;
import io.netty.channel.unix.Errors;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** Accepting and connecting on real sockets. */
@Tag("direct")
final class ListenerTest {
    private final LoopsForTests loops = new LoopsForTests(2);
    private final List<LoopSocket> accepted = Collections.synchronizedList(new ArrayList<>());
    private final List<InetSocketAddress> peers = Collections.synchronizedList(new ArrayList<>());

    @AfterEach
    void close() {
        for (LoopSocket socket : List.copyOf(accepted)) {
            run(socket.loop(), socket::close);
        }
        loops.awaitNothingLeft(0);
        loops.close();
    }

    private void keep(LoopSocket socket, InetSocketAddress peer) {
        socket.loop().checkOwner();
        accepted.add(socket);
        peers.add(peer);
    }

    /** A client whose handshake is done believes itself connected: closing must not reset it. */
    @Test
    void whoWaitsInTheQueueIsTakenBeforeTheSocketCloses() throws Exception {
        DataLoop loop = loops.get(0);
        Fd fd = LoopsForTests.listen();
        InetSocketAddress address = Sockets.localAddress(fd);
        Listener listener = on(loop, () -> Listener.start(loop, loops.all(), fd.release(), this::keep));
        CountDownLatch connected = new CountDownLatch(1);
        loop.post(() -> {
            awaitUninterruptibly(connected);
            listener.closeServed();
        });
        List<Socket> clients = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            clients.add(new Socket(address.getAddress(), address.getPort()));
        }
        connected.countDown();
        await("all accepted", () -> accepted.size() == 100);
        for (Socket client : clients) {
            client.close();
        }
    }

    private static void awaitUninterruptibly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void leavesWhenNothingHasComeForAWhileAndTellsSo() throws Exception {
        DataLoop loop = loops.get(0);
        Fd fd = LoopsForTests.listen();
        InetSocketAddress address = Sockets.localAddress(fd);
        Listener listener = on(loop, () -> Listener.start(loop, loops.all(), fd.release(), this::keep));
        CountDownLatch left = new CountDownLatch(1);
        run(loop, () -> listener.leave(200, 60_000, left::countDown));
        try (Socket late = new Socket(address.getAddress(), address.getPort())) {
            await("who comes late is taken", () -> accepted.size() == 1);
            assertThat(late.isConnected()).isTrue();
        }
        assertThat(left.await(30, TimeUnit.SECONDS)).isTrue();
        assertThatThrownBy(() -> new Socket(address.getAddress(), address.getPort()).close())
                .isInstanceOf(ConnectException.class);
    }

    @Test
    void leavesInTheEndThoughMoreComes() throws Exception {
        DataLoop loop = loops.get(0);
        Fd fd = LoopsForTests.listen();
        InetSocketAddress address = Sockets.localAddress(fd);
        Listener listener = on(loop, () -> Listener.start(loop, loops.all(), fd.release(), this::keep));
        CountDownLatch left = new CountDownLatch(1);
        run(loop, () -> listener.leave(100, 300, left::countDown));
        boolean refused = false;
        while (!refused) {
            try (Socket client = new Socket(address.getAddress(), address.getPort())) {
                refused = !client.isConnected();
            } catch (ConnectException e) {
                refused = true;
            }
        }
        assertThat(left.await(30, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void dealsConnectionsOutToLoopsInTurnAndNamesThePeer() throws Exception {
        DataLoop loop = loops.get(0);
        Fd fd = LoopsForTests.listen();
        InetSocketAddress address = Sockets.localAddress(fd);
        Listener listener = on(loop, () -> Listener.start(loop, loops.all(), fd.release(), this::keep));
        List<Socket> clients = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            clients.add(new Socket(address.getAddress(), address.getPort()));
        }
        await("all accepted", () -> accepted.size() == 10);
        assertThat(accepted.stream().filter(socket -> socket.loop() == loop)).hasSize(5);
        for (Socket client : clients) {
            assertThat(peers).contains((InetSocketAddress) client.getLocalSocketAddress());
            client.close();
        }
        run(loop, listener::close);
        run(loop, listener::close);
        assertThat(on(loop, listener::accepted)).isEqualTo(10);
    }

    @Test
    void pausesWhenDescriptorsAreExhaustedAndGoesOnLater() throws Exception {
        DataLoop loop = loops.get(0);
        Fd fd = LoopsForTests.listen();
        InetSocketAddress address = Sockets.localAddress(fd);
        Listener listener = on(loop, () -> Listener.start(loop, List.of(loop), fd.release(), this::keep));
        List<Fd> hoard = new ArrayList<>();
        loadWhatAPauseNeeds(loop);
        Socket client = new Socket();
        client.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        try {
            exhaust(hoard);
            client.connect(address);
            await("accepting pauses", () -> on(loop, listener::pauses) > 0);
            assertThat(accepted).isEmpty();
        } finally {
            hoard.forEach(Fd::close);
        }
        await("it goes on", () -> accepted.size() == 1);
        client.close();
        run(loop, listener::close);
    }

    /** From class files one by one, which a program in jars does not do: they are open already. */
    private static void loadWhatAPauseNeeds(DataLoop loop) {
        List<String> done = Collections.synchronizedList(new ArrayList<>());
        run(loop, () -> loop.schedule(() -> done.add(OsError.text(OsError.EMFILE)), 1));
        await("timers run", () -> done.size() == 1);
        LoggerFactory.getLogger(Listener.class)
                .warn("loads what logging needs: {}", OsError.text(new Errors.NativeIoException("accept", -24)));
    }

    /** Takes every descriptor that this process may have. */
    private static void exhaust(List<Fd> hoard) {
        try {
            while (hoard.size() < 1_100_000) {
                hoard.add(Sockets.udp(false));
            }
        } catch (IOException e) {
            assertThat(OsError.errno(e)).isEqualTo(OsError.EMFILE);
        }
    }

    @Test
    void tellsWhyADialFailed() throws Exception {
        DataLoop loop = loops.get(0);
        Fd unused = LoopsForTests.listen();
        InetSocketAddress nobody = Sockets.localAddress(unused);
        unused.close();
        List<TcpDial.DialFailure> failures = Collections.synchronizedList(new ArrayList<>());
        TcpDial.DialListener listener = listener(failures);
        run(loop, () -> TcpDial.start(fresh(loop), nobody, 10_000, listener));
        await("refused", () -> failures.size() == 1);
        assertThat(failures.getFirst()).isEqualTo(new TcpDial.Failed(111));
        assertThat(failures.getFirst().text()).isEqualTo("Connection refused (os error 111)");
    }

    @Test
    void givesADialUpAfterItsTime() throws Exception {
        DataLoop loop = loops.get(0);
        // A full backlog answers no connect.
        Fd full = Sockets.tcp(false);
        Sockets.bind(full, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        Sockets.listen(full, 1);
        InetSocketAddress address = Sockets.localAddress(full);
        List<TcpDial.DialFailure> failures = Collections.synchronizedList(new ArrayList<>());
        TcpDial.DialListener listener = listener(failures);
        for (int i = 0; i < 8; i++) {
            run(loop, () -> TcpDial.start(fresh(loop), address, 300, listener));
        }
        await("some time out", () -> failures.contains(new TcpDial.TimedOut(300)));
        assertThat(failures).allMatch(failure -> failure.equals(new TcpDial.TimedOut(300)));
        await("all end", () -> failures.size() + accepted.size() == 8);
        full.close();
        assertThat(on(loop, loop::waitingTimers)).isZero();
    }

    @Test
    void forgetsACancelledDial() throws Exception {
        DataLoop loop = loops.get(0);
        Fd fd = LoopsForTests.listen();
        InetSocketAddress address = Sockets.localAddress(fd);
        List<TcpDial.DialFailure> failures = Collections.synchronizedList(new ArrayList<>());
        TcpDial.DialListener listener = listener(failures);
        run(loop, () -> TcpDial.start(fresh(loop), address, 10_000, listener).cancel());
        assertThat(on(loop, loop::waitingTimers)).isZero();
        assertThat(failures).isEmpty();
        fd.close();
    }

    private TcpDial.DialListener listener(List<TcpDial.DialFailure> failures) {
        return new TcpDial.DialListener() {
            @Override
            public void onConnected(LoopSocket socket) {
                accepted.add(socket);
            }

            @Override
            public void onDialFailed(TcpDial.DialFailure failure) {
                failures.add(failure);
            }
        };
    }

    private static LoopSocket fresh(DataLoop loop) {
        try {
            return LoopSocket.adopt(loop, Sockets.tcp(false).release());
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }
}
