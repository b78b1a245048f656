package io.culvert.proxy.dns;

import io.culvert.xds.mesh.IpAddress;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * Writes answers of the proxy's own. Names are compressed (RFC 1035 section 4.1.4): the name that was asked for is a
 * pointer to the question, so that an address takes 16 bytes and not a name each.
 */
final class AnswerWriter {

    /** Of every record that comes from the mesh: services change, and a push is not seen by who remembers. */
    static final int TTL_SECONDS = 30;

    private static final int QUESTION_POINTER = Wire.POINTER << 8 | Wire.HEADER_BYTES;
    private static final int POINTER_BYTES = 2;
    private static final int ALIAS_BYTES_MAX = POINTER_BYTES + Wire.RECORD_FIXED_BYTES + Wire.NAME_BYTES_MAX;
    private static final int ADDRESS_BYTES_MAX = POINTER_BYTES + Wire.RECORD_FIXED_BYTES + 16;
    private static final int ANSWER_COUNT_AT = 6;
    private static final int ADDITIONAL_COUNT_AT = 10;

    private AnswerWriter() {}

    /**
     * An answer of the mesh, for which the proxy is the authority.
     *
     * @param shuffled in the order in which they are to stand; empty for a name without records
     * @param labelsKept of the name that was asked for, as many make the name that has the addresses; 0: the name
     *     itself
     * @param bytesMax records that do not fit are left out, and the answer says so
     */
    static byte[] ofMesh(DnsQuery query, List<IpAddress> shuffled, int labelsKept, int bytesMax) {
        int most = query.questionEnd() + ALIAS_BYTES_MAX + shuffled.size() * ADDRESS_BYTES_MAX + Wire.OPT_BYTES;
        ByteBuffer out = begin(query, Wire.AUTHORITATIVE, Wire.NO_ERROR, Math.min(most, bytesMax));
        int room = out.capacity() - Wire.optBytes(query.edns());
        int owner = QUESTION_POINTER;
        int records = 0;
        if (labelsKept > 0 && !shuffled.isEmpty()) {
            int length = nameBytes(query, labelsKept);
            record(out, QUESTION_POINTER, RecordType.CNAME, length + 1);
            owner = Wire.POINTER << 8 | out.position();
            out.put(query.bytes(), Wire.HEADER_BYTES, length).put((byte) 0);
            records++;
        }
        boolean truncated = false;
        for (IpAddress address : shuffled) {
            byte[] bytes = address.toBytes();
            if (out.position() + POINTER_BYTES + Wire.RECORD_FIXED_BYTES + bytes.length > room) {
                truncated = true;
                break;
            }
            record(out, owner, address.isV4() ? RecordType.A : RecordType.AAAA, bytes.length);
            out.put(bytes);
            records++;
        }
        out.putShort(ANSWER_COUNT_AT, (short) records);
        return finish(out, query, truncated);
    }

    /** The question, without an answer to it. */
    static byte[] failure(DnsQuery query, int code) {
        ByteBuffer out = begin(query, 0, code, query.questionEnd() + Wire.OPT_BYTES);
        return finish(out, query, false);
    }

    /** To what cannot be read or is not served: a header alone. */
    static byte[] refusal(Incoming.Unusable unusable) {
        int repeated = unusable.flags() & (Wire.OPCODE | Wire.RECURSION_DESIRED | Wire.CHECKING_DISABLED);
        ByteBuffer out = ByteBuffer.allocate(Wire.HEADER_BYTES);
        out.putShort((short) unusable.id());
        out.putShort((short) (Wire.RESPONSE | repeated | Wire.RECURSION_AVAILABLE | unusable.code()));
        return out.array();
    }

    private static ByteBuffer begin(DnsQuery query, int flags, int code, int bytes) {
        ByteBuffer out = ByteBuffer.allocate(bytes);
        out.putShort((short) query.id());
        out.putShort((short) (Wire.RESPONSE | query.repeatedFlags() | Wire.RECURSION_AVAILABLE | flags | code));
        out.putShort((short) 1).putShort((short) 0).putInt(0);
        out.put(query.bytes(), Wire.HEADER_BYTES, query.questionEnd() - Wire.HEADER_BYTES);
        return out;
    }

    private static byte[] finish(ByteBuffer out, DnsQuery query, boolean truncated) {
        if (Wire.optBytes(query.edns()) > 0) {
            Wire.putOpt(out, query.edns());
            out.putShort(ADDITIONAL_COUNT_AT, (short) 1);
        }
        if (truncated) {
            out.putShort(2, (short) (out.getShort(2) | Wire.TRUNCATED));
        }
        byte[] written = new byte[out.position()];
        out.get(0, written);
        return written;
    }

    private static void record(ByteBuffer out, int owner, RecordType type, int dataBytes) {
        out.putShort((short) owner)
                .putShort((short) type.number())
                .putShort((short) Wire.CLASS_IN)
                .putInt(TTL_SECONDS)
                .putShort((short) dataBytes);
    }

    /** How many bytes the first labels of the question's name take, with their lengths. */
    private static int nameBytes(DnsQuery query, int labels) {
        int at = Wire.HEADER_BYTES;
        for (int i = 0; i < labels; i++) {
            at += 1 + Wire.unsigned(query.bytes(), at);
        }
        return at - Wire.HEADER_BYTES;
    }
}
