package io.culvert.xds.channel;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The control loop of a process: a platform thread named {@code culvert-control}, of the least priority, for traffic
 * comes first (where the JVM was told to heed that, see launcher/commands.sh). A task that throws is logged, and the
 * thread goes on. What is given to it before {@link #close} still runs, what would come later is dropped silently.
 */
public final class ControlThread implements ControlLoop, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ControlThread.class);

    /** More than a response for a large mesh takes that is being applied; the process must end in any case. */
    private static final int CLOSE_SECONDS_MAX = 5;

    private final InstantSource clock;
    private final ScheduledThreadPoolExecutor executor;
    private volatile @Nullable Thread thread;

    public ControlThread(InstantSource clock) {
        this.clock = clock;
        executor = new ScheduledThreadPoolExecutor(1, this::newThread, new ThreadPoolExecutor.DiscardPolicy());
        executor.setRemoveOnCancelPolicy(true);
        executor.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    }

    @SuppressWarnings("ThreadPriorityCheck") // nothing relies on it: without it requests wait longer beside pushes
    private Thread newThread(Runnable body) {
        Thread created = Thread.ofPlatform()
                .name("culvert-control")
                .daemon(true)
                .priority(Thread.MIN_PRIORITY)
                .unstarted(body);
        thread = created;
        return created;
    }

    @Override
    public void execute(Runnable task) {
        executor.execute(() -> run(task));
    }

    @Override
    public Timer schedule(Duration delay, Runnable task) {
        Future<?> scheduled = executor.schedule(() -> run(task), delay.toNanos(), TimeUnit.NANOSECONDS);
        return () -> scheduled.cancel(false);
    }

    private static void run(Runnable task) {
        try {
            task.run();
        } catch (RuntimeException e) {
            LOG.error("a task of the control thread failed", e);
        }
    }

    @Override
    public boolean inLoop() {
        return Thread.currentThread().equals(thread);
    }

    @Override
    public Instant instant() {
        return clock.instant();
    }

    /**
     * Ends it behind the tasks that it was given, so that what they close is closed. Waits for that, but not for a task
     * that takes long, nor if a task asks.
     */
    @Override
    public void close() {
        executor.execute(executor::shutdown);
        if (inLoop()) {
            return;
        }
        try {
            var _ = executor.awaitTermination(CLOSE_SECONDS_MAX, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
