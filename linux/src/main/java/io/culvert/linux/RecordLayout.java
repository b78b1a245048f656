package io.culvert.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.util.ArrayList;
import java.util.List;

/**
 * One struct msghdr with one iovec and room for SCM_RIGHTS (LP64):
 *
 * <pre>
 * msghdr  0 name*  8 namelen  16 iov*  24 iovlen  32 control*  40 controllen  48 flags   (56 bytes)
 * cmsghdr 0 len (u64)  8 level  12 type  16 data, padded to 8
 * </pre>
 */
final class RecordLayout {
    static final int MSG_CTRUNC = 0x08;
    static final int MSG_TRUNC = 0x20;

    private static final int SOL_SOCKET = 1;
    private static final int SCM_RIGHTS = 1;
    private static final int CMSG_HEADER_BYTES = 16;

    private final MemorySegment header;
    private final MemorySegment bytes;
    private final MemorySegment control;

    private RecordLayout(SegmentAllocator memory, long bytesMax, long controlBytes) {
        this.header = memory.allocate(56, 8);
        this.bytes = memory.allocate(Math.max(bytesMax, 1), 8);
        this.control = memory.allocate(Math.max(controlBytes, 8), 8);
        MemorySegment vector = memory.allocate(16, 8);
        vector.set(ADDRESS, 0, bytes);
        vector.set(JAVA_LONG, 8, bytesMax);
        header.set(ADDRESS, 16, vector);
        header.set(JAVA_LONG, 24, 1L);
        if (controlBytes > 0) {
            header.set(ADDRESS, 32, control);
            header.set(JAVA_LONG, 40, controlBytes);
        }
    }

    static RecordLayout toReceive(SegmentAllocator memory, int bytesMax, int fdsMax) {
        return new RecordLayout(memory, bytesMax, controlBytes(fdsMax));
    }

    static RecordLayout toSend(SegmentAllocator memory, byte[] record, int[] fds) {
        RecordLayout layout = new RecordLayout(memory, record.length, controlBytes(fds.length));
        MemorySegment.copy(record, 0, layout.bytes, JAVA_BYTE, 0, record.length);
        if (fds.length > 0) {
            layout.control.set(JAVA_LONG, 0, CMSG_HEADER_BYTES + 4L * fds.length);
            layout.control.set(JAVA_INT, 8, SOL_SOCKET);
            layout.control.set(JAVA_INT, 12, SCM_RIGHTS);
            MemorySegment.copy(fds, 0, layout.control, JAVA_INT, CMSG_HEADER_BYTES, fds.length);
        }
        return layout;
    }

    private static long controlBytes(int fds) {
        return fds == 0 ? 0 : CMSG_HEADER_BYTES + align(4L * fds);
    }

    private static long align(long length) {
        return (length + 7) & ~7L;
    }

    MemorySegment header() {
        return header;
    }

    int flags() {
        return header.get(JAVA_INT, 48);
    }

    byte[] bytes(long received) {
        return bytes.asSlice(0, received).toArray(JAVA_BYTE);
    }

    /** Every descriptor that arrived, each with an owner from here on. */
    List<Fd> takeFds() {
        List<Fd> fds = new ArrayList<>();
        long end = Math.min(header.get(JAVA_LONG, 40), control.byteSize());
        long at = 0;
        while (at + CMSG_HEADER_BYTES <= end) {
            long length = control.get(JAVA_LONG, at);
            if (length < CMSG_HEADER_BYTES || length > end - at) {
                break;
            }
            if (control.get(JAVA_INT, at + 8) == SOL_SOCKET && control.get(JAVA_INT, at + 12) == SCM_RIGHTS) {
                for (long data = at + CMSG_HEADER_BYTES; data + 4 <= at + length; data += 4) {
                    fds.add(Fd.adopt(control.get(JAVA_INT, data)));
                }
            }
            at += align(length);
        }
        return fds;
    }
}
