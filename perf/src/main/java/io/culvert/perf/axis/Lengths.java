package io.culvert.perf.axis;

import io.culvert.perf.load.Line;
import java.time.Duration;

/**
 * How long things take.
 *
 * @param unit of one measured stretch
 * @param warmUp before each stretch: windows open, and the JVM has run this code in earlier stretches
 */
public record Lengths(Duration unit, Duration warmUp) {
    /** Connecting, starting, reading figures. */
    private static final Duration BESIDES = Duration.ofMillis(200);

    /** A command for a stretch of some units. */
    Line command(String verb, double units) {
        return Line.of(verb)
                .with("warmup", warmUp.toMillis())
                .with("length", length(units).toMillis());
    }

    Duration length(double units) {
        return Duration.ofMillis((long) (unit.toMillis() * units));
    }

    /** What a command for so many units takes in all. */
    Duration whole(double units) {
        return warmUp.plus(length(units)).plus(BESIDES);
    }
}
