package io.culvert.linux.netlink;

import io.culvert.linux.Errno;
import io.culvert.linux.ffi.LibcFunction;
import java.lang.foreign.MemorySegment;

/** The calls that a netlink socket needs. Each returns the kernel's answer: a value, or errno negated. */
final class NetlinkCalls {
    private static final LibcFunction SOCKET = LibcFunction.ofInt("socket");
    private static final LibcFunction SETSOCKOPT = LibcFunction.ofInt("setsockopt");
    private static final LibcFunction SEND = LibcFunction.ofLong("send");
    private static final LibcFunction RECV = LibcFunction.ofLong("recv");

    private NetlinkCalls() {}

    static int socket(int family, int type, int protocol) {
        return (int) SOCKET.call(family, type, protocol);
    }

    static int setsockopt(int fd, int level, int option, MemorySegment value, int length) {
        return (int) SETSOCKOPT.call(fd, level, option, value.address(), length);
    }

    static int send(int fd, MemorySegment bytes) {
        long sent;
        do {
            sent = SEND.call(fd, bytes.address(), bytes.byteSize(), 0);
        } while (sent == -Errno.EINTR);
        return (int) sent;
    }

    static int receive(int fd, MemorySegment buffer, int flags) {
        long received;
        do {
            received = RECV.call(fd, buffer.address(), buffer.byteSize(), flags);
        } while (received == -Errno.EINTR);
        return (int) received;
    }
}
