package io.culvert.perf.load;

import java.time.Duration;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * A load's time: warm-up, whose figures are thrown away, then what counts. Says {@code started} when the second begins,
 * so that the harness reads the processes' CPU time for exactly that.
 */
record Stretch(Duration warmUp, Duration length, LongSupplier nanoTicker, Consumer<Line> say) {

    static Stretch of(Line command, LongSupplier nanoTicker, Consumer<Line> say) {
        return new Stretch(command.millis("warmup"), command.millis("length"), nanoTicker, say);
    }

    long now() {
        return nanoTicker.getAsLong();
    }

    void started() {
        say.accept(Line.of("started"));
    }

    /** What comes after is not the load's any more, but the work on its result. */
    void ended() {
        say.accept(Line.of("ended"));
    }
}
