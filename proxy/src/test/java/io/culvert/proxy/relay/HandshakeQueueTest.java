package io.culvert.proxy.relay;

import static io.culvert.proxy.relay.LoopsForTests.run;
import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.linux.Fd;
import io.culvert.linux.Sockets;
import java.io.IOException;
import java.net.Socket;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Turns and shares by a clock of the test's own, and that a loop looks at its sockets between two steps. */
@Tag("loop")
final class HandshakeQueueTest {
    private static final long STEP_NANOS = TimeUnit.MICROSECONDS.toNanos(400);

    private final ArrayDeque<Runnable> iteration = new ArrayDeque<>();
    private final List<String> said = new ArrayList<>();
    private long nanos;
    private final HandshakeQueue queue = new HandshakeQueue(() -> nanos, iteration::add, iteration::add);

    /** Works for so many steps, coming again after each. */
    private final class Client implements HandshakeQueue.Handshake {
        private final String name;
        private int steps;

        Client(String name, int steps) {
            this.name = name;
            this.steps = steps;
        }

        @Override
        public boolean onHandshakeTurn() {
            if (steps == 0) {
                return false;
            }
            said.add(name);
            nanos += STEP_NANOS;
            if (--steps > 0) {
                queue.add(this);
            }
            return true;
        }

        @Override
        public void onTurnFailed(Throwable cause) {
            said.add(name + " failed");
        }
    }

    /** An iteration whose events took so long; what the queue did in it. */
    private List<String> iterate(long trafficNanos) {
        nanos += trafficNanos;
        said.clear();
        for (int tasks = iteration.size(); tasks > 0; tasks--) {
            iteration.remove().run();
        }
        return List.copyOf(said);
    }

    @Test
    void anIdleLoopMakesOneStepThenLooksAtItsSockets() {
        queue.add(new Client("a", 2));
        queue.add(new Client("b", 1));
        queue.add(new Client("c", 1));

        assertThat(iterate(0)).containsExactly("a");
        assertThat(iterate(0)).containsExactly("b");
        assertThat(queue.waiting()).isEqualTo(2);
        assertThat(iterate(0)).containsExactly("c");
        assertThat(iterate(0)).as("who came again stands behind the others").containsExactly("a");
        assertThat(iterate(0)).isEmpty();
        assertThat(iteration).as("nothing waits, nothing runs").isEmpty();
        assertThat(queue.steps()).isEqualTo(4);
        assertThat(queue.waitedNanos()).isEqualTo(STEP_NANOS * (1 + 2 + 2));
    }

    @Test
    void handshakesGetHalfOfABusyLoopButNeverMoreThanTheirBoundAtOnce() {
        for (int i = 0; i < 100; i++) {
            queue.add(new Client("x", 1));
        }

        assertThat(iterate(0)).hasSize(1);
        assertThat(iterate(STEP_NANOS * 3)).hasSize(3);
        assertThat(iterate(TimeUnit.SECONDS.toNanos(1)))
                .hasSize((int) (TimeUnit.MICROSECONDS.toNanos(HandshakeQueue.SHARE_MAX_MICROS) / STEP_NANOS));
    }

    @Test
    void aTurnWithNothingToDoLetsTheNextOneHaveIt() {
        queue.add(new Client("gone", 0));
        queue.add(new Client("gone", 0));
        queue.add(new Client("here", 1));

        assertThat(iterate(0)).containsExactly("here");
        assertThat(queue.steps()).isEqualTo(1);
    }

    @Test
    void aDefectInOneStepIsThatHandshakesAlone() {
        queue.add(new HandshakeQueue.Handshake() {
            @Override
            public boolean onHandshakeTurn() {
                throw new IllegalStateException("a defect, by the test");
            }

            @Override
            public void onTurnFailed(Throwable cause) {
                said.add("failed by " + cause.getMessage());
            }
        });
        queue.add(new Client("next", 1));

        assertThat(iterate(0)).containsExactly("failed by a defect, by the test");
        assertThat(iterate(0)).containsExactly("next");
    }

    @Test
    void refusesWhomItCouldNotServeInTime() {
        for (int i = 0; i < HandshakeQueue.WAITING_MAX; i++) {
            assertThat(queue.add(new Client("x", 0))).isTrue();
        }

        assertThat(queue.add(new Client("late", 1))).isFalse();
        assertThat(queue.refused()).isEqualTo(1);
        assertThat(iterate(0)).isEmpty();
        assertThat(queue.add(new Client("later", 1))).isTrue();
        assertThat(iterate(0)).containsExactly("later");
    }

    @Test
    void aRealLoopServesItsSocketsBetweenTwoSteps() throws Exception {
        List<String> order = new CopyOnWriteArrayList<>();
        LoopsForTests loops = new LoopsForTests(1);
        DataLoop loop = loops.get(0);
        Fd listening = LoopsForTests.listen();
        var address = Sockets.localAddress(listening);
        run(loop, () -> {
            Listener.start(loop, List.of(loop), listening.release(), (accepted, peer) -> {
                accepted.attach(new ReadsOne(accepted, order));
                order.add("accepted");
            });
        });
        try (Socket client = new Socket(address.getAddress(), address.getPort())) {
            LoopsForTests.await("accepted", () -> order.contains("accepted"));
            run(loop, () -> {
                loop.handshakes()
                        .add(new Step(
                                "first", order, () -> client.getOutputStream().write(1)));
                loop.handshakes().add(new Step("second", order, () -> {}));
            });
            LoopsForTests.await("both steps", () -> order.contains("second"));
        }
        loops.close();

        assertThat(order).startsWith("accepted", "first", "read", "second");
    }

    private interface Deed {
        void run() throws IOException;
    }

    private record Step(String name, List<String> order, Deed deed) implements HandshakeQueue.Handshake {
        @Override
        public boolean onHandshakeTurn() {
            order.add(name);
            try {
                deed.run();
            } catch (IOException e) {
                throw new AssertionError(e);
            }
            return true;
        }

        @Override
        public void onTurnFailed(Throwable cause) {
            order.add("failed: " + cause);
        }
    }

    /** Says "read" when there are bytes. */
    private record ReadsOne(LoopSocket socket, List<String> order) implements SocketEvents {
        @Override
        public void onReadable() {
            RawBuffer buffer = socket.loop().cipherIn().get();
            try {
                if (socket.read(buffer, 0, 64) > 0) {
                    order.add("read");
                }
            } catch (IOException e) {
                order.add("failed: " + e);
            }
        }

        @Override
        public void onWritable() {}

        @Override
        public void onLoopClosed(Throwable cause) {}
    }
}
