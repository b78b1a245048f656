package io.culvert.xds;

import io.culvert.xds.channel.ControlLoop;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.PriorityQueue;

/** A control loop in simulated time, whose wall clock can jump while delays go on as they were. */
final class SimulatedLoop implements ControlLoop {
    /** More in one go than any run needs: somebody calls without end. */
    private static final int TASKS_MAX = 2_000_000;

    private static final class Task {
        final long due;
        final long number;
        final Runnable body;
        boolean cancelled;

        Task(long due, long number, Runnable body) {
            this.due = due;
            this.number = number;
            this.body = body;
        }
    }

    private final PriorityQueue<Task> tasks = new PriorityQueue<>(
            Comparator.<Task>comparingLong(task -> task.due).thenComparingLong(task -> task.number));
    private Instant wall = Instant.parse("2026-11-25T00:00:00Z");
    private long now;
    private long number;
    private boolean running;

    @Override
    public void execute(Runnable task) {
        tasks.add(new Task(now, number++, task));
    }

    @Override
    public Timer schedule(Duration delay, Runnable body) {
        Task task = new Task(now + delay.toNanos(), number++, body);
        tasks.add(task);
        return () -> task.cancelled = true;
    }

    @Override
    public boolean inLoop() {
        return running;
    }

    @Override
    public Instant instant() {
        return wall.plusNanos(now);
    }

    /** Monotonic time. */
    long nanos() {
        return now;
    }

    void jump(Duration by) {
        wall = wall.plus(by);
    }

    void advance(Duration duration) {
        long end = now + duration.toNanos();
        running = true;
        try {
            int done = 0;
            while (!tasks.isEmpty() && tasks.peek().due <= end) {
                Task next = tasks.remove();
                now = next.due;
                if (!next.cancelled) {
                    next.body.run();
                }
                if (++done > TASKS_MAX) {
                    throw new AssertionError("tasks without end");
                }
            }
            now = end;
        } finally {
            running = false;
        }
    }
}
