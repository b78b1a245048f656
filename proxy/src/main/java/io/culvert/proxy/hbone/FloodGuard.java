package io.culvert.proxy.hbone;

import io.culvert.proxy.relay.DataLoop;

/**
 * Bounds what a peer can make us do for frames that cost it next to nothing: answers to PING and SETTINGS, streams that
 * are requested and reset at once (CVE-2023-44487), frames without content, and answers to its own errors.
 *
 * <p>Each kind has a rate and a burst that no tunnel of a busy node comes near; resets of streams that were answered
 * are ordinary ends of connections and are not counted. Beyond the bound the connection ends with ENHANCE_YOUR_CALM.
 */
final class FloodGuard {
    private static final long SECOND = 1_000_000_000L;

    private final DataLoop loop;
    private final Bucket pings = new Bucket(20, 200);
    private final Bucket settings = new Bucket(2, 50);
    private final Bucket abandoned = new Bucket(500, 5_000);
    private final Bucket empty = new Bucket(100, 1_000);
    private final Bucket errors = new Bucket(100, 1_000);

    FloodGuard(DataLoop loop) {
        this.loop = loop;
    }

    void onPing() throws Http2Error {
        take(pings, "PING");
    }

    void onSettings() throws Http2Error {
        take(settings, "SETTINGS");
    }

    /** A request was reset before we answered it. */
    void onAbandonedRequest() throws Http2Error {
        take(abandoned, "RST_STREAM of unanswered requests");
    }

    /** A DATA frame without content that does not end its stream. */
    void onEmptyFrame() throws Http2Error {
        take(empty, "empty DATA");
    }

    /** The peer broke the rules of a stream. */
    void onStreamError() throws Http2Error {
        take(errors, "stream errors");
    }

    private void take(Bucket bucket, String what) throws Http2Error {
        if (!bucket.take(loop.nanoTime())) {
            throw new Http2Error(ErrorCode.ENHANCE_YOUR_CALM, "too many: " + what);
        }
    }

    /** A leaky bucket: {@code burst} at once, {@code perSecond} in the long run. */
    private static final class Bucket {
        private final long interval;
        private final long tolerance;
        private long full;
        private boolean used;

        Bucket(int perSecond, int burst) {
            this.interval = SECOND / perSecond;
            this.tolerance = interval * burst;
        }

        boolean take(long now) {
            if (!used || full - now < 0) {
                used = true;
                full = now;
            }
            full += interval;
            return full - now <= tolerance;
        }
    }
}
