package io.culvert.proxy.relay;

import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Steps of TLS handshakes that wait for their turn on one loop. A step takes as long as hundreds of reads (a key
 * exchange, a signature, a chain of certificates), and many clients may come at once: behind the events of an iteration
 * runs one step, or as many as fit into the time that the iteration's traffic took, at most {@value #SHARE_MAX_MICROS}
 * microseconds. So running connections wait for one step, however many handshakes have arrived, and on a loop full of
 * traffic handshakes get half of the time.
 *
 * <p>First come, first served. How long a step waits is bounded by the handshake's own deadline: who has given up costs
 * nothing at its turn. Beyond {@value #WAITING_MAX} waiting steps, which no loop gets done before that deadline, a
 * newcomer is refused at once.
 *
 * <p>Steps are added and run by the loop's thread; the figures may be read by any.
 */
public final class HandshakeQueue {
    private static final Logger LOG = LoggerFactory.getLogger(HandshakeQueue.class);
    /** About ten seconds' work at a millisecond each. */
    static final int WAITING_MAX = 10_000;

    static final long SHARE_MAX_MICROS = 2_000;
    private static final long SHARE_MAX_NANOS = TimeUnit.MICROSECONDS.toNanos(SHARE_MAX_MICROS);

    private final LongSupplier nanoTicker;
    private final Consumer<Runnable> thisIteration;
    private final Consumer<Runnable> nextIteration;
    private final ArrayDeque<Waiting> queue = new ArrayDeque<>();
    private final Runnable run = this::run;
    private final LongAdder steps = new LongAdder();
    private final LongAdder waitedNanos = new LongAdder();
    private final LongAdder refused = new LongAdder();
    private volatile int waiting;
    private boolean posted;
    /** When the last steps ended, if others were left waiting. */
    private long leftAtNanos;

    private boolean left;

    /** A handshake; it is in the queue at most once, by a flag of its own. */
    public interface Handshake {
        /** Reads and makes one step. False if there was nothing to be done: then the next one runs at once. */
        boolean onHandshakeTurn();

        /** {@code cause} escaped from {@link #onHandshakeTurn()}: a defect of this program. */
        void onTurnFailed(Throwable cause);
    }

    private record Waiting(Handshake handshake, long sinceNanos) {}

    /**
     * An empty queue.
     *
     * @param thisIteration runs behind the events of the loop's iteration
     * @param nextIteration runs behind those of the next one
     */
    HandshakeQueue(LongSupplier nanoTicker, Consumer<Runnable> thisIteration, Consumer<Runnable> nextIteration) {
        this.nanoTicker = nanoTicker;
        this.thisIteration = thisIteration;
        this.nextIteration = nextIteration;
    }

    /** Has {@code handshake} make a step when its turn comes. False: too many wait, and it never will. */
    public boolean add(Handshake handshake) {
        if (queue.size() >= WAITING_MAX) {
            refused.increment();
            return false;
        }
        queue.addLast(new Waiting(handshake, nanoTicker.getAsLong()));
        waiting = queue.size();
        if (!posted) {
            posted = true;
            thisIteration.accept(run);
        }
        return true;
    }

    private void run() {
        long now = nanoTicker.getAsLong();
        long share = left ? Math.min(now - leftAtNanos, SHARE_MAX_NANOS) : 0;
        long until = now + share;
        // Who comes again while this runs has its turn behind everybody.
        for (int turns = queue.size(); turns > 0; turns--) {
            Waiting next = queue.pollFirst();
            if (next != null && step(next, now)) {
                now = nanoTicker.getAsLong();
                if (now - until >= 0) {
                    break;
                }
            }
        }
        waiting = queue.size();
        left = !queue.isEmpty();
        posted = left;
        if (left) {
            leftAtNanos = now;
            nextIteration.accept(run);
        }
    }

    private boolean step(Waiting next, long now) {
        try {
            if (!next.handshake.onHandshakeTurn()) {
                return false;
            }
        } catch (Throwable e) {
            LOG.error("a handshake ends by a defect of this program", e);
            next.handshake.onTurnFailed(e);
        }
        steps.increment();
        waitedNanos.add(now - next.sinceNanos);
        return true;
    }

    /** Steps that wait. */
    public int waiting() {
        return waiting;
    }

    /** Steps made so far. */
    public long steps() {
        return steps.sum();
    }

    /** Nanoseconds that those have waited together. */
    public long waitedNanos() {
        return waitedNanos.sum();
    }

    /** Handshakes refused because too many waited. */
    public long refused() {
        return refused.sum();
    }
}
