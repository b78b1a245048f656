package io.culvert.proxy.tls;

import io.culvert.xds.channel.ControlLoop;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** A control loop whose time is that of the test: what is scheduled runs when the test says so. */
final class ControlLoopForTests implements ControlLoop {
    private final List<Runnable> waiting = new ArrayList<>();

    @Override
    public Timer schedule(Duration delay, Runnable task) {
        waiting.add(task);
        return () -> waiting.remove(task);
    }

    /** Runs what waits now, and not what that schedules. */
    void tick() {
        List<Runnable> due = List.copyOf(waiting);
        waiting.clear();
        due.forEach(Runnable::run);
    }

    @Override
    public boolean inLoop() {
        return true;
    }

    @Override
    public void execute(Runnable task) {
        task.run();
    }

    @Override
    public Instant instant() {
        return Instant.EPOCH;
    }
}
