package io.culvert.linux.netlink;

import io.culvert.linux.Errno;
import io.culvert.linux.KernelException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The attributes of a message, or of a nested attribute, read-only and checked against their bounds. Where a type
 * occurs twice, the getters answer with the first; {@link #all()} has every one in order.
 */
public final class Attributes {
    private static final int TYPE_MASK = 0x3fff;

    private final List<Attribute> all;

    private Attributes(List<Attribute> all) {
        this.all = all;
    }

    /**
     * Cuts the bytes between position and limit into attributes.
     *
     * @throws KernelException EPROTO if a length does not fit
     */
    public static Attributes parse(ByteBuffer bytes) throws KernelException {
        ByteBuffer in = bytes.duplicate().order(ByteOrder.nativeOrder());
        List<Attribute> all = new ArrayList<>();
        while (in.remaining() >= 4) {
            int start = in.position();
            int length = Short.toUnsignedInt(in.getShort());
            int type = in.getShort() & TYPE_MASK;
            if (length < 4 || length - 4 > in.remaining()) {
                throw new KernelException(
                        Errno.EPROTO,
                        "read netlink attribute " + type,
                        "length " + length + " of " + (in.remaining() + 4));
            }
            all.add(new Attribute(type, in.slice(start + 4, length - 4).order(ByteOrder.nativeOrder())));
            in.position(Math.min(in.limit(), start + ((length + 3) & ~3)));
        }
        return new Attributes(List.copyOf(all));
    }

    public List<Attribute> all() {
        return all;
    }

    public boolean has(int type) {
        return find(type) != null;
    }

    /** The bytes, or an empty array if absent. */
    public byte[] bytes(int type) {
        Attribute found = find(type);
        return found == null ? new byte[0] : found.bytes();
    }

    /** The text up to its closing zero, or empty if absent. */
    public String string(int type) {
        byte[] raw = bytes(type);
        int end = 0;
        while (end < raw.length && raw[end] != 0) {
            end++;
        }
        return new String(raw, 0, end, StandardCharsets.UTF_8);
    }

    public int u8(int type, int absent) throws KernelException {
        Attribute found = find(type);
        return found == null ? absent : Byte.toUnsignedInt(found.sized(1).get(0));
    }

    public int u32(int type, int absent) throws KernelException {
        Attribute found = find(type);
        return found == null ? absent : found.sized(4).getInt(0);
    }

    public int u32BigEndian(int type, int absent) throws KernelException {
        Attribute found = find(type);
        return found == null
                ? absent
                : found.sized(4).duplicate().order(ByteOrder.BIG_ENDIAN).getInt(0);
    }

    public long u64BigEndian(int type, long absent) throws KernelException {
        Attribute found = find(type);
        return found == null
                ? absent
                : found.sized(8).duplicate().order(ByteOrder.BIG_ENDIAN).getLong(0);
    }

    /** What is inside; nothing if absent. */
    public Attributes nested(int type) throws KernelException {
        Attribute found = find(type);
        return found == null ? new Attributes(List.of()) : found.nested();
    }

    private @Nullable Attribute find(int type) {
        for (Attribute attribute : all) {
            if (attribute.type() == type) {
                return attribute;
            }
        }
        return null;
    }

    /**
     * One attribute.
     *
     * @param type without the flags for nesting and byte order
     */
    public record Attribute(int type, ByteBuffer value) {
        public Attributes nested() throws KernelException {
            return parse(value);
        }

        public byte[] bytes() {
            byte[] copy = new byte[value.remaining()];
            value.get(value.position(), copy);
            return copy;
        }

        ByteBuffer sized(int length) throws KernelException {
            if (value.remaining() < length) {
                throw new KernelException(
                        Errno.EPROTO,
                        "read netlink attribute " + type,
                        value.remaining() + " bytes where " + length + " belong");
            }
            return value;
        }
    }
}
