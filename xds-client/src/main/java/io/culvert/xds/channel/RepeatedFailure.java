package io.culvert.xds.channel;

import java.time.Duration;
import java.time.Instant;

/**
 * Whether a failure is news. What is tried again and again fails again and again in the same words, and these would
 * bury everything else in the log: the first is to be told, and one every {@link #REMIND_AFTER} for those who look
 * later.
 * Used by one thread.
 */
public final class RepeatedFailure {
    static final Duration REMIND_AFTER = Duration.ofMinutes(5);

    private String last = "";
    private int times;
    private Instant told = Instant.MIN;

    /** Takes note of it. */
    public boolean isNews(String reason, Instant now) {
        boolean same = times > 0 && reason.equals(last);
        times = same ? times + 1 : 1;
        last = reason;
        boolean news = !same || !now.isBefore(told.plus(REMIND_AFTER)) || now.isBefore(told);
        if (news) {
            told = now;
        }
        return news;
    }

    /** How often it was the same, in words to append; empty the first time. */
    public String count() {
        return times > 1 ? " (" + times + " times in a row)" : "";
    }

    /**
     * It works again, and the next failure is news.
     *
     * @return how often the last failure had been the same; 0 if there was none
     */
    public int over() {
        int failures = times;
        times = 0;
        return failures;
    }
}
