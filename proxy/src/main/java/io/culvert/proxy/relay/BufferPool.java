package io.culvert.proxy.relay;

import java.util.ArrayDeque;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The native buffers of one data loop, in two sizes.
 *
 * <p>A connection at rest holds none: buffers are taken for a turn, or for as long as bytes wait in them. Free ones are
 * kept up to {@link #LARGE_KEPT} and {@link #CHUNKS_KEPT}, more are given back to the operating system. How many may be
 * out at once has no bound of its own: each holder has one (a flow-control window, one unfinished write per socket).
 */
public final class BufferPool {
    /**
     * Most application bytes taken per read. With a nine-byte frame header in front they fill 32 TLS records exactly.
     */
    public static final int READ_BYTES = 32 * 16_384 - 9;

    /**
     * One turn's bytes in one piece: {@link #READ_BYTES} and their frame header, encrypted (22 bytes more per record),
     * behind a full {@link #CHUNK} of small frames and what BoringSSL itself had to say.
     */
    public static final int LARGE = READ_BYTES + 9 + 34 * 22 + (36 + 8) * 1024;

    /** Small frames on their way into one record, and bytes that wait for a slow reader. */
    public static final int CHUNK = 36 * 1024;

    private static final int LARGE_KEPT = 8;
    private static final int CHUNKS_KEPT = 64;

    private final ArrayDeque<RawBuffer> freeLarge = new ArrayDeque<>();
    private final ArrayDeque<RawBuffer> freeChunks = new ArrayDeque<>();

    /** Written by the loop alone, without a barrier; metrics read them from elsewhere. */
    private final AtomicInteger outstanding = new AtomicInteger();

    private final AtomicLong outstandingBytes = new AtomicLong();

    BufferPool() {}

    /** A buffer of {@link #LARGE} bytes with one reference. */
    public RawBuffer large() {
        return handOut(freeLarge.pollLast(), LARGE);
    }

    /** A buffer of {@link #CHUNK} bytes with one reference. */
    public RawBuffer chunk() {
        return handOut(freeChunks.pollLast(), CHUNK);
    }

    private RawBuffer handOut(@Nullable RawBuffer free, int capacity) {
        RawBuffer buffer = free == null ? new RawBuffer(this, capacity) : free;
        buffer.handOut();
        count(1, buffer.capacity());
        return buffer;
    }

    private void count(int buffers, long bytes) {
        outstanding.setOpaque(outstanding.getPlain() + buffers);
        outstandingBytes.setOpaque(outstandingBytes.getPlain() + bytes);
    }

    void takeBack(RawBuffer buffer) {
        count(-1, -buffer.capacity());
        if (buffer.capacity() == LARGE && freeLarge.size() < LARGE_KEPT) {
            freeLarge.addLast(buffer);
        } else if (buffer.capacity() == CHUNK && freeChunks.size() < CHUNKS_KEPT) {
            freeChunks.addLast(buffer);
        } else {
            buffer.free();
        }
    }

    /** Buffers handed out and not yet given back. Any thread. */
    public int outstanding() {
        return outstanding.getOpaque();
    }

    /** Their bytes. Any thread. */
    public long outstandingBytes() {
        return outstandingBytes.getOpaque();
    }

    void freeKept() {
        freeLarge.forEach(RawBuffer::free);
        freeLarge.clear();
        freeChunks.forEach(RawBuffer::free);
        freeChunks.clear();
    }
}
