package io.culvert.proxy.dns;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** What a message that came to the server is. */
sealed interface Incoming {

    /** A question to be answered. */
    record Question(DnsQuery query) implements Incoming {}

    /**
     * Something else, to be refused.
     *
     * @param id repeated in the refusal
     * @param flags the header's second word
     * @param code the response code
     */
    record Unusable(int id, int flags, int code) implements Incoming {}

    /**
     * Nothing that may be answered: less than a header, or itself an answer. Two servers that answer answers would
     * never end (hickory-server handle_raw_request drops them for that, before ztunnel's own handler could refuse
     * them).
     */
    record NotAnswerable() implements Incoming {}

    /** Reads a message of whatever origin. */
    static Incoming read(byte[] message) {
        if (message.length < Wire.HEADER_BYTES) {
            return new NotAnswerable();
        }
        int flags = Wire.short16(message, 2);
        if ((flags & Wire.RESPONSE) != 0) {
            return new NotAnswerable();
        }
        int id = Wire.short16(message, 0);
        if ((flags & Wire.OPCODE) != 0) {
            return new Unusable(id, flags, Wire.NOT_IMPLEMENTED);
        }
        // RFC 9619: a query with another number of questions than one is malformed.
        if (Wire.short16(message, 4) != 1) {
            return new Unusable(id, flags, Wire.FORMAT_ERROR);
        }
        try {
            return new Question(question(message));
        } catch (IndexOutOfBoundsException malformed) {
            return new Unusable(id, flags, Wire.FORMAT_ERROR);
        }
    }

    private static DnsQuery question(byte[] message) {
        List<String> labels = new ArrayList<>();
        int at = Wire.HEADER_BYTES;
        while (Wire.unsigned(message, at) != 0) {
            int length = Wire.unsigned(message, at);
            // No pointer either: nothing stands before the first name that it could point to.
            if (length > Wire.LABEL_BYTES_MAX || at + 1 + length - Wire.HEADER_BYTES >= Wire.NAME_BYTES_MAX) {
                throw new IndexOutOfBoundsException("a question whose name is malformed");
            }
            labels.add(label(message, at + 1, Wire.within(at + 1 + length, message.length)));
            at += 1 + length;
        }
        int type = Wire.short16(message, at + 1);
        int recordClass = Wire.short16(message, at + 3);
        int questionEnd = at + 5;
        Records records = records(message, questionEnd);
        return new DnsQuery(
                records.end() == message.length ? message : Arrays.copyOf(message, records.end()),
                questionEnd,
                new DnsName(labels),
                new RecordType(type),
                recordClass == Wire.CLASS_IN,
                records.edns());
    }

    private static String label(byte[] message, int from, int to) {
        StringBuilder label = new StringBuilder(to - from);
        for (int i = from; i < to; i++) {
            char c = (char) Wire.unsigned(message, i);
            if (c == '.' || c == '\\') {
                label.append('\\');
            }
            label.append(c >= 'A' && c <= 'Z' ? (char) (c + 'a' - 'A') : c);
        }
        return label.toString();
    }

    /** What follows the question: where it ends, and what its OPT record says. */
    record Records(int end, Edns edns) {}

    private static Records records(byte[] message, int from) {
        int before = Wire.short16(message, 6) + Wire.short16(message, 8);
        int all = before + Wire.short16(message, 10);
        int at = from;
        Edns edns = new Edns.Absent();
        for (int i = 0; i < all; i++) {
            int end = Wire.skipRecord(message, at, message.length);
            int fixed = Wire.skipName(message, at, message.length);
            if (i >= before && Wire.short16(message, fixed) == RecordType.OPT.number()) {
                // RFC 6891 section 6.1.1: at most one, and of the root.
                if (edns instanceof Edns.Present || fixed != at + 1) {
                    throw new IndexOutOfBoundsException("more than one OPT record, or one with a name");
                }
                int ttl = Wire.short16(message, fixed + 4) << 16 | Wire.short16(message, fixed + 6);
                edns = new Edns.Present(Wire.short16(message, fixed + 2), ttl >>> 16 & 0xff, (ttl & 0x8000) != 0);
            }
            at = end;
        }
        return new Records(at, edns);
    }
}
