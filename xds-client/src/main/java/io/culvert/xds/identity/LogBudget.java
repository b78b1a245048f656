package io.culvert.xds.identity;

import java.time.Duration;
import java.time.Instant;

/**
 * How many lines a minute may be written about one matter: when a source is away, two thousand identities fail again
 * and again, and the log would hold nothing else. Used by one thread.
 */
final class LogBudget {
    static final int LINES_MAX = 20;
    private static final Duration WINDOW = Duration.ofMinutes(1);

    private Instant windowStart = Instant.MIN;
    private int asked;

    /** Whether a line may be written now. */
    boolean takes(Instant now) {
        if (now.isBefore(windowStart) || !now.isBefore(windowStart.plus(WINDOW))) {
            windowStart = now;
            asked = 0;
        }
        return ++asked <= LINES_MAX;
    }

    /** Whether the line just taken is the last of this minute, which should say so. */
    boolean isLast() {
        return asked == LINES_MAX;
    }
}
