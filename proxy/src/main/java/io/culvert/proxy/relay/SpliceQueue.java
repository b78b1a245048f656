package io.culvert.proxy.relay;

import io.culvert.linux.Pipe;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of one direction that are in the kernel on their way from one socket to another. Holds a pipe only while
 * there are any.
 */
final class SpliceQueue {
    /** What {@link #fillFrom} answers where bytes have to be copied. */
    static final int NOT_POSSIBLE = -2;

    private final PipePool pool;
    private @Nullable Pipe pipe;
    private int bytes;

    SpliceQueue(PipePool pool) {
        this.pool = pool;
    }

    boolean isEmpty() {
        return bytes == 0;
    }

    int bytes() {
        return bytes;
    }

    /**
     * Takes what {@code socket} has, to be called while this is empty.
     *
     * @return how many bytes; 0 if it has none now, -1 at the end of the stream, or {@link #NOT_POSSIBLE}. Any number
     *     may leave more behind, because a pipe is full when it has so many pieces: only 0 says that all was read.
     */
    int fillFrom(LoopSocket socket) throws IOException {
        if (bytes > 0) {
            throw new IllegalStateException("bytes before these are waiting");
        }
        Pipe taken = pool.take();
        if (taken == null) {
            return NOT_POSSIBLE;
        }
        int moved = 0;
        try {
            moved = socket.splice(taken, PipePool.PIPE_BYTES);
        } finally {
            if (moved > 0) {
                pipe = taken;
                bytes = moved;
            } else {
                pool.giveBack(taken, true);
            }
        }
        return moved;
    }

    /** Writes what {@code socket} takes; how many bytes. */
    int writeTo(LoopSocket socket) throws IOException {
        Pipe current = pipe;
        if (current == null) {
            return 0;
        }
        int taken = socket.spliceFrom(current, bytes);
        bytes -= taken;
        if (bytes == 0) {
            pipe = null;
            pool.giveBack(current, true);
        }
        return taken;
    }

    /** Drops everything. */
    void discard() {
        Pipe current = pipe;
        if (current != null) {
            pipe = null;
            bytes = 0;
            pool.giveBack(current, false);
        }
    }
}
