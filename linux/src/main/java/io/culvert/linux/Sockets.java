package io.culvert.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.culvert.linux.ffi.Scratch;
import java.lang.foreign.MemorySegment;
import java.net.Inet6Address;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * TCP and UDP sockets: non-blocking and close-on-exec, made in the calling thread's network namespace. A v6 socket also
 * takes v4 addresses, and gives them back as v4, unless {@link SocketOptions#setV6Only} was set. None of these calls
 * blocks, so each may run inside a namespace window.
 */
public final class Sockets {
    private static final int SOCK_STREAM = 1;
    private static final int SOCK_DGRAM = 2;
    private static final int SOCK_NONBLOCK_CLOEXEC = 02004000;
    private static final int SHUT_WR = 1;

    private Sockets() {}

    public static Fd tcp(boolean v6) throws KernelException {
        return create(v6, SOCK_STREAM, v6 ? "create a TCP socket (IPv6)" : "create a TCP socket (IPv4)");
    }

    public static Fd udp(boolean v6) throws KernelException {
        return create(v6, SOCK_DGRAM, v6 ? "create a UDP socket (IPv6)" : "create a UDP socket (IPv4)");
    }

    public static void bind(Fd fd, InetSocketAddress address) throws KernelException {
        int number = fd.enter("bind");
        try {
            int done = withAddress(number, address, SocketCalls::bind);
            if (done < 0) {
                throw new KernelException(-done, "bind to " + address);
            }
        } finally {
            fd.exit();
        }
    }

    /**
     * Begins to take connections.
     *
     * @param backlog connections that wait for accept; the kernel caps it at net.core.somaxconn
     */
    public static void listen(Fd fd, int backlog) throws KernelException {
        int done = SocketCalls.listen(fd.enter("listen"), backlog);
        fd.exit();
        if (done < 0) {
            throw new KernelException(-done, "listen on " + fd);
        }
    }

    /**
     * Starts to connect.
     *
     * @return true if connected already, false if under way: wait for writability, then {@link SocketOptions#takeError}
     */
    public static boolean connect(Fd fd, InetSocketAddress address) throws KernelException {
        int number = fd.enter("connect");
        try {
            int done = withAddress(number, address, SocketCalls::connect);
            if (done < 0 && done != -Errno.EINPROGRESS) {
                throw new KernelException(-done, "connect to " + address);
            }
            return done >= 0;
        } finally {
            fd.exit();
        }
    }

    /** The next waiting connection, non-blocking, or null if none waits. */
    public static @Nullable Fd accept(Fd listener) throws KernelException {
        int accepted = SocketCalls.accept(listener.enter("accept"), SOCK_NONBLOCK_CLOEXEC);
        listener.exit();
        if (accepted == -Errno.EAGAIN) {
            return null;
        }
        if (accepted < 0) {
            throw new KernelException(-accepted, "accept on " + listener);
        }
        return Fd.adopt(accepted);
    }

    public static InetSocketAddress localAddress(Fd fd) throws KernelException {
        MemorySegment buffer = Scratch.current().buffer();
        MemorySegment length = buffer.asSlice(64, 4);
        length.set(JAVA_INT, 0, SocketAddresses.BYTES_MAX);
        int done = SocketCalls.getsockname(fd.enter("getsockname"), buffer, length);
        fd.exit();
        if (done < 0) {
            throw new KernelException(-done, "getsockname of " + fd);
        }
        return SocketAddresses.read(buffer);
    }

    /**
     * The other end.
     *
     * @throws KernelException ENOTCONN if the socket is not connected
     */
    public static InetSocketAddress peerAddress(Fd fd) throws KernelException {
        MemorySegment buffer = Scratch.current().buffer();
        MemorySegment length = buffer.asSlice(64, 4);
        length.set(JAVA_INT, 0, SocketAddresses.BYTES_MAX);
        int done = SocketCalls.getpeername(fd.enter("getpeername"), buffer, length);
        fd.exit();
        if (done < 0) {
            throw new KernelException(-done, "getpeername of " + fd);
        }
        return SocketAddresses.read(buffer);
    }

    /** Whether the other end has answered a connect. */
    public static boolean isConnected(Fd fd) throws KernelException {
        MemorySegment buffer = Scratch.current().buffer();
        MemorySegment length = buffer.asSlice(64, 4);
        length.set(JAVA_INT, 0, SocketAddresses.BYTES_MAX);
        int done = SocketCalls.getpeername(fd.enter("getpeername"), buffer, length);
        fd.exit();
        if (done < 0 && done != -Errno.ENOTCONN) {
            throw new KernelException(-done, "getpeername of " + fd);
        }
        return done >= 0;
    }

    /** Sends FIN; reading goes on. */
    public static void shutdownOutput(Fd fd) throws KernelException {
        int done = SocketCalls.shutdown(fd.enter("shutdown"), SHUT_WR);
        fd.exit();
        if (done < 0) {
            throw new KernelException(-done, "shutdown output of " + fd);
        }
    }

    private interface AddressCall {
        int on(int fd, MemorySegment address, int length);
    }

    /**
     * Calls with the address in its own family's form. A v6 socket refuses a v4 address so, before it does anything,
     * and is asked again with the mapped form: dialling sockets are of their destination's family, and never need to
     * be.
     */
    private static int withAddress(int number, InetSocketAddress address, AddressCall call) throws KernelException {
        MemorySegment raw = Scratch.current().buffer().asSlice(128, SocketAddresses.BYTES_MAX);
        boolean v6 = address.getAddress() instanceof Inet6Address;
        int own = v6 ? SocketAddresses.AF_INET6 : SocketAddresses.AF_INET;
        int done = call.on(number, raw, SocketAddresses.write(raw, own, address));
        boolean otherFamily = done == -Errno.EINVAL || done == -Errno.EAFNOSUPPORT;
        if (!otherFamily || SocketOptions.family(number) == own) {
            return done;
        }
        return call.on(number, raw, SocketAddresses.write(raw, SocketOptions.family(number), address));
    }

    private static Fd create(boolean v6, int type, String attempt) throws KernelException {
        int family = v6 ? SocketAddresses.AF_INET6 : SocketAddresses.AF_INET;
        int fd = SocketCalls.socket(family, type | SOCK_NONBLOCK_CLOEXEC, 0);
        if (fd < 0) {
            throw new KernelException(-fd, attempt);
        }
        return Fd.adopt(fd);
    }
}
