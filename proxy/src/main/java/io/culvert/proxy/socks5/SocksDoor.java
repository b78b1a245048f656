package io.culvert.proxy.socks5;

import io.culvert.proxy.pod.PodLoop;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a pod's conversations on one loop share: how many there are, and how much is said of those that fail.
 *
 * <p>The applications that come here are the pod's own, but the descriptors are the process's: beyond {@value
 * #TALKING_MAX} conversations at a time, which is more than an application opens in the time that one takes, a newcomer
 * is reset.
 */
public final class SocksDoor {
    static final int TALKING_MAX = 512;

    /** Of one pod and loop: enough to see what is wrong, too few to bury the log. */
    static final int LINES_A_MINUTE_MAX = 20;

    private static final Logger LOG = LoggerFactory.getLogger(SocksDoor.class);
    private static final long WINDOW_NANOS = TimeUnit.MINUTES.toNanos(1);

    private final PodLoop pod;
    private final SocksNames names;
    private final SocksMetrics metrics;
    private final int talkingMax;
    private final long talkMs;
    private int talking;
    private long windowNanos;
    private int lines;

    public SocksDoor(PodLoop pod, SocksNames names, SocksMetrics metrics) {
        this(pod, names, metrics, TALKING_MAX, SocksConnection.TALK_MS);
    }

    /** With bounds that a test can reach. */
    SocksDoor(PodLoop pod, SocksNames names, SocksMetrics metrics, int talkingMax, long talkMs) {
        this.pod = pod;
        this.names = names;
        this.metrics = metrics;
        this.talkingMax = talkingMax;
        this.talkMs = talkMs;
        this.windowNanos = pod.loop().nanoTime();
    }

    PodLoop pod() {
        return pod;
    }

    SocksNames names() {
        return names;
    }

    /** What one conversation may take. */
    long talkMs() {
        return talkMs;
    }

    /** Lets one more in; false if there are too many. */
    boolean enter() {
        if (talking >= talkingMax) {
            metrics.refused("busy");
            say("too many conversations at a time: {} are under way", talking);
            return false;
        }
        talking++;
        return true;
    }

    void leave() {
        talking--;
    }

    /** Conversations under way. */
    int talking() {
        return talking;
    }

    void refused(SocksRefusal refusal) {
        metrics.refused(refusal.kind().label());
        say("failed to negotiate socks connection: {}", refusal);
    }

    void timedOut() {
        metrics.refused("timeout");
        say("failed to negotiate socks connection: no request within {} ms", talkMs);
    }

    private void say(String format, Object argument) {
        long now = pod.loop().nanoTime();
        if (now - windowNanos >= WINDOW_NANOS) {
            windowNanos = now;
            lines = 0;
        }
        lines++;
        if (lines < LINES_A_MINUTE_MAX) {
            LOG.warn(format, argument);
        } else if (lines == LINES_A_MINUTE_MAX) {
            LOG.warn(format + "; more of this minute is only counted (culvert_socks5_refused_total)", argument);
        }
    }
}
