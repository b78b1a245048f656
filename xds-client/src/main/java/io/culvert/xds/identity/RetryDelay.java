package io.culvert.xds.identity;

import java.time.Duration;
import java.time.Instant;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * How long to wait after a failed request for one identity: 1 s, doubling, each ±20 %, never over 150 s, which it is
 * also when failures have lasted for 15 minutes (ztunnel identity/manager.rs).
 */
final class RetryDelay {
    static final Duration LONGEST = Duration.ofSeconds(150);
    private static final Duration FIRST = Duration.ofSeconds(1);
    private static final Duration BUDGET = Duration.ofMinutes(15);
    private static final double JITTER = 0.2;

    private Duration interval = FIRST;
    private @Nullable Instant firstFailure;

    Duration afterFailure(Instant now, RandomGenerator random) {
        if (firstFailure == null) {
            firstFailure = now;
        }
        if (firstFailure.plus(BUDGET).isBefore(now)) {
            return LONGEST;
        }
        double factor = 1 - JITTER + 2 * JITTER * random.nextDouble();
        Duration delay = Duration.ofMillis((long) (interval.toMillis() * factor));
        interval = capped(interval.multipliedBy(2));
        return capped(delay);
    }

    private static Duration capped(Duration delay) {
        return delay.compareTo(LONGEST) > 0 ? LONGEST : delay;
    }

    void reset() {
        interval = FIRST;
        firstFailure = null;
    }
}
