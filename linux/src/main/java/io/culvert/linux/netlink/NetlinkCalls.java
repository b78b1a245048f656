package io.culvert.linux.netlink;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.culvert.linux.Errno;
import io.culvert.linux.ffi.Native;
import io.culvert.linux.ffi.Scratch;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** The calls that a netlink socket needs. Each returns the kernel's answer: a value, or errno negated. */
final class NetlinkCalls {
    private static final FunctionDescriptor TRANSFER =
            FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT);
    private static final MethodHandle SOCKET =
            Native.function("socket", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT));
    private static final MethodHandle SETSOCKOPT = Native.function(
            "setsockopt", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT));
    private static final MethodHandle SEND = Native.function("send", TRANSFER);
    private static final MethodHandle RECV = Native.function("recv", TRANSFER);

    private NetlinkCalls() {}

    static int socket(int family, int type, int protocol) {
        Scratch scratch = Scratch.current();
        try {
            return scratch.result((int) SOCKET.invokeExact(scratch.state(), family, type, protocol));
        } catch (Throwable e) {
            throw Native.unexpected(e);
        }
    }

    static int setsockopt(int fd, int level, int option, MemorySegment value, int length) {
        Scratch scratch = Scratch.current();
        try {
            return scratch.result((int) SETSOCKOPT.invokeExact(scratch.state(), fd, level, option, value, length));
        } catch (Throwable e) {
            throw Native.unexpected(e);
        }
    }

    static int send(int fd, MemorySegment bytes) {
        Scratch scratch = Scratch.current();
        try {
            long sent;
            do {
                sent = scratch.result((long) SEND.invokeExact(scratch.state(), fd, bytes, bytes.byteSize(), 0));
            } while (sent == -Errno.EINTR);
            return (int) sent;
        } catch (Throwable e) {
            throw Native.unexpected(e);
        }
    }

    static int receive(int fd, MemorySegment buffer, int flags) {
        Scratch scratch = Scratch.current();
        try {
            long received;
            do {
                received =
                        scratch.result((long) RECV.invokeExact(scratch.state(), fd, buffer, buffer.byteSize(), flags));
            } while (received == -Errno.EINTR);
            return (int) received;
        } catch (Throwable e) {
            throw Native.unexpected(e);
        }
    }
}
