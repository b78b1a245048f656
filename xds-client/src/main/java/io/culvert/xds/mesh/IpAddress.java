package io.culvert.xds.mesh;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * An IPv4 or IPv6 address in two longs. An IPv4-mapped IPv6 address is the IPv4 address, so that what a dual-stack
 * socket reports equals what the control plane sent. Text follows RFC 5952. IPv6 scopes are not kept.
 */
public final class IpAddress implements Comparable<IpAddress> {
    private static final int V4_BYTES = 4;
    private static final int V6_BYTES = 16;
    private static final int V6_GROUPS = 8;
    /** The upper half of the low long of ::ffff:a.b.c.d. */
    private static final long MAPPED = 0xffffL;

    private final long high;
    private final long low;

    IpAddress(long high, long low) {
        this.high = high;
        this.low = low;
    }

    public static IpAddress of(InetAddress address) {
        return of(address.getAddress());
    }

    /**
     * From network order.
     *
     * @throws IllegalArgumentException if there are neither 4 nor 16 bytes
     */
    public static IpAddress of(byte[] bytes) {
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        return switch (bytes.length) {
            case V4_BYTES -> new IpAddress(0, MAPPED << 32 | Integer.toUnsignedLong(buffer.getInt()));
            case V6_BYTES -> new IpAddress(buffer.getLong(), buffer.getLong());
            default -> throw new IllegalArgumentException("failed to parse address, had " + bytes.length + " bytes");
        };
    }

    /**
     * A literal, never a name: nothing is resolved.
     *
     * @throws IllegalArgumentException if the text is not an address
     */
    public static IpAddress parse(String text) {
        return tryParse(text).orElseThrow(() -> new IllegalArgumentException("failed to parse address: " + text));
    }

    /** As {@link #parse}, for text that may well be a name. */
    public static Optional<IpAddress> tryParse(String text) {
        if (text.indexOf(':') < 0) {
            long v4 = v4(text);
            return v4 < 0 ? Optional.empty() : Optional.of(new IpAddress(0, MAPPED << 32 | v4));
        }
        return text.indexOf('%') >= 0 || text.indexOf('[') >= 0 ? Optional.empty() : v6(text);
    }

    /** Strict dotted quad: no octal, no short forms, which InetAddress would accept. -1 if it is none. */
    private static long v4(String text) {
        long value = 0;
        int parts = 0;
        for (int at = 0; at <= text.length(); at++) {
            int end = text.indexOf('.', at);
            int part = octet(text, at, end < 0 ? text.length() : end);
            if (part < 0) {
                return -1;
            }
            value = value << 8 | part;
            parts++;
            at = end < 0 ? text.length() : end;
        }
        return parts == V4_BYTES ? value : -1;
    }

    private static int octet(String text, int from, int to) {
        if (to == from || to - from > 3 || (to - from > 1 && text.charAt(from) == '0')) {
            return -1;
        }
        int value = 0;
        for (int i = from; i < to; i++) {
            int digit = text.charAt(i) - '0';
            if (digit < 0 || digit > 9) {
                return -1;
            }
            value = value * 10 + digit;
        }
        return value <= 255 ? value : -1;
    }

    private static Optional<IpAddress> v6(String text) {
        try {
            return Optional.of(of(InetAddress.ofLiteral(text)));
        } catch (IllegalArgumentException notAnAddress) {
            return Optional.empty();
        }
    }

    public boolean isV4() {
        return high == 0 && low >>> 32 == MAPPED;
    }

    public boolean isLoopback() {
        return isV4() ? (int) low >>> 24 == 127 : high == 0 && low == 1;
    }

    /** 32 or 128. */
    public int bits() {
        return isV4() ? 32 : 128;
    }

    /** 4 or 16 bytes in network order. */
    public byte[] toBytes() {
        return isV4()
                ? ByteBuffer.allocate(V4_BYTES).putInt((int) low).array()
                : ByteBuffer.allocate(V6_BYTES).putLong(high).putLong(low).array();
    }

    public InetAddress toInetAddress() {
        try {
            return InetAddress.getByAddress(toBytes());
        } catch (UnknownHostException impossible) {
            throw new IllegalStateException("an address of 4 or 16 bytes", impossible);
        }
    }

    /** Whether the first bits of both are the same; addresses of different families never match. */
    boolean sharesPrefix(IpAddress other, int prefixBits) {
        if (isV4() != other.isV4()) {
            return false;
        }
        int bits = isV4() ? prefixBits + 96 : prefixBits;
        long highMask = bits >= 64 ? -1L : bits == 0 ? 0L : -1L << (64 - bits);
        long lowMask = bits >= 128 ? -1L : bits <= 64 ? 0L : -1L << (128 - bits);
        return ((high ^ other.high) & highMask) == 0 && ((low ^ other.low) & lowMask) == 0;
    }

    /** By value as unsigned numbers, IPv4 among the mapped IPv6 addresses. */
    @Override
    public int compareTo(IpAddress other) {
        int byHigh = Long.compareUnsigned(high, other.high);
        return byHigh != 0 ? byHigh : Long.compareUnsigned(low, other.low);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof IpAddress that && equals(that.high, that.low);
    }

    /** Whether these are its halves. */
    boolean equals(long otherHigh, long otherLow) {
        return low == otherLow && high == otherHigh;
    }

    @Override
    public int hashCode() {
        return hash(high, low);
    }

    static int hash(long high, long low) {
        return Long.hashCode(high * 31 + low);
    }

    /** The first eight bytes in network order. */
    long high() {
        return high;
    }

    /** The last eight bytes in network order. */
    long low() {
        return low;
    }

    @Override
    public String toString() {
        if (isV4()) {
            int v4 = (int) low;
            return (v4 >>> 24) + "." + (v4 >>> 16 & 255) + "." + (v4 >>> 8 & 255) + "." + (v4 & 255);
        }
        return v6Text();
    }

    /** RFC 5952 section 4: the longest run of two or more zero groups is shortened, of equals the first. */
    private String v6Text() {
        int runStart = -1;
        int runLength = 1;
        for (int i = 0; i < V6_GROUPS; i++) {
            int end = i;
            while (end < V6_GROUPS && group(end) == 0) {
                end++;
            }
            if (end - i > runLength) {
                runStart = i;
                runLength = end - i;
            }
            i = Math.max(i, end - 1);
        }
        StringBuilder text = new StringBuilder(39);
        for (int i = 0; i < V6_GROUPS; i++) {
            if (i == runStart) {
                text.append("::");
                i += runLength - 1;
            } else {
                boolean afterRun = runStart >= 0 && i == runStart + runLength;
                text.append(i > 0 && !afterRun ? ":" : "").append(Integer.toHexString(group(i)));
            }
        }
        return text.toString();
    }

    private int group(int index) {
        long half = index < 4 ? high : low;
        return (int) (half >>> (48 - 16 * (index & 3)) & 0xffff);
    }
}
