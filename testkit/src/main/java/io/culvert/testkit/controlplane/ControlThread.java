package io.culvert.testkit.controlplane;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** The one thread that owns the state of a control plane. */
final class ControlThread implements AutoCloseable {
    private final ScheduledThreadPoolExecutor executor = new ScheduledThreadPoolExecutor(
            1, Thread.ofPlatform().name("testkit-control").daemon(true).factory());

    ControlThread() {
        executor.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    }

    ExecutorService executor() {
        return executor;
    }

    /** Does something there, and returns when it is done. */
    void run(Runnable work) {
        await(executor.submit(work));
    }

    /** Does something there after a while, and does not wait for it; nothing once the thread ends. */
    void later(Duration delay, Runnable work) {
        if (!executor.isShutdown()) {
            var _ = executor.schedule(work, delay.toNanos(), TimeUnit.NANOSECONDS);
        }
    }

    <T> T call(Callable<T> work) {
        return await(executor.submit(work));
    }

    private static <T> T await(Future<T> done) {
        try {
            return done.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while the control thread worked", e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException failure) {
                throw failure;
            }
            throw new IllegalStateException(e.getCause());
        }
    }

    @Override
    public void close() {
        executor.shutdown();
    }
}
