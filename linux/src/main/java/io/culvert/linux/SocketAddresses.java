package io.culvert.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteOrder;

/** struct sockaddr_in and sockaddr_in6, to and from Java's addresses. A v4-mapped address comes back as plain v4. */
final class SocketAddresses {
    static final int AF_UNIX = 1;
    static final int AF_INET = 2;
    static final int AF_INET6 = 10;
    /** Size of sockaddr_in6, the larger of the two. */
    static final int BYTES_MAX = 28;

    private static final int IN_BYTES = 16;
    private static final ValueLayout.OfShort PORT = JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    private SocketAddresses() {}

    /**
     * Writes the address in the form that a socket of this family takes, and returns its length.
     *
     * @param family AF_INET or AF_INET6; a v4 address for a v6 socket is written v4-mapped
     * @throws KernelException EAFNOSUPPORT for a v6 address on a v4 socket
     */
    static int write(MemorySegment target, int family, InetSocketAddress address) throws KernelException {
        InetAddress host = address.getAddress();
        if (host == null) {
            throw new IllegalArgumentException("unresolved address " + address);
        }
        target.asSlice(0, BYTES_MAX).fill((byte) 0);
        target.set(JAVA_SHORT_UNALIGNED, 0, (short) family);
        target.set(PORT, 2, (short) address.getPort());
        byte[] raw = host.getAddress();
        if (family == AF_INET) {
            if (raw.length != 4) {
                throw new KernelException(Errno.EAFNOSUPPORT, "use " + address + " on an IPv4 socket");
            }
            MemorySegment.copy(raw, 0, target, JAVA_BYTE, 4, 4);
            return IN_BYTES;
        }
        if (raw.length == 4) {
            target.set(JAVA_BYTE, 18, (byte) 0xff);
            target.set(JAVA_BYTE, 19, (byte) 0xff);
            MemorySegment.copy(raw, 0, target, JAVA_BYTE, 20, 4);
        } else {
            MemorySegment.copy(raw, 0, target, JAVA_BYTE, 8, 16);
            target.set(JAVA_INT_UNALIGNED, 24, ((Inet6Address) host).getScopeId());
        }
        return BYTES_MAX;
    }

    /** Reads what the kernel wrote; AF_INET and AF_INET6 only. */
    static InetSocketAddress read(MemorySegment source) {
        int family = source.get(JAVA_SHORT_UNALIGNED, 0);
        int port = Short.toUnsignedInt(source.get(PORT, 2));
        try {
            if (family == AF_INET) {
                byte[] raw = source.asSlice(4, 4).toArray(JAVA_BYTE);
                return new InetSocketAddress(Inet4Address.getByAddress(raw), port);
            }
            if (family != AF_INET6) {
                throw new IllegalStateException("not an internet address: family " + family);
            }
            byte[] raw = source.asSlice(8, 16).toArray(JAVA_BYTE);
            int scope = source.get(JAVA_INT_UNALIGNED, 24);
            InetAddress plain = InetAddress.getByAddress(raw);
            boolean scoped = scope != 0 && plain instanceof Inet6Address;
            return new InetSocketAddress(scoped ? Inet6Address.getByAddress(null, raw, scope) : plain, port);
        } catch (UnknownHostException e) {
            throw new IllegalStateException("an address of 4 or 16 bytes", e);
        }
    }
}
