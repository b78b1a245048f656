package io.culvert.linux.ffi;

import java.lang.foreign.Arena;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;

/**
 * One thread's native memory for small arguments, and for errno. What lies in {@link #buffer()} is valid only until the
 * same thread makes its next call into this module.
 */
public final class Scratch {
    /** Room for the largest fixed-size argument (statx 256, sockaddr_un 110, option values). */
    public static final int BUFFER_BYTES = 512;

    private static final StructLayout STATE = Linker.Option.captureStateLayout();
    private static final long ERRNO_OFFSET = STATE.byteOffset(PathElement.groupElement("errno"));
    private static final ThreadLocal<Scratch> CURRENT = ThreadLocal.withInitial(Scratch::new);

    private final MemorySegment state;
    private final MemorySegment buffer;

    private Scratch() {
        // Freed by the collector once the thread is gone.
        Arena arena = Arena.ofAuto();
        this.state = arena.allocate(STATE);
        this.buffer = arena.allocate(BUFFER_BYTES, 8);
    }

    /** The calling thread's scratch. */
    public static Scratch current() {
        return CURRENT.get();
    }

    /** Where a call leaves errno. */
    MemorySegment state() {
        return state;
    }

    /** {@value #BUFFER_BYTES} bytes, not cleared, aligned to 8. */
    public MemorySegment buffer() {
        return buffer;
    }

    /** The answer in the kernel's own form: the value itself, or errno negated if it was below zero. */
    long result(long returned) {
        return returned >= 0 ? returned : -state.get(ValueLayout.JAVA_INT, ERRNO_OFFSET);
    }
}
