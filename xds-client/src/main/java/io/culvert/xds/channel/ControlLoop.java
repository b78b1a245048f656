package io.culvert.xds.channel;

import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.Executor;

/**
 * The one thread of the control side, and its time: tasks run one after the other in the order given. Tests drive one
 * by hand, so that no test of a delay has to wait.
 */
public interface ControlLoop extends Executor, InstantSource {
    /**
     * Runs a task later.
     *
     * @param delay at least zero
     */
    Timer schedule(Duration delay, Runnable task);

    /** Whether the caller is on it. */
    boolean inLoop();

    /** A bug otherwise: state of the control side is touched on its thread only. */
    default void checkInLoop() {
        if (!inLoop()) {
            throw new IllegalStateException("not on the control thread but on " + Thread.currentThread());
        }
    }

    /** A task that waits. */
    @FunctionalInterface
    interface Timer {
        /** It will not start any more; idempotent. */
        void cancel();
    }
}
