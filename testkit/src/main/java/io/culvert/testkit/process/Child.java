package io.culvert.testkit.process;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/**
 * A running program. Owned by whoever started it, who closes it: SIGTERM, the time to drain, SIGKILL. Signals go by the
 * JDK's own process handle, which never hits a process that merely has the same number.
 */
public final class Child implements AutoCloseable {
    private static final int TAIL_LINES = 25;
    private static final Duration CLOSE_GRACE = Duration.ofSeconds(5);
    private static final Duration KILL_LIMIT = Duration.ofSeconds(10);

    private final Program program;
    private final Process process;
    private final LogFile log;

    Child(Program program, Process process, LogFile log) {
        this.program = program;
        this.process = process;
        this.log = log;
    }

    public String name() {
        return program.name();
    }

    public Program program() {
        return program;
    }

    public long pid() {
        return process.pid();
    }

    public boolean isAlive() {
        return process.isAlive();
    }

    public LogFile log() {
        return log;
    }

    /** Waits for a condition, failing at once when the program ends before it. */
    public <T> T await(String what, Duration limit, Await.Look<T> look) {
        return Await.until(
                name() + ": " + what,
                limit,
                () -> {
                    boolean alive = isAlive();
                    Optional<T> found = look.now();
                    if (found.isEmpty() && !alive) {
                        throw new Await.NotInTimeException(name() + " ended with status " + process.exitValue()
                                + " before: " + what + "\n" + log.tail(TAIL_LINES));
                    }
                    return found;
                },
                () -> log.tail(TAIL_LINES));
    }

    /** Waits for a line of the log from {@code position} on, and returns it. */
    public String awaitLine(String what, long position, Duration limit, Predicate<String> wanted) {
        return await("log line \"" + what + "\"", limit, () -> log.firstLineSince(position, wanted));
    }

    /** SIGTERM; does not wait. */
    public void terminate() {
        process.destroy();
    }

    /** SIGKILL, and waits until the program is gone. */
    public void kill() {
        process.destroyForcibly();
        if (!awaitExit(KILL_LIMIT)) {
            throw new Await.NotInTimeException(name() + " (pid " + pid() + ") does not end by SIGKILL");
        }
    }

    /** Whether the program ended within {@code limit}. */
    public boolean awaitExit(Duration limit) {
        try {
            return process.waitFor(limit.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            return !process.isAlive();
        }
    }

    /** The exit status, as the shell would say it (128 + signal); the program must have ended. */
    public int exitStatus() {
        return process.exitValue();
    }

    /** SIGTERM, {@code grace} to drain, SIGKILL. */
    public void stop(Duration grace) {
        terminate();
        if (!awaitExit(grace)) {
            kill();
        }
    }

    @Override
    public void close() {
        stop(CLOSE_GRACE);
    }

    @Override
    public String toString() {
        return name() + " (pid " + pid() + (isAlive() ? ")" : ", ended)");
    }
}
