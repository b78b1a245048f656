package io.culvert.xds.channel;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;

/** A control loop whose tasks and time move only when the test says so. */
public final class ManualLoop implements ControlLoop {
    private record Task(Instant due, long number, Runnable body) {
        Task movedBy(Duration by) {
            return new Task(due.plus(by), number, body);
        }
    }

    private final Deque<Runnable> tasks = new ArrayDeque<>();
    private final List<Task> delayed = new ArrayList<>();
    private Instant now = Instant.parse("2026-11-21T00:00:00Z");
    private long number;
    private boolean running;

    @Override
    public void execute(Runnable task) {
        tasks.add(task);
    }

    @Override
    public Timer schedule(Duration delay, Runnable body) {
        Task task = new Task(now.plus(delay), number++, body);
        delayed.add(task);
        return () -> delayed.removeIf(waiting -> waiting.number == task.number);
    }

    @Override
    public boolean inLoop() {
        return running;
    }

    @Override
    public Instant instant() {
        return now;
    }

    /** Runs what is there and what that leads to, without time passing; delays of zero count as there. */
    public void run() {
        running = true;
        try {
            for (int i = 0; i < 100_000; i++) {
                Runnable next = tasks.poll();
                if (next == null) {
                    Task due = delayed.stream()
                            .filter(task -> !task.due.isAfter(now))
                            .min(Comparator.comparing(Task::due).thenComparingLong(Task::number))
                            .orElse(null);
                    if (due == null) {
                        return;
                    }
                    delayed.remove(due);
                    next = due.body;
                }
                next.run();
            }
            throw new AssertionError("tasks without end");
        } finally {
            running = false;
        }
    }

    /** Lets time pass, stopping at every task that becomes due. */
    public void advance(Duration duration) {
        Instant end = now.plus(duration);
        run();
        while (true) {
            Instant next = delayed.stream()
                    .map(Task::due)
                    .min(Comparator.naturalOrder())
                    .orElse(end);
            if (next.isAfter(end)) {
                break;
            }
            now = next.isAfter(now) ? next : now;
            run();
            if (next.equals(end) && delayed.stream().noneMatch(task -> !task.due.isAfter(end))) {
                break;
            }
        }
        now = end;
        run();
    }

    /** The wall clock is set to another time; timers, which count real time, take no notice. */
    public void jump(Duration by) {
        now = now.plus(by);
        delayed.replaceAll(task -> task.movedBy(by));
    }

    /** How long until the next delayed task. */
    public Duration nextIn() {
        return delayed.stream()
                .map(task -> Duration.between(now, task.due))
                .min(Comparator.naturalOrder())
                .orElseThrow(() -> new AssertionError("nothing is scheduled"));
    }

    public int delayedTasks() {
        return delayed.size();
    }
}
