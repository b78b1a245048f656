package io.culvert.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.linux.ffi.LibcFunction;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicReference;

/** Runs something on a thread that has no capability left. */
public final class Capabilities {
    private static final LibcFunction CAPSET = LibcFunction.ofInt("capset");
    private static final int VERSION_3 = 0x20080522;

    private Capabilities() {}

    /** What the body throws, or null. */
    public static @org.jspecify.annotations.Nullable Throwable withoutAny(NetnsCall<?, ?> body) throws Exception {
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        Thread.ofPlatform()
                .start(() -> {
                    try {
                        drop();
                        var _ = body.run();
                    } catch (Throwable e) {
                        thrown.set(e);
                    }
                })
                .join();
        return thrown.get();
    }

    private static void drop() {
        try (Arena memory = Arena.ofConfined()) {
            MemorySegment header = memory.allocate(8, 4);
            header.set(JAVA_INT, 0, VERSION_3);
            MemorySegment none = memory.allocate(24, 4);
            assertThat(CAPSET.call(header.address(), none.address())).isZero();
        }
    }
}
