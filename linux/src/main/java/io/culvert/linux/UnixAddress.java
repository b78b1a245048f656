package io.culvert.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** struct sockaddr_un: a family and a path of at most 107 bytes. */
final class UnixAddress {
    static final int BYTES_MAX = 110;

    private static final int PATH_BYTES_MAX = 107;

    private UnixAddress() {}

    /** Writes the address and returns its length. */
    static int write(MemorySegment target, Path path) throws KernelException {
        byte[] raw = path.toString().getBytes(StandardCharsets.UTF_8);
        if (raw.length > PATH_BYTES_MAX) {
            throw new KernelException(
                    Errno.ENAMETOOLONG,
                    "use Unix socket path " + path,
                    "it has " + raw.length + " bytes, the kernel takes " + PATH_BYTES_MAX);
        }
        target.asSlice(0, BYTES_MAX).fill((byte) 0);
        target.set(JAVA_SHORT, 0, (short) SocketAddresses.AF_UNIX);
        MemorySegment.copy(raw, 0, target, JAVA_BYTE, 2, raw.length);
        return 2 + raw.length + 1;
    }
}
