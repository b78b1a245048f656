package io.culvert.proxy;

import io.culvert.proxy.config.OwnSettings;
import io.culvert.proxy.relay.HeldBytes;
import io.netty.util.internal.PlatformDependent;
import java.util.Optional;

/**
 * What the buffers of all data loops may have together: as set, else half as much as the heap, which the launcher
 * chooses by the memory of the node or the container.
 */
final class BufferMemory {
    private static final int MIB_SHIFT = 20;

    private BufferMemory() {}

    /**
     * In bytes.
     *
     * @param mib what is set
     * @throws IllegalArgumentException if that is too little for so many loops, or more than the JVM may have
     */
    static long bytes(Optional<Long> mib, int loops) {
        return bytes(mib, loops, Runtime.getRuntime().maxMemory(), PlatformDependent.maxDirectMemory());
    }

    static long bytes(Optional<Long> mib, int loops, long heapMost, long directMost) {
        long least = loops * HeldBytes.LEAST;
        if (mib.isEmpty()) {
            return Math.max(least, heapMost / 2);
        }
        long bytes = mib.get() << MIB_SHIFT;
        if (bytes < least) {
            throw invalid(mib.get(), loops + " data loops need " + (least >> MIB_SHIFT) + " at least");
        }
        if (bytes > directMost) {
            throw invalid(
                    mib.get(),
                    "the JVM may have " + (directMost >> MIB_SHIFT)
                            + " outside of its heap: set -XX:MaxDirectMemorySize in CULVERT_PROXY_JAVA_OPTS, too");
        }
        return bytes;
    }

    private static IllegalArgumentException invalid(long mib, String why) {
        return new IllegalArgumentException("invalid env var " + OwnSettings.BUFFER_MIB + "=" + mib + " (" + why + ")");
    }
}
