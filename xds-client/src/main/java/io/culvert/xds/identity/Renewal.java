package io.culvert.xds.identity;

import java.time.Duration;
import java.time.Instant;
import java.util.random.RandomGenerator;

/**
 * When a certificate is to be renewed. The original renews at exactly half life: the pods that a node started with then
 * ask all at once, twelve hours later and for ever after.
 */
public enum Renewal {
    /** At half life (ztunnel identity/manager.rs). */
    AT_HALF_LIFE(0),
    /** At 45 to 55 hundredths of its life, so that those that came together drift apart; on average the same load. */
    AROUND_HALF_LIFE(0.05);

    /** Not sooner than this after it came, however short it lives: a source is not asked in a loop. */
    static final Duration PAUSE = Duration.ofSeconds(1);

    private static final double HALF = 0.5;

    private final double spread;

    Renewal(double spread) {
        this.spread = spread;
    }

    /**
     * One that comes when that time is past, because it is an old one or because this node's clock is ahead, is renewed
     * in the middle of what is left: without that a node whose clock is wrong would ask for all its pods every second.
     */
    Instant due(WorkloadCertificate certificate, Instant now, RandomGenerator random) {
        double part = HALF + spread * (2 * random.nextDouble() - 1);
        Instant regular = certificate
                .notBefore()
                .plus(scaled(Duration.between(certificate.notBefore(), certificate.notAfter()), part));
        Instant due =
                regular.isAfter(now) ? regular : now.plus(scaled(Duration.between(now, certificate.notAfter()), part));
        Instant earliest = now.plus(PAUSE);
        return due.isAfter(earliest) ? due : earliest;
    }

    private static Duration scaled(Duration whole, double part) {
        return Duration.ofMillis((long) (whole.toMillis() * part));
    }
}
