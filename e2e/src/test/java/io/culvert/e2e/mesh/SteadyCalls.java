package io.culvert.e2e.mesh;

import io.culvert.testkit.process.Await;
import io.culvert.testkit.workload.TcpResult;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * New connections at a steady rate, each asked and answered once and closed. On a machine that cannot keep up there are
 * fewer of them, never more than {@value #UNDER_WAY_MAX} at a time.
 */
final class SteadyCalls implements AutoCloseable {
    private static final int UNDER_WAY_MAX = 100;

    private final ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor();
    private final ExecutorService callers = Executors.newVirtualThreadPerTaskExecutor();
    private final Semaphore places = new Semaphore(UNDER_WAY_MAX);
    private final AtomicInteger answered = new AtomicInteger();
    private final Queue<String> failures = new ConcurrentLinkedQueue<>();
    private final Call call;

    /** One connection, from beginning to end. */
    interface Call {
        TcpResult make() throws IOException;
    }

    private SteadyCalls(Call call) {
        this.call = call;
    }

    static SteadyCalls start(int perSecond, Call call) {
        SteadyCalls calls = new SteadyCalls(call);
        long everyNanos = TimeUnit.SECONDS.toNanos(1) / perSecond;
        var _ = calls.clock.scheduleAtFixedRate(calls::callOnce, 0, everyNanos, TimeUnit.NANOSECONDS);
        return calls;
    }

    private void callOnce() {
        if (places.tryAcquire()) {
            callers.execute(() -> {
                try {
                    tell(call.make());
                } catch (IOException e) {
                    failures.add(e.toString());
                } finally {
                    places.release();
                }
            });
        }
    }

    private void tell(TcpResult result) {
        if (result instanceof TcpResult.Answered) {
            answered.incrementAndGet();
        } else {
            failures.add(result.toString());
        }
    }

    /** All that did not end with an answer, in words. */
    List<String> failures() {
        return List.copyOf(failures);
    }

    /** Waits until so many more have been answered. */
    void awaitMore(int calls, Duration limit) {
        int wanted = answered.get() + calls;
        Await.untilTrue(
                wanted + " answers",
                limit,
                () -> answered.get() >= wanted,
                () -> failures.size() + " failures: " + failures);
    }

    /** Begins no more, and waits for those under way. */
    @Override
    public void close() {
        clock.shutdownNow();
        callers.close();
    }
}
