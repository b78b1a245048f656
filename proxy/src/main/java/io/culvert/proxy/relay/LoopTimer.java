package io.culvert.proxy.relay;

import org.jspecify.annotations.Nullable;

/** One thing to do later, on the loop that it was scheduled on. */
public final class LoopTimer {
    final Runnable task;
    final long tick;
    private final TimerWheel wheel;
    /** Neighbours in the wheel's slot; the timer is in the wheel exactly while {@link #waiting}. */
    @Nullable
    LoopTimer previous;

    @Nullable
    LoopTimer next;

    boolean waiting;

    LoopTimer(TimerWheel wheel, Runnable task, long tick) {
        this.wheel = wheel;
        this.task = task;
        this.tick = tick;
    }

    /** Forgets it at once, and what it refers to; nothing if it has run. */
    public void cancel() {
        wheel.remove(this);
    }
}
