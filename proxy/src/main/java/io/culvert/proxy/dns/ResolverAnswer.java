package io.culvert.proxy.dns;

import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * What a resolver answered, made the answer to the client's query. Its records are left as they came, of whatever type:
 * only the header is ours, and what does not fit.
 */
final class ResolverAnswer {

    private ResolverAnswer() {}

    /** What a message from a resolver is worth. */
    enum Worth {
        /** Not the answer to what was asked; somebody else's, or nobody's. */
        NONE,
        /** The resolver cannot or will not say; another one may. */
        FAILURE,
        /** The answer, "no such name" among them. */
        ANSWER,
        /** The beginning of the answer; all of it is to be had over TCP. */
        TRUNCATED
    }

    /**
     * Judges a message: only one that repeats id and question of what was asked is an answer (RFC 5452 section 9.1).
     *
     * @param id under which it was asked
     */
    static Worth judge(byte[] message, DnsQuery query, int id) {
        if (message.length < Wire.HEADER_BYTES || Wire.short16(message, 0) != id) {
            return Worth.NONE;
        }
        int flags = Wire.short16(message, 2);
        if ((flags & Wire.RESPONSE) == 0 || (flags & Wire.OPCODE) != 0) {
            return Worth.NONE;
        }
        int code = flags & Wire.RCODE;
        boolean failure = code == Wire.FORMAT_ERROR
                || code == Wire.SERVER_FAILURE
                || code == Wire.NOT_IMPLEMENTED
                || code == Wire.REFUSED;
        int questions = Wire.short16(message, 4);
        if (questions == 0 && failure) {
            return Worth.FAILURE;
        }
        if (questions != 1 || !sameQuestion(message, query) || !isWhole(message, query.questionEnd())) {
            return Worth.NONE;
        }
        if (failure) {
            return Worth.FAILURE;
        }
        return (flags & Wire.TRUNCATED) != 0 ? Worth.TRUNCATED : Worth.ANSWER;
    }

    /** Byte by byte, letters in either case. */
    private static boolean sameQuestion(byte[] message, DnsQuery query) {
        if (message.length < query.questionEnd()) {
            return false;
        }
        for (int i = Wire.HEADER_BYTES; i < query.questionEnd(); i++) {
            if (lower(message[i]) != lower(query.bytes()[i])) {
                return false;
            }
        }
        return true;
    }

    private static int lower(byte b) {
        return b >= 'A' && b <= 'Z' ? b + 'a' - 'A' : b;
    }

    private static boolean isWhole(byte[] message, int from) {
        try {
            int at = from;
            for (int left = records(message); left > 0; left--) {
                at = Wire.skipRecord(message, at, message.length);
            }
            return true;
        } catch (IndexOutOfBoundsException malformed) {
            return false;
        }
    }

    private static int records(byte[] message) {
        return Wire.short16(message, 6) + Wire.short16(message, 8) + Wire.short16(message, 10);
    }

    /**
     * The answer for the client: under its own id and spelling of the name, not authoritative, and without the word
     * that its content was verified, which nobody here has done.
     *
     * @param message one that {@link #judge} finds worth something, with a question
     */
    static byte[] forClient(byte[] message, DnsQuery query, int bytesMax) {
        byte[] answer = message.length <= bytesMax ? message.clone() : cut(message, query, bytesMax);
        ByteBuffer out = ByteBuffer.wrap(answer);
        int kept = out.getShort(2) & (Wire.TRUNCATED | Wire.RCODE);
        out.putShort(0, (short) query.id());
        out.putShort(2, (short) (Wire.RESPONSE | query.repeatedFlags() | Wire.RECURSION_AVAILABLE | kept));
        out.put(Wire.HEADER_BYTES, query.bytes(), Wire.HEADER_BYTES, query.questionEnd() - Wire.HEADER_BYTES);
        return answer;
    }

    /** As many whole answer records as fit, and the mark that there are more. */
    private static byte[] cut(byte[] message, DnsQuery query, int bytesMax) {
        int room = bytesMax - Wire.optBytes(query.edns());
        int at = query.questionEnd();
        int kept = 0;
        for (int answers = Wire.short16(message, 6); kept < answers; kept++) {
            int end = Wire.skipRecord(message, at, message.length);
            if (end > room) {
                break;
            }
            at = end;
        }
        byte[] answer = Arrays.copyOf(message, at + Wire.optBytes(query.edns()));
        ByteBuffer out = ByteBuffer.wrap(answer).position(at);
        Wire.putOpt(out, query.edns());
        out.putShort(2, (short) (out.getShort(2) | Wire.TRUNCATED));
        out.putShort(6, (short) kept).putShort(8, (short) 0).putShort(10, (short)
                (Wire.optBytes(query.edns()) > 0 ? 1 : 0));
        return answer;
    }
}
