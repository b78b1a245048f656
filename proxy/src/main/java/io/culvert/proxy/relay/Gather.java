package io.culvert.proxy.relay;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Pieces of one buffer on their way to one socket: DATA frames of a stream that arrived together leave by one writev.
 *
 * <p>One per loop. It is flushed when another socket's bytes follow, when it is full, and before the buffer is used
 * again.
 */
@SuppressWarnings("ReferenceEquality") // which socket and which buffer, not what they are like
final class Gather {
    /** As many entries as one writev takes on Linux are 1,024; half of them already hold 512 TLS records. */
    private static final int ENTRIES = 512;

    private final BufferPool pool;
    private final int[] from = new int[ENTRIES];
    private final int[] bytes = new int[ENTRIES];
    private @Nullable RawBuffer vectors;
    private @Nullable RawBuffer source;
    private @Nullable GatherTarget target;
    private int entries;
    private int total;

    /** Whose bytes are gathered. */
    interface GatherTarget {
        /** To write {@code gathered} now. */
        void onFlush(Gather gathered);
    }

    Gather(BufferPool pool) {
        this.pool = pool;
    }

    int total() {
        return total;
    }

    void add(GatherTarget newTarget, RawBuffer newSource, int at, int count) {
        if (target != newTarget || source != newSource || entries == ENTRIES) {
            flush();
            target = newTarget;
            source = newSource;
        }
        total += count;
        int last = entries - 1;
        if (last >= 0 && from[last] + bytes[last] == at) {
            bytes[last] += count;
        } else {
            from[entries] = at;
            bytes[entries] = count;
            entries++;
        }
    }

    void flush() {
        GatherTarget current = target;
        if (current != null) {
            target = null;
            current.onFlush(this);
            clear();
        }
    }

    /** Drops what was gathered for {@code ended}; how many bytes those were. */
    int discard(GatherTarget ended) {
        if (target != ended) {
            return 0;
        }
        int dropped = total;
        clear();
        return dropped;
    }

    private void clear() {
        target = null;
        source = null;
        entries = 0;
        total = 0;
    }

    /** Writes once; how many bytes the socket took. */
    int writeTo(LoopSocket socket) throws IOException {
        RawBuffer buffer = source();
        if (entries == 1) {
            return socket.write(buffer, from[0], bytes[0]);
        }
        RawBuffer array = vectors;
        if (array == null) {
            array = pool.chunk();
            vectors = array;
        }
        for (int i = 0; i < entries; i++) {
            array.putIoVec(i, buffer, from[i], bytes[i]);
        }
        return (int) socket.writeIoVecs(array, entries, total);
    }

    /** Appends all but the first {@code written} bytes to {@code queue}. */
    void appendRest(int written, SliceQueue queue) {
        int skip = written;
        RawBuffer buffer = source();
        for (int i = 0; i < entries; i++) {
            int skipHere = Math.min(skip, bytes[i]);
            skip -= skipHere;
            if (skipHere < bytes[i]) {
                queue.append(buffer, from[i] + skipHere, bytes[i] - skipHere);
            }
        }
    }

    int vectorBuffers() {
        return vectors == null ? 0 : 1;
    }

    void end() {
        if (vectors != null) {
            vectors.release();
            vectors = null;
        }
    }

    private RawBuffer source() {
        RawBuffer buffer = source;
        if (buffer == null) {
            throw new IllegalStateException("nothing gathered");
        }
        return buffer;
    }
}
