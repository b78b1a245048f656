package io.culvert.testkit.demo;

import java.time.Duration;
import java.util.Locale;
import java.util.Map;

/**
 * How soon after its start the demonstration has traffic flowing, once all is built. A machine that others kept busy is
 * not held to it: what took longer there is told, and no failure.
 *
 * @param limit what is promised
 * @param load of the machine at the start, before the mesh adds its own: runnable tasks, averaged over a minute;
 *     negative if the kernel does not tell
 * @param cores that the demonstration may use
 */
record StartGoal(Duration limit, double load, int cores) {
    /** Another limit, in whole seconds; for who runs this on a machine that is known to be slow, such as tests do. */
    static final String LIMIT_VARIABLE = "CULVERT_DEMO_START_LIMIT_S";

    private static final Duration PROMISED = Duration.ofSeconds(10);

    /** Above it the mesh's start, which keeps two cores busy, has to share them. */
    private static final double BUSY_LOAD_PER_CORE = 0.5;

    /** @throws IllegalArgumentException if the environment sets a limit that is none */
    static StartGoal of(Map<String, String> environment, double load, int cores) {
        String seconds = environment.getOrDefault(LIMIT_VARIABLE, "");
        if (seconds.isEmpty()) {
            return new StartGoal(PROMISED, load, cores);
        }
        if (!seconds.matches("[0-9]{1,6}")) {
            throw new IllegalArgumentException(LIMIT_VARIABLE + "=" + seconds + ": give whole seconds, such as 30");
        }
        return new StartGoal(Duration.ofSeconds(Long.parseLong(seconds)), load, cores);
    }

    /** Says how long it took, and judges it. */
    void judge(Duration took, Terminal terminal, Expectations expect) {
        terminal.say(String.format(Locale.ROOT, "First traffic flowed %.1f s after the start.", took.toMillis() / 1e3));
        boolean inTime = took.compareTo(limit) <= 0;
        if (inTime || !isBusy()) {
            expect.that(
                    inTime,
                    "first traffic flowed within " + limit.toSeconds() + " s of the start",
                    "it took " + took.toMillis() + " ms; " + LIMIT_VARIABLE + " sets another limit for a slow machine");
        } else {
            terminal.say(String.format(
                    Locale.ROOT,
                    "On a machine at rest it is %d s at most; this one was busy (load %.1f on %d cores).",
                    limit.toSeconds(),
                    load,
                    cores));
        }
    }

    private boolean isBusy() {
        return load > cores * BUSY_LOAD_PER_CORE;
    }
}
