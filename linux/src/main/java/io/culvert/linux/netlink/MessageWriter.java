package io.culvert.linux.netlink;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * Writes netlink messages one behind the other: header, fixed part, attributes, nested where needed, all aligned to
 * four bytes. Numbers are in host order unless the name says big-endian. Not for use by several threads.
 */
public final class MessageWriter {
    /** Flags of a message (linux/netlink.h). */
    public static final int REQUEST = 0x01;

    public static final int ACK = 0x04;
    public static final int DUMP = 0x300;
    public static final int REPLACE = 0x100;
    public static final int EXCL = 0x200;
    public static final int CREATE = 0x400;
    public static final int APPEND = 0x800;

    /** Largest request; what the kernel refuses to take in one send is far below, by its send buffer. */
    static final int BYTES_MAX = 16 << 20;

    private static final int NESTED = 0x8000;

    private ByteBuffer buffer = ByteBuffer.allocate(4096).order(ByteOrder.nativeOrder());
    private int messageStart = -1;

    /** Opens a message; {@link #end()} closes it. */
    public MessageWriter begin(int type, int flags, int sequence) {
        if (messageStart >= 0) {
            throw new IllegalStateException("the message before is not closed");
        }
        messageStart = buffer.position();
        return u32(0).u16(type).u16(flags).u32(sequence).u32(0);
    }

    public MessageWriter end() {
        buffer.putInt(messageStart, buffer.position() - messageStart);
        messageStart = -1;
        return this;
    }

    public MessageWriter u8(int value) {
        room(1).put((byte) value);
        return this;
    }

    public MessageWriter u16(int value) {
        room(2).putShort((short) value);
        return this;
    }

    public MessageWriter u32(int value) {
        room(4).putInt(value);
        return this;
    }

    public MessageWriter u16BigEndian(int value) {
        return u8(value >>> 8).u8(value);
    }

    public MessageWriter attribute(int type, byte[] value) {
        header(type, value.length);
        room(value.length).put(value);
        return pad();
    }

    public MessageWriter attributeU8(int type, int value) {
        header(type, 1);
        return u8(value).pad();
    }

    public MessageWriter attributeU32(int type, int value) {
        header(type, 4);
        return u32(value);
    }

    public MessageWriter attributeU16BigEndian(int type, int value) {
        header(type, 2);
        return u16BigEndian(value).pad();
    }

    public MessageWriter attributeU32BigEndian(int type, int value) {
        header(type, 4);
        return u16BigEndian(value >>> 16).u16BigEndian(value);
    }

    public MessageWriter attributeU64BigEndian(int type, long value) {
        header(type, 8);
        return u16BigEndian((int) (value >>> 48))
                .u16BigEndian((int) (value >>> 32))
                .u16BigEndian((int) (value >>> 16))
                .u16BigEndian((int) value);
    }

    /** A string with its closing zero. */
    public MessageWriter attribute(int type, String value) {
        byte[] raw = value.getBytes(StandardCharsets.UTF_8);
        header(type, raw.length + 1);
        room(raw.length).put(raw);
        return u8(0).pad();
    }

    /** Opens an attribute that holds attributes; give the answer to {@link #close}. */
    public int nest(int type) {
        int start = buffer.position();
        header(type | NESTED, 0);
        return start;
    }

    /** As {@link #nest}, without the NESTED flag, for what predates it. */
    public int nestUnflagged(int type) {
        int start = buffer.position();
        header(type, 0);
        return start;
    }

    public MessageWriter close(int nest) {
        int length = buffer.position() - nest;
        if (length > 0xffff) {
            throw new IllegalArgumentException("a nested attribute of " + length + " bytes; 65535 fit");
        }
        buffer.putShort(nest, (short) length);
        return this;
    }

    public byte[] toBytes() {
        if (messageStart >= 0) {
            throw new IllegalStateException("the last message is not closed");
        }
        byte[] bytes = new byte[buffer.position()];
        buffer.get(0, bytes);
        return bytes;
    }

    private void header(int type, int length) {
        if (length + 4 > 0xffff) {
            throw new IllegalArgumentException("an attribute of " + length + " bytes; 65531 fit");
        }
        u16(length + 4).u16(type);
    }

    private MessageWriter pad() {
        while ((buffer.position() & 3) != 0) {
            u8(0);
        }
        return this;
    }

    private ByteBuffer room(int length) {
        if (buffer.remaining() < length) {
            int size = Math.max(buffer.capacity() * 2, buffer.position() + length);
            if (size > BYTES_MAX) {
                throw new IllegalArgumentException("a netlink request of more than " + BYTES_MAX + " bytes");
            }
            buffer = ByteBuffer.allocate(size).order(ByteOrder.nativeOrder()).put(buffer.flip());
        }
        return buffer;
    }
}
