package io.culvert.testkit.mesh;

import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who may act on a mesh, and that it ends once, however it ends: one thread at a time drives; the end comes by
 * {@link #end}, or by a shutdown hook that interrupts the driver and does not wait for it long.
 */
final class MeshDriving {
    private static final Logger log = LoggerFactory.getLogger(MeshDriving.class);
    private static final long HOOK_WAIT_SECONDS = 3;

    private final String name;
    private final Runnable takeDown;
    private final ReentrantLock lock = new ReentrantLock();
    private final Thread hook = new Thread(this::endOnExit, "testkit-mesh-exit");
    private volatile @Nullable Thread driver;
    private boolean ended;

    /** @param takeDown run once, by whoever ends the mesh */
    MeshDriving(String name, Runnable takeDown) {
        this.name = name;
        this.takeDown = takeDown;
    }

    void registerHook() {
        Runtime.getRuntime().addShutdownHook(hook);
    }

    void run(Step step) {
        Boolean _ = call(() -> {
            step.run();
            return true;
        });
    }

    <T> T call(Call<T> call) {
        lock.lock();
        driver = Thread.currentThread();
        try {
            if (ended) {
                throw new MeshFailure("mesh " + name + " is closed");
            }
            return call.run();
        } catch (IOException failure) {
            throw new MeshFailure("mesh " + name, failure);
        } finally {
            driver = null;
            lock.unlock();
        }
    }

    /** Takes the mesh down, unless that was done. */
    void end() {
        lock.lock();
        try {
            endOnce();
        } finally {
            lock.unlock();
        }
        try {
            boolean _ = Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException exiting) {
            log.debug("the JVM is ending already");
        }
    }

    private void endOnce() {
        if (!ended) {
            ended = true;
            takeDown.run();
        }
    }

    private void endOnExit() {
        Thread busy = driver;
        if (busy != null) {
            busy.interrupt();
        }
        try {
            boolean alone = lock.tryLock(HOOK_WAIT_SECONDS, TimeUnit.SECONDS);
            endOnce();
            if (alone) {
                lock.unlock();
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    @FunctionalInterface
    interface Step {
        void run() throws IOException;
    }

    @FunctionalInterface
    interface Call<T> {
        T run() throws IOException;
    }
}
