package io.culvert.testkit.workload;

import java.io.IOException;
import java.util.Locale;

/**
 * Tells ends of connections apart. The JDK has no types for them: the words are those of strerror(3), which it passes
 * on.
 */
final class Resets {
    private Resets() {}

    /** ECONNRESET on reading, ECONNRESET or EPIPE on writing after the peer's RST. */
    static boolean isReset(IOException failure) {
        String message = message(failure);
        return message.contains("connection reset") || message.contains("broken pipe");
    }

    /** ECONNREFUSED, and not one of the other reasons for which a connect may fail. */
    static boolean isRefusal(IOException failure) {
        return message(failure).contains("refused");
    }

    private static String message(IOException failure) {
        return String.valueOf(failure.getMessage()).toLowerCase(Locale.ROOT);
    }
}
