package io.culvert.agent.enrol;

import java.time.Duration;

/**
 * Waits between attempts: 5 ms, doubled each time, at most 5 s [istio pkg/kube/controllers/queue.go]. Confined to one
 * lane.
 */
final class Backoff {
    private static final Duration FIRST = Duration.ofMillis(5);
    private static final Duration MAX = Duration.ofSeconds(5);
    /** Where doubling has passed the maximum for good. */
    private static final int DOUBLINGS_MAX = 10;

    private int failures;

    Duration next() {
        Duration wait = FIRST.multipliedBy(1L << failures);
        failures = Math.min(failures + 1, DOUBLINGS_MAX);
        return wait.compareTo(MAX) < 0 ? wait : MAX;
    }

    void reset() {
        failures = 0;
    }
}
