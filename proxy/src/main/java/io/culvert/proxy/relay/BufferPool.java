package io.culvert.proxy.relay;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The native buffers of one data loop, in two sizes.
 *
 * <p>A connection at rest holds none: buffers are taken for a turn, or for as long as bytes wait in them. Free ones are
 * kept up to {@link #LARGE_KEPT} and {@link #CHUNKS_KEPT}, as long as they are used now and then; others are given back
 * to the operating system. How many may be out at once is not decided here: each holder has a bound (a flow-control
 * window, one unfinished write per socket), and {@link HeldBytes} has one for all.
 */
public final class BufferPool {
    /**
     * Most application bytes taken per read. With a nine-byte frame header in front they fill 32 TLS records exactly.
     */
    public static final int READ_BYTES = 32 * 16_384 - 9;

    /**
     * One turn's bytes in one piece: {@link #READ_BYTES} and their frame header, encrypted (at most 29 bytes more per
     * record), behind a full {@link #CHUNK} of small frames and what BoringSSL itself had to say.
     */
    public static final int LARGE = READ_BYTES + 9 + 34 * 29 + (36 + 8) * 1024;

    /** Small frames on their way into one record, and bytes that wait for a slow reader. */
    public static final int CHUNK = 36 * 1024;

    private static final int LARGE_KEPT = 8;
    private static final int CHUNKS_KEPT = 64;

    private final Spares<RawBuffer> freeLarge = new Spares<>(LARGE_KEPT, RawBuffer::free);
    private final Spares<RawBuffer> freeChunks = new Spares<>(CHUNKS_KEPT, RawBuffer::free);
    private final Runnable onSpare;
    private final LongConsumer onHandOut;

    /** Written by the loop alone, without a barrier; metrics read them from elsewhere. */
    private final AtomicInteger outstanding = new AtomicInteger();

    private final AtomicLong outstandingBytes = new AtomicLong();

    /**
     * Empty.
     *
     * @param onSpare called when a free buffer may have been kept: {@link #dropUnused} is due in a while
     * @param onHandOut hears how many bytes are out whenever it became more
     */
    BufferPool(Runnable onSpare, LongConsumer onHandOut) {
        this.onSpare = onSpare;
        this.onHandOut = onHandOut;
    }

    /** A buffer of {@link #LARGE} bytes with one reference. */
    public RawBuffer large() {
        return handOut(freeLarge.take(), LARGE);
    }

    /** A buffer of {@link #CHUNK} bytes with one reference. */
    public RawBuffer chunk() {
        return handOut(freeChunks.take(), CHUNK);
    }

    private RawBuffer handOut(@Nullable RawBuffer free, int capacity) {
        RawBuffer buffer = free == null ? new RawBuffer(this, capacity) : free;
        buffer.handOut();
        count(1, buffer.capacity());
        onHandOut.accept(outstandingBytes.getPlain());
        return buffer;
    }

    private void count(int buffers, long bytes) {
        outstanding.setOpaque(outstanding.getPlain() + buffers);
        outstandingBytes.setOpaque(outstandingBytes.getPlain() + bytes);
    }

    void takeBack(RawBuffer buffer) {
        count(-1, -buffer.capacity());
        (buffer.capacity() == LARGE ? freeLarge : freeChunks).put(buffer);
        onSpare.run();
    }

    /** Frees what has not been needed since the last call. */
    void dropUnused() {
        freeLarge.dropUnused();
        freeChunks.dropUnused();
    }

    /** Free buffers kept. */
    int kept() {
        return freeLarge.size() + freeChunks.size();
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
        freeLarge.dropAll();
        freeChunks.dropAll();
    }
}
