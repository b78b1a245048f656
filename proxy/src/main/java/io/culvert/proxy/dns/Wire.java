package io.culvert.proxy.dns;

import java.nio.ByteBuffer;

/**
 * Numbers of the message format (RFC 1035 section 4.1), and the steps over it that queries and answers share. Every
 * read beyond the end is an {@link IndexOutOfBoundsException}; nothing here follows a pointer, so nothing can run in
 * circles.
 */
final class Wire {

    static final int HEADER_BYTES = 12;
    static final int MESSAGE_BYTES_MAX = 65_535;

    static final int RESPONSE = 0x8000;
    static final int OPCODE = 0x7800;
    static final int AUTHORITATIVE = 0x0400;
    static final int TRUNCATED = 0x0200;
    static final int RECURSION_DESIRED = 0x0100;
    static final int RECURSION_AVAILABLE = 0x0080;
    static final int AUTHENTIC_DATA = 0x0020;
    static final int CHECKING_DISABLED = 0x0010;
    static final int RCODE = 0x000f;

    static final int NO_ERROR = 0;
    static final int FORMAT_ERROR = 1;
    static final int SERVER_FAILURE = 2;
    static final int NOT_IMPLEMENTED = 4;
    static final int REFUSED = 5;

    static final int CLASS_IN = 1;
    /** Type, class, TTL and length of a record, behind its name. */
    static final int RECORD_FIXED_BYTES = 10;

    /** An OPT record without options: the root's name, and the fixed part. */
    static final int OPT_BYTES = 1 + RECORD_FIXED_BYTES;

    static final int LABEL_BYTES_MAX = 63;
    static final int NAME_BYTES_MAX = 255;
    /** The two upper bits of a length byte: both set for a pointer, none for a label. */
    static final int POINTER = 0xc0;

    private Wire() {}

    static int unsigned(byte[] message, int at) {
        return message[at] & 0xff;
    }

    static int short16(byte[] message, int at) {
        return unsigned(message, at) << 8 | unsigned(message, at + 1);
    }

    /** Where the name that begins at {@code at} ends: behind its root label, or behind its first pointer. */
    static int skipName(byte[] message, int at, int end) {
        int next = at;
        while (next < end) {
            int length = unsigned(message, next);
            if (length == 0) {
                return next + 1;
            }
            if ((length & POINTER) == POINTER) {
                return within(next + 2, end);
            }
            if ((length & POINTER) != 0) {
                throw new IndexOutOfBoundsException("a label of a kind that nobody has defined, at " + next);
            }
            next += 1 + length;
        }
        throw new IndexOutOfBoundsException("a name that does not end");
    }

    /** Where the record that begins at {@code at} ends. */
    static int skipRecord(byte[] message, int at, int end) {
        int fixed = skipName(message, at, end);
        within(fixed + RECORD_FIXED_BYTES, end);
        return within(fixed + RECORD_FIXED_BYTES + short16(message, fixed + 8), end);
    }

    static int within(int position, int end) {
        if (position > end) {
            throw new IndexOutOfBoundsException("ends before its content does");
        }
        return position;
    }

    /** An OPT record that says what {@code edns} says. */
    static void putOpt(ByteBuffer out, Edns edns) {
        switch (edns) {
            case Edns.Absent ignored -> {}
            case Edns.Present present ->
                out.put((byte) 0)
                        .putShort((short) RecordType.OPT.number())
                        .putShort((short) present.udpBytesMax())
                        .putInt(present.version() << 16 | (present.dnssecOk() ? 0x8000 : 0))
                        .putShort((short) 0);
        }
    }

    static int optBytes(Edns edns) {
        return switch (edns) {
            case Edns.Absent ignored -> 0;
            case Edns.Present ignored -> OPT_BYTES;
        };
    }
}
