package io.culvert.proxy.relay;

import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The timers of one loop: constant time to set and to cancel, a precision of {@value #TICK_MS} ms, never early.
 *
 * <p>Connections set a timer each and nearly all of them cancel it, which a heap of futures makes expensive. A wheel of
 * slots with linked lists does not; the event loop's own timer is armed only for the earliest slot that has something
 * due.
 */
final class TimerWheel {
    private static final Logger LOG = LoggerFactory.getLogger(TimerWheel.class);

    static final int TICK_MS = 16;
    /** One revolution is 8.2 s; a later timer stays in its slot for further revolutions. */
    private static final int SLOTS = 512;

    private static final long NONE = Long.MAX_VALUE;

    private final LongSupplier nanoTicker;
    private final Alarm alarm;
    private final long startNanos;
    private final @Nullable LoopTimer[] slots = new LoopTimer[SLOTS];
    /** Every tick up to this one has been run. */
    private long doneTick;

    private long armedTick = NONE;
    private int waiting;

    /** Calls {@link #run()} after at least {@code delayMs}; earlier requests stay valid. */
    interface Alarm {
        void setMs(long delayMs);
    }

    TimerWheel(LongSupplier nanoTicker, Alarm alarm) {
        this.nanoTicker = nanoTicker;
        this.alarm = alarm;
        this.startNanos = nanoTicker.getAsLong();
    }

    int waiting() {
        return waiting;
    }

    LoopTimer schedule(Runnable task, long delayMs) {
        long now = elapsedMs();
        long tick = Math.max(doneTick + 1, (now + Math.max(0, delayMs) + TICK_MS - 1) / TICK_MS);
        LoopTimer timer = new LoopTimer(this, task, tick);
        int slot = (int) (tick % SLOTS);
        LoopTimer first = slots[slot];
        timer.next = first;
        if (first != null) {
            first.previous = timer;
        }
        slots[slot] = timer;
        timer.waiting = true;
        waiting++;
        if (tick < armedTick) {
            arm(tick, now);
        }
        return timer;
    }

    void remove(LoopTimer timer) {
        if (!timer.waiting) {
            return;
        }
        timer.waiting = false;
        waiting--;
        LoopTimer before = timer.previous;
        LoopTimer after = timer.next;
        if (before == null) {
            slots[(int) (timer.tick % SLOTS)] = after;
        } else {
            before.next = after;
        }
        if (after != null) {
            after.previous = before;
        }
        timer.previous = null;
        timer.next = null;
    }

    /** Runs what is due. */
    void run() {
        long nowTick = elapsedMs() / TICK_MS;
        armedTick = NONE;
        long behind = Math.min(nowTick - doneTick, SLOTS);
        for (long i = 1; i <= behind; i++) {
            runSlot((int) ((nowTick - behind + i) % SLOTS), nowTick);
        }
        doneTick = Math.max(doneTick, nowTick);
        rearm();
    }

    private void runSlot(int slot, long nowTick) {
        // A task may set or cancel any timer, also in this slot: start again from its head after each.
        for (LoopTimer due = firstDue(slot, nowTick); due != null; due = firstDue(slot, nowTick)) {
            remove(due);
            try {
                due.task.run();
            } catch (Throwable e) {
                // The other timers are not to suffer.
                LOG.error("a timer failed by a defect of this program", e);
            }
        }
    }

    private @Nullable LoopTimer firstDue(int slot, long nowTick) {
        LoopTimer timer = slots[slot];
        while (timer != null && timer.tick > nowTick) {
            timer = timer.next;
        }
        return timer;
    }

    private void rearm() {
        if (waiting == 0) {
            return;
        }
        for (long tick = doneTick + 1; tick <= doneTick + SLOTS; tick++) {
            for (LoopTimer timer = slots[(int) (tick % SLOTS)]; timer != null; timer = timer.next) {
                if (timer.tick <= tick) {
                    arm(tick, elapsedMs());
                    return;
                }
            }
        }
        arm(doneTick + SLOTS, elapsedMs());
    }

    private void arm(long tick, long nowMs) {
        if (tick < armedTick) {
            armedTick = tick;
            alarm.setMs(Math.max(0, tick * TICK_MS - nowMs));
        }
    }

    private long elapsedMs() {
        return (nanoTicker.getAsLong() - startNanos) / 1_000_000;
    }
}
