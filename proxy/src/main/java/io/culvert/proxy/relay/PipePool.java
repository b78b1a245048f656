package io.culvert.proxy.relay;

import io.culvert.linux.KernelException;
import io.culvert.linux.Pipe;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The pipes of one data loop, through which plain bulk is spliced.
 *
 * <p>A pipe is taken for a turn, or for as long as bytes wait in it for a slow reader; free ones are empty. Who asks
 * when none is to be had (too many out, no descriptors, a kernel or a sandbox that does not splice) copies instead:
 * slower by a half, the same otherwise.
 */
final class PipePool {
    /**
     * What a pipe holds: the most that Linux gives without privilege (fs.pipe-max-size), 256 pages or page fragments.
     * With 64 KiB splice is hardly better than copying, from 256 KiB on it is twice as fast.
     */
    static final int PIPE_BYTES = 1 << 20;

    /**
     * Most pipes with bytes in them: two descriptors each, and up to a megabyte of the kernel's memory that no socket
     * buffer's bound counts. Slow readers beyond that wait in copied buffers as before.
     */
    static final int HELD_MOST = 64;

    /** Free pipes kept: most turns give theirs back at once, so that one serves all connections. */
    private static final int KEPT = 4;

    private static final Logger LOG = LoggerFactory.getLogger(PipePool.class);

    private final Spares<Pipe> free = new Spares<>(KEPT, Pipe::close);
    private final Runnable onSpare;
    private int held;
    private boolean off;

    /**
     * Empty.
     *
     * @param onSpare called when a free pipe may have been kept: {@link #dropUnused} is due in a while
     */
    PipePool(Runnable onSpare) {
        this.onSpare = onSpare;
    }

    /** An empty pipe, to be given back; null if there is none. */
    @Nullable
    Pipe take() {
        if (off || held >= HELD_MOST) {
            return null;
        }
        Pipe pipe = free.take();
        if (pipe == null) {
            try {
                pipe = Pipe.open(PIPE_BYTES);
            } catch (KernelException e) {
                LOG.debug("plain bytes are copied", e);
                return null;
            }
        }
        held++;
        return pipe;
    }

    void giveBack(Pipe pipe, boolean empty) {
        held--;
        if (empty) {
            free.put(pipe);
            onSpare.run();
        } else {
            pipe.close();
        }
    }

    /** Closes what has not been needed since the last call. */
    void dropUnused() {
        free.dropUnused();
    }

    /** The kernel refused to splice as such: nobody tries again. */
    void turnOff(int errno) {
        if (!off) {
            off = true;
            LOG.info("plain bytes are copied, not spliced: {}", OsError.text(errno));
        }
    }

    /** Pipes taken and not given back. */
    int held() {
        return held;
    }

    /** Pipes at rest. */
    int kept() {
        return free.size();
    }

    void closeKept() {
        free.dropAll();
    }
}
