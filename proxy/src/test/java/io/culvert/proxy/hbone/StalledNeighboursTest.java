package io.culvert.proxy.hbone;

import static io.culvert.proxy.relay.LoopsForTests.run;
import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.proxy.relay.BufferPool;
import io.culvert.proxy.relay.DataLoop;
import io.culvert.proxy.relay.EndReason;
import io.culvert.proxy.relay.LoopsForTests;
import io.culvert.proxy.relay.RawBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Streams whose readers have stalled fill their own windows, and leave their neighbours' room alone. */
@Tag("loop")
final class StalledNeighboursTest {
    private static final int MIB = 1 << 20;
    private static final int STREAM_WINDOW_MIB = 4;
    private static final int CONNECTION_WINDOW = 16 * MIB;
    private static final int PIECE = 256 * 1024;

    private static LoopsForTests loops;
    private static DataLoop loop;

    @BeforeAll
    static void open() {
        loops = new LoopsForTests(1);
        loop = loops.get(0);
    }

    @AfterEach
    void nothingLeft() {
        loops.awaitNothingLeft(0);
    }

    @AfterAll
    static void close() {
        loops.close();
    }

    /** A peer that keeps to the window it was given. */
    private static final class Peer implements AutoCloseable {
        final ServerForTests server = new ServerForTests(loop);
        private long may = CONNECTION_WINDOW;

        Peer() {
            server.creditAtOnce = false;
            server.receive(new RawFrames().clientHello().toBytes());
            server.sent();
        }

        /** How many MiB of so many it could send before the connection's window was closed to it. */
        int send(int stream, int mib) {
            server.receive(new RawFrames().connect(stream, "a:1").toBytes());
            byte[] frame = new RawFrames()
                    .frame(Frames.DATA, 0, stream, new byte[PIECE])
                    .toBytes();
            int sent = 0;
            for (; sent < mib * (MIB / PIECE) && may >= PIECE; sent++) {
                may -= PIECE;
                server.receive(frame);
                learn();
            }
            return sent / (MIB / PIECE);
        }

        /** The stream's reader takes so many MiB. */
        void read(int stream, int mib) {
            server.stream(stream).credit(mib * MIB);
            learn();
        }

        private void learn() {
            server.sent().stream()
                    .filter(frame -> frame.type() == Frames.WINDOW_UPDATE && frame.stream() == 0)
                    .forEach(frame -> may += frame.number(0));
        }

        long may() {
            return may;
        }

        @Override
        public void close() {
            server.connection.close(EndReason.FAULT);
        }
    }

    @Test
    void tenStalledStreamsLeaveRoomForTheEleventh() {
        run(loop, () -> {
            try (Peer peer = new Peer()) {
                for (int i = 0; i < 10; i++) {
                    assertThat(peer.send(2 * i + 1, STREAM_WINDOW_MIB)).isEqualTo(STREAM_WINDOW_MIB);
                }
                for (int i = 0; i < 20; i++) {
                    assertThat(peer.send(2 * i + 101, 1)).isEqualTo(1);
                    peer.read(2 * i + 101, 1);
                }
            }
        });
    }

    @Test
    void whatWasLentComesBackWithTheReaders() {
        run(loop, () -> {
            try (Peer peer = new Peer()) {
                for (int i = 0; i < 10; i++) {
                    assertThat(peer.send(2 * i + 1, STREAM_WINDOW_MIB)).isEqualTo(STREAM_WINDOW_MIB);
                }
                for (int i = 0; i < 10; i++) {
                    peer.read(2 * i + 1, STREAM_WINDOW_MIB);
                }
                assertThat(peer.server.connection.receiveWindow().held()).isZero();
                assertThat(peer.may() + peer.server.connection.receiveWindow().owed())
                        .isEqualTo(CONNECTION_WINDOW);
            }
        });
    }

    @Test
    void nothingIsLentWhileTheLoopHoldsMuchAlready() {
        run(loop, () -> {
            List<RawBuffer> held = new ArrayList<>();
            try (Peer peer = new Peer()) {
                for (long bytes = 0; bytes < ConnectionWindow.HELD_MAX; bytes += BufferPool.LARGE) {
                    held.add(loop.buffers().large());
                }
                int sent = 0;
                for (int i = 0; i < 10; i++) {
                    sent += peer.send(2 * i + 1, STREAM_WINDOW_MIB);
                }
                assertThat(sent).isEqualTo(CONNECTION_WINDOW / MIB);
                // A reader that reads brings its stream's room back all the same, however little it is.
                peer.read(1, 1);
                assertThat(peer.may()).isEqualTo(MIB);
            } finally {
                held.forEach(RawBuffer::release);
            }
        });
    }
}
