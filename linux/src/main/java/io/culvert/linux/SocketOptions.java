package io.culvert.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.culvert.linux.ffi.Scratch;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Socket options by raw descriptor number, because Netty's channels and our handles both have one. The caller keeps the
 * descriptor open meanwhile. None of these calls blocks.
 */
public final class SocketOptions {
    private static final int SOL_SOCKET = 1;
    private static final int SO_REUSEADDR = 2;
    private static final int SO_ERROR = 4;
    private static final int SO_KEEPALIVE = 9;
    private static final int SO_LINGER = 13;
    private static final int SO_REUSEPORT = 15;
    private static final int SO_MARK = 36;
    /** asm-generic/socket.h. */
    private static final int SO_ATTACH_REUSEPORT_CBPF = 51;

    private static final int SO_DOMAIN = 39;

    /** linux/bpf_common.h: BPF_RET | BPF_K. */
    private static final short BPF_RETURN_CONSTANT = 0x06;

    private static final int SOL_IP = 0;
    private static final int IP_FREEBIND = 15;
    private static final int IP_TRANSPARENT = 19;
    private static final int IP_BIND_ADDRESS_NO_PORT = 24;
    /** linux/netfilter_ipv4.h SO_ORIGINAL_DST and linux/netfilter_ipv6 IP6T_SO_ORIGINAL_DST. */
    private static final int ORIGINAL_DST = 80;

    private static final int SOL_TCP = 6;
    private static final int TCP_NODELAY = 1;
    private static final int TCP_KEEPIDLE = 4;
    private static final int TCP_KEEPINTVL = 5;
    private static final int TCP_KEEPCNT = 6;
    private static final int TCP_CONGESTION = 13;
    private static final int TCP_USER_TIMEOUT = 18;
    /** linux/tcp.h TCP_CA_NAME_MAX, with the NUL behind the name. */
    private static final int ALGORITHM_BYTES_MAX = 16;

    private static final int SOL_IPV6 = 41;
    private static final int IPV6_V6ONLY = 26;
    private static final int IPV6_TRANSPARENT = 75;
    private static final int IPV6_FREEBIND = 78;

    private SocketOptions() {}

    /** The firewall mark of every packet that this socket sends. Needs CAP_NET_ADMIN. Set it before connect. */
    public static void setMark(int fd, int mark) throws KernelException {
        set(fd, SOL_SOCKET, SO_MARK, mark, "SO_MARK");
    }

    public static int getMark(int fd) throws KernelException {
        return get(fd, SOL_SOCKET, SO_MARK, "SO_MARK");
    }

    /** Lets the socket use addresses that are not this host's. Needs CAP_NET_ADMIN or CAP_NET_RAW. */
    public static void setTransparent(int fd, boolean v6) throws KernelException {
        if (v6) {
            set(fd, SOL_IPV6, IPV6_TRANSPARENT, 1, "IPV6_TRANSPARENT");
        } else {
            set(fd, SOL_IP, IP_TRANSPARENT, 1, "IP_TRANSPARENT");
        }
    }

    /** Whether the IPv4-level option is set; a v6 socket shares it. */
    public static boolean isTransparent(int fd) throws KernelException {
        return get(fd, SOL_IP, IP_TRANSPARENT, "IP_TRANSPARENT") != 0;
    }

    /** Lets the socket bind to an address that no interface has (yet). */
    public static void setFreebind(int fd, boolean v6) throws KernelException {
        if (v6) {
            set(fd, SOL_IPV6, IPV6_FREEBIND, 1, "IPV6_FREEBIND");
        } else {
            set(fd, SOL_IP, IP_FREEBIND, 1, "IP_FREEBIND");
        }
    }

    /** A bind to port 0 chooses the port only at connect, when the whole four-tuple is known. */
    public static void setBindAddressNoPort(int fd) throws KernelException {
        set(fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT, 1, "IP_BIND_ADDRESS_NO_PORT");
    }

    public static void setReuseAddress(int fd) throws KernelException {
        set(fd, SOL_SOCKET, SO_REUSEADDR, 1, "SO_REUSEADDR");
    }

