package io.culvert.linux;

import io.culvert.linux.ffi.LibcFunction;
import io.culvert.linux.ffi.Scratch;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Calls on descriptors, namespaces and mounts. Each returns the kernel's answer: a value, or errno negated. */
final class FileCalls {
    private static final LibcFunction CLOSE = LibcFunction.ofInt("close");
    private static final LibcFunction OPEN = LibcFunction.ofInt("open");
    private static final LibcFunction FCNTL = LibcFunction.ofInt("fcntl");
    private static final LibcFunction IOCTL = LibcFunction.ofInt("ioctl");
    private static final LibcFunction STATX = LibcFunction.ofInt("statx");
    private static final LibcFunction SETNS = LibcFunction.ofInt("setns");
    private static final LibcFunction UNSHARE = LibcFunction.ofInt("unshare");
    private static final LibcFunction MOUNT = LibcFunction.ofInt("mount");
    private static final LibcFunction PIPE = LibcFunction.ofInt("pipe2");
    private static final LibcFunction SPLICE = LibcFunction.ofLong("splice");
    private static final LibcFunction UMOUNT = LibcFunction.ofInt("umount2");

    private FileCalls() {}

    static int close(int fd) {
        return (int) CLOSE.call(fd);
    }

    static int open(String path, int flags) {
        try (Arena arena = Arena.ofConfined()) {
            return (int) OPEN.call(arena.allocateFrom(path).address(), flags, 0);
        }
    }

    static int fcntl(int fd, int command, int argument) {
        return (int) FCNTL.call(fd, command, argument);
    }

    /** Leaves the reading end in the first int of {@code pair}, the writing end in the second. */
    static int pipe(MemorySegment pair) {
        final int nonBlockingCloseOnExec = 02004000;
        return (int) PIPE.call(pair.address(), nonBlockingCloseOnExec);
    }

    /** The size that the pipe then has. */
    static int setPipeSize(int fd, int bytes) {
        final int setPipeSize = 1031;
        return fcntl(fd, setPipeSize, bytes);
    }

    /** Moves pages where the kernel can, and never blocks. */
    static int splice(int from, int to, int most) {
        final int moveNonBlocking = 1 | 2;
        long moved;
        do {
            moved = SPLICE.call(from, 0, to, 0, most, moveNonBlocking);
        } while (moved == -Errno.EINTR);
        return (int) moved;
    }

    static int ioctl(int fd, long request) {
        return (int) IOCTL.call(fd, request, 0);
    }

    /** Fills {@code answer} with struct statx, whose layout is the same on every architecture. */
    static int statx(int fd, MemorySegment answer) {
        final int emptyPath = 0x1000;
        final int inodeOnly = 0x100;
        MemorySegment path =
                Scratch.current().buffer().asSlice(Scratch.BUFFER_BYTES - 8, 8).fill((byte) 0);
        return (int) STATX.call(fd, path.address(), emptyPath, inodeOnly, answer.address());
    }

    static int setns(int fd, int type) {
        return (int) SETNS.call(fd, type);
    }

    static int unshare(int flags) {
        return (int) UNSHARE.call(flags);
    }

    static int mount(String source, String target, String type, long flags, String data) {
        try (Arena arena = Arena.ofConfined()) {
            return (int) MOUNT.call(
                    arena.allocateFrom(source).address(),
                    arena.allocateFrom(target).address(),
                    arena.allocateFrom(type).address(),
                    flags,
                    arena.allocateFrom(data).address());
        }
    }

    static int unmount(String target, int flags) {
        try (Arena arena = Arena.ofConfined()) {
            return (int) UMOUNT.call(arena.allocateFrom(target).address(), flags);
        }
    }
}
