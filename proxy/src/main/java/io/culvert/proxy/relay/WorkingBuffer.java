package io.culvert.proxy.relay;

import org.jspecify.annotations.Nullable;

/** A buffer that one loop's connections use in turn, made when first needed. */
public final class WorkingBuffer {
    private final BufferPool pool;
    private @Nullable RawBuffer buffer;

    WorkingBuffer(BufferPool pool) {
        this.pool = pool;
    }

    /** The buffer; its content is the caller's until the end of the turn. */
    public RawBuffer get() {
        RawBuffer current = buffer;
        if (current == null) {
            current = pool.large();
            buffer = current;
        }
        return current;
    }

    /**
     * To be called at the end of a turn whose bytes somebody may have retained: leaves them the buffer, takes another.
     */
    public void refresh() {
        RawBuffer current = buffer;
        if (current != null && current.references() > 1) {
            current.release();
            buffer = null;
        }
    }

    boolean isTaken() {
        return buffer != null;
    }

    void drop() {
        if (buffer != null) {
            buffer.release();
            buffer = null;
        }
    }
}
