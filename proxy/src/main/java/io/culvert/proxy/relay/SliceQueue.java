package io.culvert.proxy.relay;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Bytes that wait for a socket to take them, in order.
 *
 * <p>A large piece stays in the buffer that it arrived in, which is retained; a small one is copied into chunks, so
 * that few bytes never pin a large buffer: memory held is at most {@value #PINNED_PER_BYTE} times the bytes that wait,
 * and a chunk.
 */
public final class SliceQueue {
    /** A piece of at least 1/4 of its buffer's capacity is retained where it is. */
    private static final int PINNED_PER_BYTE = 4;

    private static final int FIRST_SLOTS = 4;
    /** An empty queue keeps an array of at most so many slots. */
    private static final int SLOTS_KEPT = 16;

    private static final @Nullable RawBuffer[] NO_BUFFERS = new RawBuffer[0];
    private static final int[] NO_INDEXES = new int[0];

    private final BufferPool pool;
    private @Nullable RawBuffer[] buffers = NO_BUFFERS;
    private int[] from = NO_INDEXES;
    private int[] to = NO_INDEXES;
    private int head;
    private int size;
    private int bytes;
    /** The last slice is a chunk that nobody else sees: more can be copied behind it. */
    private boolean tailIsOwn;

    public SliceQueue(BufferPool pool) {
        this.pool = pool;
    }

    public boolean isEmpty() {
        return size == 0;
    }

    public int bytes() {
        return bytes;
    }

    /** Appends {@code count} bytes: retained or copied, whichever holds less memory. */
    public void append(RawBuffer source, int at, int count) {
        if (count >= source.capacity() / PINNED_PER_BYTE) {
            source.retain();
            push(source, at, at + count, false);
            return;
        }
        int left = count;
        while (left > 0) {
            left -= copyToTail(source, at + count - left, left);
        }
    }

    private int copyToTail(RawBuffer source, int at, int count) {
        if (size > 0 && tailIsOwn) {
            int tail = slot(size - 1);
            RawBuffer chunk = buffer(tail);
            int fit = Math.min(count, chunk.capacity() - to[tail]);
            if (fit > 0) {
                source.copyTo(at, chunk, to[tail], fit);
                to[tail] += fit;
                bytes += fit;
                return fit;
            }
        }
        RawBuffer chunk = pool.chunk();
        int fit = Math.min(count, chunk.capacity());
        source.copyTo(at, chunk, 0, fit);
        push(chunk, 0, fit, true);
        return fit;
    }

    private void push(RawBuffer buffer, int start, int end, boolean own) {
        if (size == buffers.length) {
            grow();
        }
        int slot = slot(size++);
        buffers[slot] = buffer;
        from[slot] = start;
        to[slot] = end;
        bytes += end - start;
        tailIsOwn = own;
    }

    private void grow() {
        int slots = Math.max(FIRST_SLOTS, buffers.length * 2);
        RawBuffer[] newBuffers = new RawBuffer[slots];
        int[] newFrom = new int[slots];
        int[] newTo = new int[slots];
        for (int i = 0; i < size; i++) {
            newBuffers[i] = buffer(slot(i));
            newFrom[i] = from[slot(i)];
            newTo[i] = to[slot(i)];
        }
        buffers = newBuffers;
        from = newFrom;
        to = newTo;
        head = 0;
    }

    /** Writes until the socket would block or nothing waits; how many bytes were taken. */
    public int writeTo(LoopSocket socket) throws IOException {
        int written = 0;
        while (size > 0) {
            int slot = slot(0);
            int count = to[slot] - from[slot];
            int taken = socket.write(buffer(slot), from[slot], count);
            written += taken;
            bytes -= taken;
            from[slot] += taken;
            if (taken < count) {
                break;
            }
            pop();
        }
        return written;
    }

    /** Hands every slice to {@code reader}, which takes them whole, and empties the queue. */
    public void drainTo(SliceReader reader) {
        while (size > 0) {
            int slot = slot(0);
            RawBuffer buffer = buffer(slot);
            int count = to[slot] - from[slot];
            buffer.retain();
            bytes -= count;
            int at = from[slot];
            pop();
            reader.onSlice(buffer, at, count);
            buffer.release();
        }
    }

    /** Moves at most {@code most} bytes to {@code target}, a buffer that is not in the queue; how many. */
    public int copyTo(RawBuffer target, int at, int most) {
        int copied = 0;
        while (size > 0 && copied < most) {
            int slot = slot(0);
            int count = Math.min(to[slot] - from[slot], most - copied);
            buffer(slot).copyTo(from[slot], target, at + copied, count);
            copied += count;
            bytes -= count;
            from[slot] += count;
            if (from[slot] == to[slot]) {
                pop();
            }
        }
        return copied;
    }

    /** Drops everything; how many bytes waited. */
    public int discard() {
        int dropped = bytes;
        while (size > 0) {
            pop();
        }
        bytes = 0;
        return dropped;
    }

    private void pop() {
        buffer(head).release();
        buffers[head] = null;
        head = slot(1);
        if (--size == 0) {
            head = 0;
            tailIsOwn = false;
            if (buffers.length > SLOTS_KEPT) {
                buffers = NO_BUFFERS;
                from = NO_INDEXES;
                to = NO_INDEXES;
            }
        }
    }

    private int slot(int index) {
        int slot = head + index;
        return slot < buffers.length ? slot : slot - buffers.length;
    }

    private RawBuffer buffer(int slot) {
        RawBuffer buffer = buffers[slot];
        if (buffer == null) {
            throw new IllegalStateException("empty slot");
        }
        return buffer;
    }

    /** Takes one slice; the buffer is valid during the call. */
    public interface SliceReader {
        void onSlice(RawBuffer buffer, int at, int bytes);
    }
}
