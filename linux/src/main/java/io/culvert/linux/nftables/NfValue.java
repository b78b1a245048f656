package io.culvert.linux.nftables;

import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;

/** Bytes as they lie in a register of the rule machine. */
public final class NfValue {
    private static final int IFNAME_BYTES = 16;

    private final byte[] bytes;

    private NfValue(byte[] bytes) {
        this.bytes = bytes;
    }

    public static NfValue of(byte... bytes) {
        return new NfValue(bytes.clone());
    }

    /** A number that the kernel keeps in host order: marks, user ids. */
    public static NfValue hostU32(int value) {
        return new NfValue(ByteBuffer.allocate(4)
                .order(ByteOrder.nativeOrder())
                .putInt(value)
                .array());
    }

    /** A short number in host order: connection tracking zones. */
    public static NfValue hostU16(int value) {
        return new NfValue(ByteBuffer.allocate(2)
                .order(ByteOrder.nativeOrder())
                .putShort((short) value)
                .array());
    }

    /** A port, in network order. */
    public static NfValue port(int port) {
        if (port < 0 || port > 0xffff) {
            throw new IllegalArgumentException("port " + port);
        }
        return new NfValue(new byte[] {(byte) (port >>> 8), (byte) port});
    }

    public static NfValue address(InetAddress address) {
        return new NfValue(address.getAddress());
    }

    /** An interface name, padded with zeros: matches this name only. */
    public static NfValue interfaceName(String name) {
        byte[] raw = name.getBytes(StandardCharsets.UTF_8);
        if (raw.length == 0 || raw.length >= IFNAME_BYTES || name.indexOf('/') >= 0 || name.indexOf(0) >= 0) {
            throw new IllegalArgumentException("not a name for an interface: \"" + name + "\"");
        }
        return new NfValue(Arrays.copyOf(raw, IFNAME_BYTES));
    }

    /** The first {@code bits} set, as in a netmask. */
    public static NfValue prefixMask(int bytes, int bits) {
        byte[] mask = new byte[bytes];
        for (int bit = 0; bit < bits; bit++) {
            mask[bit / 8] |= (byte) (0x80 >> (bit % 8));
        }
        return new NfValue(mask);
    }

    public static NfValue allOnes(int bytes) {
        return prefixMask(bytes, bytes * 8);
    }

    public static NfValue zeros(int bytes) {
        return new NfValue(new byte[bytes]);
    }

    public int length() {
        return bytes.length;
    }

    public byte[] toBytes() {
        return bytes.clone();
    }

    boolean isAllOnes() {
        return equals(allOnes(bytes.length));
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof NfValue value && Arrays.equals(bytes, value.bytes);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(bytes);
    }

    @Override
    public String toString() {
        return "0x" + HexFormat.of().formatHex(bytes);
    }
}
