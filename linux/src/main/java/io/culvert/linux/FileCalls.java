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
