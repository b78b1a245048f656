package io.culvert.testkit.process;

import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;

/**
 * The one place of the testkit that waits by looking again: at process boundaries there is nothing to be notified by.
 * Each wait has a limit, and its failure says what was awaited, for how long, what was seen last, and a hint from the
 * caller.
 */
public final class Await {
    /** Short against everything that is awaited (a JVM start, a log line), long against the cost of a look. */
    private static final long PAUSE_NS = TimeUnit.MILLISECONDS.toNanos(10);

    private Await() {}

    /**
     * Waits until {@code look} finds something. An {@link IOException} counts as "not yet", and is told in the failure.
     */
    public static <T> T until(String what, Duration limit, Look<T> look, Supplier<String> hint) {
        long deadline = System.nanoTime() + limit.toNanos();
        IOException last = null;
        while (true) {
            try {
                Optional<T> found = look.now();
                if (found.isPresent()) {
                    return found.get();
                }
            } catch (IOException failure) {
                last = failure;
            }
            if (Thread.currentThread().isInterrupted()) {
                throw new NotInTimeException("interrupted while awaiting " + what);
            }
            if (System.nanoTime() - deadline >= 0) {
                String seen = last == null ? "" : "; last failure: " + last.getMessage();
                throw new NotInTimeException(
                        what + " did not happen within " + limit.toMillis() + " ms" + seen + "\n" + hint.get());
            }
            LockSupport.parkNanos(PAUSE_NS);
        }
    }

    /** Waits until {@code condition} holds. */
    public static void untilTrue(String what, Duration limit, Condition condition, Supplier<String> hint) {
        Optional<Boolean> yes = Optional.of(true);
        var _ = until(what, limit, () -> condition.holds() ? yes : Optional.empty(), hint);
    }

    /** One look at the outside world. */
    @FunctionalInterface
    public interface Look<T> {
        Optional<T> now() throws IOException;
    }

    /** One question to the outside world. */
    @FunctionalInterface
    public interface Condition {
        boolean holds() throws IOException;
    }

    /** What was awaited did not come. The message is for the person who reads a failed test. */
    public static final class NotInTimeException extends RuntimeException {
        private static final long serialVersionUID = 1;

        public NotInTimeException(String message) {
            super(message);
        }
    }
}
