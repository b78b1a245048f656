package io.culvert.proxy.inpod;

import java.util.concurrent.atomic.AtomicBoolean;

/** Runs an action the first time it is run, and never again. */
final class Once implements Runnable {

    private final Runnable action;
    private final AtomicBoolean done = new AtomicBoolean();

    Once(Runnable action) {
        this.action = action;
    }

    @Override
    public void run() {
        if (done.compareAndSet(false, true)) {
            action.run();
        }
    }
}
