package io.culvert.proxy.dns;

import java.nio.ByteBuffer;

/** One question, as it came. Immutable: nobody changes the bytes that it hands out. */
final class DnsQuery {

    private final byte[] bytes;
    private final int questionEnd;
    private final DnsName name;
    private final RecordType type;
    private final boolean internet;
    private final Edns edns;

    /**
     * Made by {@link Incoming#read}.
     *
     * @param bytes the whole message, without what may have stood behind its last record
     * @param questionEnd where the question ends; it begins behind the header
     * @param type what is asked for
     * @param internet whether it is asked for class IN
     */
    DnsQuery(byte[] bytes, int questionEnd, DnsName name, RecordType type, boolean internet, Edns edns) {
        this.bytes = bytes;
        this.questionEnd = questionEnd;
        this.name = name;
        this.type = type;
        this.internet = internet;
        this.edns = edns;
    }

    byte[] bytes() {
        return bytes;
    }

    int questionEnd() {
        return questionEnd;
    }

    DnsName name() {
        return name;
    }

    RecordType type() {
        return type;
    }

    boolean internet() {
        return internet;
    }

    Edns edns() {
        return edns;
    }

    int id() {
        return Wire.short16(bytes, 0);
    }

    /** Opcode, RD and CD, which an answer repeats (RFC 1035 section 4.1.1, RFC 4035 section 3.2.2). */
    int repeatedFlags() {
        return Wire.short16(bytes, 2) & (Wire.OPCODE | Wire.RECURSION_DESIRED | Wire.CHECKING_DISABLED);
    }

    /** The same under another id, for a resolver. */
    byte[] withId(int id) {
        byte[] copy = bytes.clone();
        ByteBuffer.wrap(copy).putShort(0, (short) id);
        return copy;
    }

    @Override
    public String toString() {
        return name + " " + type;
    }
}
