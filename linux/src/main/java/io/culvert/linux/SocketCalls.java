package io.culvert.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.culvert.linux.ffi.Native;
import io.culvert.linux.ffi.Scratch;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** Socket calls. Each returns the kernel's answer: a value, or errno negated. */
final class SocketCalls {
    static final int POLLIN = 1;

    private static final FunctionDescriptor FD_ADDRESS_LENGTH =
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT);
    private static final FunctionDescriptor FD_ADDRESS_POINTER =
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, ADDRESS);
    private static final FunctionDescriptor THREE_INTS = FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT);
    private static final FunctionDescriptor TWO_INTS = FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT);
    private static final FunctionDescriptor MESSAGE = FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT);

    private static final MethodHandle SOCKET = Native.function("socket", THREE_INTS);
    private static final MethodHandle SOCKETPAIR =
            Native.function("socketpair", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS));
    private static final MethodHandle BIND = Native.function("bind", FD_ADDRESS_LENGTH);
    private static final MethodHandle CONNECT = Native.function("connect", FD_ADDRESS_LENGTH);
    private static final MethodHandle LISTEN = Native.function("listen", TWO_INTS);
    private static final MethodHandle SHUTDOWN = Native.function("shutdown", TWO_INTS);
    private static final MethodHandle ACCEPT4 =
            Native.function("accept4", FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, ADDRESS, JAVA_INT));
    private static final MethodHandle GETSOCKNAME = Native.function("getsockname", FD_ADDRESS_POINTER);
    private static final MethodHandle GETPEERNAME = Native.function("getpeername", FD_ADDRESS_POINTER);
    private static final MethodHandle SETSOCKOPT = Native.function(
            "setsockopt", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT));
    private static final MethodHandle GETSOCKOPT = Native.function(
            "getsockopt", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, ADDRESS));
    private static final MethodHandle SENDMSG = Native.function("sendmsg", MESSAGE);
    private static final MethodHandle RECVMSG = Native.function("recvmsg", MESSAGE);
    private static final MethodHandle POLL =
            Native.function("poll", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT));

    private SocketCalls() {}

    static int socket(int family, int type, int protocol) {
        Scratch scratch = Scratch.current();
        try {
            return scratch.result((int) SOCKET.invokeExact(scratch.state(), family, type, protocol));
        } catch (Throwable e) {
            throw Native.unexpected(e);
        }
    }

    static int socketpair(int family, int type, MemorySegment pair) {
        Scratch scratch = Scratch.current();
        try {
            return scratch.result((int) SOCKETPAIR.invokeExact(scratch.state(), family, type, 0, pair));
        } catch (Throwable e) {
            throw Native.unexpected(e);
        }
    }

    static int bind(int fd, MemorySegment address, int length) {
        Scratch scratch = Scratch.current();
        try {
            return scratch.result((int) BIND.invokeExact(scratch.state(), fd, address, length));
        } catch (Throwable e) {
            throw Native.unexpected(e);
        }
    }

    static int connect(int fd, MemorySegment address, int length) {
        Scratch scratch = Scratch.current();
        try {
            return scratch.result((int) CONNECT.invokeExact(scratch.state(), fd, address, length));
        } catch (Throwable e) {
            throw Native.unexpected(e);
        }
    }

    static int listen(int fd, int backlog) {
        Scratch scratch = Scratch.current();
        try {
            return scratch.result((int) LISTEN.invokeExact(scratch.state(), fd, backlog));
        } catch (Throwable e) {
            throw Native.unexpected(e);
        }
    }

    static int shutdown(int fd, int how) {
        Scratch scratch = Scratch.current();
        try {
            return scratch.result((int) SHUTDOWN.invokeExact(scratch.state(), fd, how));
        } catch (Throwable e) {
            throw Native.unexpected(e);
        }
    }

    static int accept(int fd, int flags) {
        Scratch scratch = Scratch.current();
        try {
            int accepted;
            do {
                accepted = scratch.result(
                        (int) ACCEPT4.invokeExact(scratch.state(), fd, MemorySegment.NULL, MemorySegment.NULL, flags));
            } while (accepted == -Errno.EINTR);
            return accepted;
        } catch (Throwable e) {
            throw Native.unexpected(e);
        }
    }

    static int getsockname(int fd, MemorySegment address, MemorySegment length) {
        Scratch scratch = Scratch.current();
        try {
            return scratch.result((int) GETSOCKNAME.invokeExact(scratch.state(), fd, address, length));
        } catch (Throwable e) {
            throw Native.unexpected(e);
        }
    }

    static int getpeername(int fd, MemorySegment address, MemorySegment length) {
        Scratch scratch = Scratch.current();
        try {
            return scratch.result((int) GETPEERNAME.invokeExact(scratch.state(), fd, address, length));
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

    static int getsockopt(int fd, int level, int option, MemorySegment value, MemorySegment length) {
        Scratch scratch = Scratch.current();
        try {
            return scratch.result((int) GETSOCKOPT.invokeExact(scratch.state(), fd, level, option, value, length));
        } catch (Throwable e) {
            throw Native.unexpected(e);
        }
    }

    /** Blocks while the peer's queue is full, unless the descriptor or the flags say otherwise. */
    static long sendmsg(int fd, MemorySegment message, int flags) {
        Scratch scratch = Scratch.current();
        try {
            long sent;
            do {
                sent = scratch.result((long) SENDMSG.invokeExact(scratch.state(), fd, message, flags));
            } while (sent == -Errno.EINTR);
            return sent;
        } catch (Throwable e) {
            throw Native.unexpected(e);
        }
    }

    /** Blocks until there is a record, unless the descriptor or the flags say otherwise. */
    static long recvmsg(int fd, MemorySegment message, int flags) {
        Scratch scratch = Scratch.current();
        try {
            long received;
            do {
                received = scratch.result((long) RECVMSG.invokeExact(scratch.state(), fd, message, flags));
            } while (received == -Errno.EINTR);
            return received;
        } catch (Throwable e) {
            throw Native.unexpected(e);
        }
    }

    /** Waits until one descriptor is readable or at its end: 1, or 0 after the time; EINTR is returned as it came. */
    static int pollReadable(int fd, int timeoutMs) {
        Scratch scratch = Scratch.current();
        MemorySegment pollfd = scratch.buffer();
        pollfd.set(JAVA_INT, 0, fd);
        pollfd.set(JAVA_SHORT, 4, (short) POLLIN);
        pollfd.set(JAVA_SHORT, 6, (short) 0);
        try {
            return scratch.result((int) POLL.invokeExact(scratch.state(), pollfd, 1L, timeoutMs));
        } catch (Throwable e) {
            throw Native.unexpected(e);
        }
    }
}
