package io.culvert.linux.nftables;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Comments, which the kernel keeps unread as type, length, value (libnftnl's udata format, as nft(8) shows them). */
final class UserData {
    static final int ELEMENT_COMMENT = 0;
    static final int SET_COMMENT = 7;

    /** NFTNL_UDATA_COMMENT_MAXLEN less its closing zero. */
    private static final int COMMENT_BYTES_MAX = 127;

    private UserData() {}

    static void checkComment(String comment) {
        int length = comment.getBytes(StandardCharsets.UTF_8).length;
        if (length > COMMENT_BYTES_MAX || comment.indexOf(0) >= 0) {
            throw new IllegalArgumentException(
                    "a comment of " + length + " bytes; at most " + COMMENT_BYTES_MAX + ", none of them zero");
        }
    }

    static byte[] comment(int type, String comment) {
        byte[] raw = comment.getBytes(StandardCharsets.UTF_8);
        byte[] data = new byte[raw.length + 3];
        data[0] = (byte) type;
        data[1] = (byte) (raw.length + 1);
        System.arraycopy(raw, 0, data, 2, raw.length);
        return data;
    }

    /** The comment among what somebody stored, or empty; what does not parse is no comment. */
    static String readComment(byte[] data, int type) {
        int at = 0;
        while (at + 2 <= data.length) {
            int length = Byte.toUnsignedInt(data[at + 1]);
            int end = at + 2 + length;
            if (end > data.length) {
                return "";
            }
            if (data[at] == type && length > 0) {
                return new String(Arrays.copyOfRange(data, at + 2, end - 1), StandardCharsets.UTF_8);
            }
            at = end;
        }
        return "";
    }
}
