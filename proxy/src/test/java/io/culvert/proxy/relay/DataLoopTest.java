package io.culvert.proxy.relay;

import static io.culvert.proxy.relay.LoopsForTests.run;
import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.linux.Fd;
import io.culvert.linux.Sockets;
import java.io.IOException;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Who gets a turn when. */
@Tag("loop")
final class DataLoopTest {
    /** More turns than a loop would ever make before it saw the socket, were it not to look between them. */
    private static final int TURNS_MAX = 1_000_000;

    @Test
    void whoAlwaysHasMoreToReadDoesNotKeepTheLoopFromItsSockets() throws Exception {
        LoopsForTests loops = new LoopsForTests(1);
        DataLoop loop = loops.get(0);
        Fd listening = LoopsForTests.listen();
        var address = Sockets.localAddress(listening);
        AtomicBoolean accepted = new AtomicBoolean();
        AtomicBoolean told = new AtomicBoolean();
        run(loop, () -> {
            Listener.start(loop, List.of(loop), listening.release(), (socket, peer) -> {
                socket.attach(new Told(told));
                accepted.set(true);
            });
        });
        try (Socket client = new Socket(address.getAddress(), address.getPort())) {
            LoopsForTests.await("accepted", accepted::get);
            Greedy greedy = new Greedy(loop, client, told);
            run(loop, () -> loop.addReady(greedy));
            LoopsForTests.await("the socket's turn", () -> told.get() || greedy.turns.get() >= TURNS_MAX);

            assertThat(greedy.turns.get()).as("turns before the socket's event").isLessThanOrEqualTo(2);
        }
        loops.close();
    }

    /** Sends to the other socket in its first turn, and comes again until that was told. */
    private record Greedy(DataLoop loop, Socket other, AtomicBoolean told, AtomicInteger turns)
            implements DataLoop.Turn {
        Greedy(DataLoop loop, Socket other, AtomicBoolean told) {
            this(loop, other, told, new AtomicInteger());
        }

        @Override
        public void onTurn() {
            if (told.get() || turns.get() >= TURNS_MAX) {
                return;
            }
            if (turns.incrementAndGet() == 1) {
                try {
                    other.getOutputStream().write(1);
                } catch (IOException e) {
                    throw new AssertionError(e);
                }
            }
            loop.addReady(this);
        }

        @Override
        public void onTurnFailed(Throwable cause) {
            turns.set(TURNS_MAX);
        }
    }

    private record Told(AtomicBoolean told) implements SocketEvents {
        @Override
        public void onReadable() {
            told.set(true);
        }

        @Override
        public void onWritable() {}

        @Override
        public void onLoopClosed(Throwable cause) {}
    }
}
