package io.culvert.xds.identity;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;

/**
 * The few values of ASN.1 that a certificate request is made of, in DER (ITU-T X.690): tag, length, content. Only
 * writing; whatever comes from outside is read by the JDK.
 */
final class Der {
    static final int BOOLEAN = 0x01;
    static final int INTEGER = 0x02;
    static final int BIT_STRING = 0x03;
    static final int OCTET_STRING = 0x04;
    static final int OBJECT_IDENTIFIER = 0x06;
    static final int SEQUENCE = 0x30;
    static final int SET = 0x31;

    /** A primitive value of a context, which stands for the type that the grammar gives it (X.690 section 8.14). */
    static final int CONTEXT = 0x80;

    /** As {@link #CONTEXT}, of a value that consists of others. */
    static final int CONTEXT_CONSTRUCTED = 0xa0;

    private static final int LENGTH_SHORT_MAX = 0x7f;

    private Der() {}

    /** One value, whose content is the given pieces one after the other. */
    static byte[] value(int tag, byte[]... pieces) {
        int length = Arrays.stream(pieces).mapToInt(piece -> piece.length).sum();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(tag);
        writeLength(out, length);
        for (byte[] piece : pieces) {
            out.writeBytes(piece);
        }
        return out.toByteArray();
    }

    /** X.690 section 8.1.3: itself up to 127; above, the number of bytes with the high bit set, and the bytes. */
    private static void writeLength(ByteArrayOutputStream out, int length) {
        if (length <= LENGTH_SHORT_MAX) {
            out.write(length);
            return;
        }
        int bytes = (Integer.SIZE - Integer.numberOfLeadingZeros(length) + Byte.SIZE - 1) / Byte.SIZE;
        out.write((LENGTH_SHORT_MAX + 1) | bytes);
        for (int shift = (bytes - 1) * Byte.SIZE; shift >= 0; shift -= Byte.SIZE) {
            out.write(length >>> shift);
        }
    }

    /**
     * An object identifier by its arcs (X.690 section 8.19): the first two in one, each in groups of seven bits.
     *
     * @param first 0 to 2
     * @param second below 40
     */
    static byte[] identifier(int first, int second, int... arcs) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(first * 40 + second);
        for (int arc : arcs) {
            int groups = Math.max(1, (Integer.SIZE - Integer.numberOfLeadingZeros(arc) + 6) / 7);
            for (int group = groups - 1; group >= 0; group--) {
                int sevenBits = (arc >>> (group * 7)) & 0x7f;
                out.write(group > 0 ? sevenBits | 0x80 : sevenBits);
            }
        }
        return value(OBJECT_IDENTIFIER, out.toByteArray());
    }
}
