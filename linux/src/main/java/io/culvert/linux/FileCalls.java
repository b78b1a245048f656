package io.culvert.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.culvert.linux.ffi.Native;
import io.culvert.linux.ffi.Scratch;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** Calls on descriptors, namespaces and mounts. Each returns the kernel's answer: a value, or errno negated. */
final class FileCalls {
    private static final MethodHandle CLOSE = Native.function("close", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
    private static final MethodHandle OPEN =
            Native.variadic("open", 2, FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT));
    private static final MethodHandle FCNTL =
            Native.variadic("fcntl", 2, FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT));
    private static final MethodHandle IOCTL =
            Native.variadic("ioctl", 2, FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG));
    private static final MethodHandle STATX =
            Native.function("statx", FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT, ADDRESS));
    private static final MethodHandle SETNS =
            Native.function("setns", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));
    private static final MethodHandle UNSHARE = Native.function("unshare", FunctionDescriptor.of(JAVA_INT, JAVA_INT));
    private static final MethodHandle MOUNT =
            Native.function("mount", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, ADDRESS, JAVA_LONG, ADDRESS));
    private static final MethodHandle UMOUNT =
            Native.function("umount2", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT));

    private FileCalls() {}

    static int close(int fd) {
        Scratch scratch = Scratch.current();
        try {
            return scratch.result((int) CLOSE.invokeExact(scratch.state(), fd));
        } catch (Throwable e) {
            throw Native.unexpected(e);
        }
    }

    static int open(String path, int flags) {
        Scratch scratch = Scratch.current();
        try (Arena arena = Arena.ofConfined()) {
            return scratch.result((int) OPEN.invokeExact(scratch.state(), arena.allocateFrom(path), flags, 0));
        } catch (Throwable e) {
            throw Native.unexpected(e);
        }
    }

    static int fcntl(int fd, int command, int argument) {
        Scratch scratch = Scratch.current();
        try {
            return scratch.result((int) FCNTL.invokeExact(scratch.state(), fd, command, argument));
        } catch (Throwable e) {
            throw Native.unexpected(e);
        }
    }

    static int ioctl(int fd, long request) {
        Scratch scratch = Scratch.current();
        try {
            return scratch.result((int) IOCTL.invokeExact(scratch.state(), fd, request, 0L));
        } catch (Throwable e) {
            throw Native.unexpected(e);
        }
    }

    /** Fills {@code answer} with struct statx, whose layout is the same on every architecture. */
    static int statx(int fd, MemorySegment answer) {
        final int emptyPath = 0x1000;
        final int inodeOnly = 0x100;
        Scratch scratch = Scratch.current();
        MemorySegment path =
                scratch.buffer().asSlice(Scratch.BUFFER_BYTES - 8, 8).fill((byte) 0);
        try {
            return scratch.result((int) STATX.invokeExact(scratch.state(), fd, path, emptyPath, inodeOnly, answer));
        } catch (Throwable e) {
            throw Native.unexpected(e);
        }
    }

    static int setns(int fd, int type) {
        Scratch scratch = Scratch.current();
        try {
            return scratch.result((int) SETNS.invokeExact(scratch.state(), fd, type));
        } catch (Throwable e) {
            throw Native.unexpected(e);
        }
    }

    static int unshare(int flags) {
        Scratch scratch = Scratch.current();
        try {
            return scratch.result((int) UNSHARE.invokeExact(scratch.state(), flags));
        } catch (Throwable e) {
            throw Native.unexpected(e);
        }
    }

    static int mount(String source, String target, String type, long flags, String data) {
        Scratch scratch = Scratch.current();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment from = arena.allocateFrom(source);
            MemorySegment to = arena.allocateFrom(target);
            MemorySegment kind = arena.allocateFrom(type);
            MemorySegment options = arena.allocateFrom(data);
            return scratch.result((int) MOUNT.invokeExact(scratch.state(), from, to, kind, flags, options));
        } catch (Throwable e) {
            throw Native.unexpected(e);
        }
    }

    static int unmount(String target, int flags) {
        Scratch scratch = Scratch.current();
        try (Arena arena = Arena.ofConfined()) {
            return scratch.result((int) UMOUNT.invokeExact(scratch.state(), arena.allocateFrom(target), flags));
        } catch (Throwable e) {
            throw Native.unexpected(e);
        }
    }
}