    public static void setReusePort(int fd) throws KernelException {
        set(fd, SOL_SOCKET, SO_REUSEPORT, 1, "SO_REUSEPORT");
    }

    /**
     * Of the listening sockets that share this one's port, the one at {@code index} gets every new connection from now
     * on: a classic BPF program of one instruction, {@code return index}. They count from 0 in the order in which they
     * began to listen; when one is closed, the last takes its place. Where there is none of that index, the kernel
     * chooses by the connection's hash, as it does without a program (net/core/sock_reuseport.c).
     *
     * @throws KernelException EINVAL if the socket does not share its port
     */
    public static void steerNewConnections(int fd, int index) throws KernelException {
        // struct sock_fprog { u16 len; struct sock_filter *filter; }; struct sock_filter { u16 code; u8 jt, jf; u32 k;
        // }.
        MemorySegment buffer = Scratch.current().buffer();
        MemorySegment instruction = buffer.asSlice(16, 8);
        instruction.set(JAVA_SHORT, 0, BPF_RETURN_CONSTANT);
        instruction.set(JAVA_SHORT, 2, (short) 0);
        instruction.set(JAVA_INT, 4, index);
        buffer.set(JAVA_LONG, 0, 1);
        buffer.set(JAVA_LONG, 8, instruction.address());
        int done = SocketCalls.setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, buffer, 16);
        if (done < 0) {
            throw new KernelException(-done, "setsockopt SO_ATTACH_REUSEPORT_CBPF index " + index + " on fd " + fd);
        }
    }

    /** A v6 socket that leaves IPv4 alone, or not. Set it before bind. */
    public static void setV6Only(int fd, boolean only) throws KernelException {
        set(fd, SOL_IPV6, IPV6_V6ONLY, only ? 1 : 0, "IPV6_V6ONLY");
    }

    public static void setNoDelay(int fd) throws KernelException {
        set(fd, SOL_TCP, TCP_NODELAY, 1, "TCP_NODELAY");
    }

    /**
     * Probes after {@code idleSeconds} of silence, every {@code intervalSeconds}; after {@code count} the peer is gone.
     */
    public static void setKeepalive(int fd, int idleSeconds, int intervalSeconds, int count) throws KernelException {
        set(fd, SOL_SOCKET, SO_KEEPALIVE, 1, "SO_KEEPALIVE");
        set(fd, SOL_TCP, TCP_KEEPIDLE, idleSeconds, "TCP_KEEPIDLE");
        set(fd, SOL_TCP, TCP_KEEPINTVL, intervalSeconds, "TCP_KEEPINTVL");
        set(fd, SOL_TCP, TCP_KEEPCNT, count, "TCP_KEEPCNT");
    }

    public static boolean isKeepalive(int fd) throws KernelException {
        return get(fd, SOL_SOCKET, SO_KEEPALIVE, "SO_KEEPALIVE") != 0;
    }

    /** How long sent data may stay unacknowledged before the connection is given up. */
    public static void setUserTimeoutMillis(int fd, int millis) throws KernelException {
        set(fd, SOL_TCP, TCP_USER_TIMEOUT, millis, "TCP_USER_TIMEOUT");
    }

    /**
     * Which algorithm decides how fast this socket sends; what a listener accepts has the listener's.
     *
     * @param algorithm such as {@code cubic} or {@code bbr}, at most 15 characters
     * @throws KernelException ENOENT if the kernel has none of that name; EPERM if it is not one of
     *     net.ipv4.tcp_allowed_congestion_control, without CAP_NET_ADMIN
     */
    public static void setCongestionControl(int fd, String algorithm) throws KernelException {
        byte[] name = algorithm.getBytes(StandardCharsets.US_ASCII);
        if (name.length >= ALGORITHM_BYTES_MAX) {
            throw new KernelException(Errno.ENOENT, "setsockopt TCP_CONGESTION=" + algorithm + " on fd " + fd);
        }
        MemorySegment buffer = Scratch.current().buffer();
        MemorySegment.copy(name, 0, buffer, JAVA_BYTE, 0, name.length);
        int done = SocketCalls.setsockopt(fd, SOL_TCP, TCP_CONGESTION, buffer, name.length);
        if (done < 0) {
            throw new KernelException(-done, "setsockopt TCP_CONGESTION=" + algorithm + " on fd " + fd);
        }
    }

    public static String getCongestionControl(int fd) throws KernelException {
        MemorySegment buffer = Scratch.current().buffer();
        MemorySegment length = buffer.asSlice(64, 4);
        buffer.asSlice(0, ALGORITHM_BYTES_MAX).fill((byte) 0);
        length.set(JAVA_INT, 0, ALGORITHM_BYTES_MAX);
        int done = SocketCalls.getsockopt(fd, SOL_TCP, TCP_CONGESTION, buffer, length);
        if (done < 0) {
            throw new KernelException(-done, "getsockopt TCP_CONGESTION of fd " + fd);
        }
        return buffer.getString(0, StandardCharsets.US_ASCII);
    }

    /** Makes the next close a reset: what was not sent is thrown away, and the peer is told at once. */
    public static void setResetOnClose(int fd) throws KernelException {
        // struct linger: l_onoff, l_linger.
        MemorySegment buffer = Scratch.current().buffer();
        buffer.set(JAVA_INT, 0, 1);
        buffer.set(JAVA_INT, 4, 0);
        int done = SocketCalls.setsockopt(fd, SOL_SOCKET, SO_LINGER, buffer, 8);
        if (done < 0) {
            throw new KernelException(-done, "setsockopt SO_LINGER=0 on fd " + fd);
        }
    }

    /** The pending error, which this call clears: 0, or an errno; how a non-blocking connect ended. */
    public static int takeError(int fd) throws KernelException {
        return get(fd, SOL_SOCKET, SO_ERROR, "SO_ERROR");
    }

    /**
     * Where a redirected connection was going before the packet filter rewrote it: connection tracking's record for
     * IPv4, then for IPv6. A connection that was not redirected yields its local address.
     *
     * @return null if connection tracking knows nothing of this connection
     */
    public static @Nullable InetSocketAddress originalDestination(int fd) throws KernelException {
        InetSocketAddress v4 = originalDestination(fd, SOL_IP, "SO_ORIGINAL_DST");
        return v4 != null ? v4 : originalDestination(fd, SOL_IPV6, "IP6T_SO_ORIGINAL_DST");
    }

    static int family(int fd) throws KernelException {
        return get(fd, SOL_SOCKET, SO_DOMAIN, "SO_DOMAIN");
    }

    private static @Nullable InetSocketAddress originalDestination(int fd, int level, String name)
            throws KernelException {
        MemorySegment buffer = Scratch.current().buffer();
        MemorySegment length = buffer.asSlice(64, 4);
        length.set(JAVA_INT, 0, level == SOL_IP ? 16 : SocketAddresses.BYTES_MAX);
        int done = SocketCalls.getsockopt(fd, level, ORIGINAL_DST, buffer, length);
        if (done >= 0) {
            return SocketAddresses.read(buffer);
        }
        return switch (-done) {
            // No entry; no connection tracking here; a v4 socket asked for v6; not a TCP or SCTP socket.
            case Errno.ENOENT, Errno.ENOPROTOOPT, Errno.EOPNOTSUPP, Errno.ENOTCONN -> null;
            default -> throw new KernelException(-done, "getsockopt " + name + " of fd " + fd);
        };
    }

    private static void set(int fd, int level, int option, int value, String name) throws KernelException {
        MemorySegment buffer = Scratch.current().buffer();
        buffer.set(JAVA_INT, 0, value);
        int done = SocketCalls.setsockopt(fd, level, option, buffer, 4);
        if (done < 0) {
            throw new KernelException(-done, "setsockopt " + name + "=" + value + " on fd " + fd);
        }
    }

    private static int get(int fd, int level, int option, String name) throws KernelException {
        MemorySegment buffer = Scratch.current().buffer();
        MemorySegment length = buffer.asSlice(64, 4);
        buffer.set(JAVA_INT, 0, 0);
        length.set(JAVA_INT, 0, 4);
        int done = SocketCalls.getsockopt(fd, level, option, buffer, length);
        if (done < 0) {
            throw new KernelException(-done, "getsockopt " + name + " of fd " + fd);
        }
        return buffer.get(JAVA_INT, 0);
    }
}
