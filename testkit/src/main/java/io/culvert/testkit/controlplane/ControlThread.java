package io.culvert.testkit.controlplane;

import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** The one thread that owns the state of a control plane. */
final class ControlThread implements AutoCloseable {
    private final ExecutorService executor = Executors.newSingleThreadExecutor(
            Thread.ofPlatform().name("testkit-control").daemon(true).factory());

    ExecutorService executor() {
        return executor;
    }

    /** Does something there, and returns when it is done. */
    void run(Runnable work) {
        await(executor.submit(work));
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
