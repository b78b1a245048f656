package io.culvert.linux.nftables;

import java.nio.charset.StandardCharsets;

/** Names of tables, chains and sets: checked here, so that an error says which. */
final class Names {
    /** NFT_NAME_MAXLEN less the closing zero. */
    private static final int BYTES_MAX = 255;

    private Names() {}

    static void check(String name) {
        boolean valid = !name.isEmpty()
                && name.getBytes(StandardCharsets.UTF_8).length <= BYTES_MAX
                && name.codePoints().noneMatch(c -> Character.isISOControl(c) || Character.isWhitespace(c));
        if (!valid) {
            throw new IllegalArgumentException("not a name for a table, chain or set: \"" + name + "\"");
        }
    }
}
