package io.culvert.testkit.process;

import java.time.Duration;

/** Measures how long something took, for people to read. Nothing is decided by it. */
public final class Stopwatch {
    private final long startedNs = System.nanoTime();

    private Stopwatch() {}

    public static Stopwatch start() {
        return new Stopwatch();
    }

    public Duration elapsed() {
        return Duration.ofNanos(System.nanoTime() - startedNs);
    }
}
