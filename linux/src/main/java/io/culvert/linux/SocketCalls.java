package io.culvert.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.culvert.linux.ffi.LibcFunction;
import io.culvert.linux.ffi.Scratch;
import java.lang.foreign.MemorySegment;

/** Socket calls. Each returns the kernel's answer: a value, or errno negated. */
final class SocketCalls {
    static final int POLLIN = 1;

    private static final LibcFunction SOCKET = LibcFunction.ofInt("socket");
    private static final LibcFunction SOCKETPAIR = LibcFunction.ofInt("socketpair");
    private static final LibcFunction BIND = LibcFunction.ofInt("bind");
    private static final LibcFunction CONNECT = LibcFunction.ofInt("connect");
    private static final LibcFunction LISTEN = LibcFunction.ofInt("listen");
    private static final LibcFunction SHUTDOWN = LibcFunction.ofInt("shutdown");
    private static final LibcFunction ACCEPT4 = LibcFunction.ofInt("accept4");
    private static final LibcFunction GETSOCKNAME = LibcFunction.ofInt("getsockname");
    private static final LibcFunction GETPEERNAME = LibcFunction.ofInt("getpeername");
    private static final LibcFunction SETSOCKOPT = LibcFunction.ofInt("setsockopt");
    private static final LibcFunction GETSOCKOPT = LibcFunction.ofInt("getsockopt");
    private static final LibcFunction SENDMSG = LibcFunction.ofLong("sendmsg");
    private static final LibcFunction RECVMSG = LibcFunction.ofLong("recvmsg");
    private static final LibcFunction POLL = LibcFunction.ofInt("poll");

    private SocketCalls() {}

    static int socket(int family, int type, int protocol) {
        return (int) SOCKET.call(family, type, protocol);
    }

    static int socketpair(int family, int type, MemorySegment pair) {
        return (int) SOCKETPAIR.call(family, type, 0, pair.address());
    }

    static int bind(int fd, MemorySegment address, int length) {
        return (int) BIND.call(fd, address.address(), length);
    }

    static int connect(int fd, MemorySegment address, int length) {
        return (int) CONNECT.call(fd, address.address(), length);
    }

    static int listen(int fd, int backlog) {
        return (int) LISTEN.call(fd, backlog);
    }

    static int shutdown(int fd, int how) {
        return (int) SHUTDOWN.call(fd, how);
    }

    static int accept(int fd, int flags) {
        long accepted;
        do {
            accepted = ACCEPT4.call(fd, 0, 0, flags);
        } while (accepted == -Errno.EINTR);
        return (int) accepted;
    }

    static int getsockname(int fd, MemorySegment address, MemorySegment length) {
        return (int) GETSOCKNAME.call(fd, address.address(), length.address());
    }

    static int getpeername(int fd, MemorySegment address, MemorySegment length) {
        return (int) GETPEERNAME.call(fd, address.address(), length.address());
    }

    static int setsockopt(int fd, int level, int option, MemorySegment value, int length) {
        return (int) SETSOCKOPT.call(fd, level, option, value.address(), length);
    }

    static int getsockopt(int fd, int level, int option, MemorySegment value, MemorySegment length) {
        return (int) GETSOCKOPT.call(fd, level, option, value.address(), length.address());
    }

    /** Blocks while the peer's queue is full, unless the descriptor or the flags say otherwise. */
    static long sendmsg(int fd, MemorySegment message, int flags) {
        long sent;
        do {
            sent = SENDMSG.call(fd, message.address(), flags);
        } while (sent == -Errno.EINTR);
        return sent;
    }

    /** Blocks until there is a record, unless the descriptor or the flags say otherwise. */
    static long recvmsg(int fd, MemorySegment message, int flags) {
        long received;
        do {
            received = RECVMSG.call(fd, message.address(), flags);
        } while (received == -Errno.EINTR);
        return received;
    }

    /** Waits until one descriptor is readable or at its end: 1, or 0 after the time; EINTR is returned as it came. */
    static int pollReadable(int fd, int timeoutMs) {
        MemorySegment pollfd = Scratch.current().buffer();
        pollfd.set(JAVA_INT, 0, fd);
        pollfd.set(JAVA_SHORT, 4, (short) POLLIN);
        pollfd.set(JAVA_SHORT, 6, (short) 0);
        return (int) POLL.call(pollfd.address(), 1, timeoutMs);
    }
}
