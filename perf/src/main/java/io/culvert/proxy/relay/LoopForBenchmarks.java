package io.culvert.proxy.relay;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A data loop for benchmarks, and a way onto it: buffers belong to its thread. In the package of what it opens up,
 * which keeps the proxy itself from publishing more than it needs. The hop costs some microseconds: a benchmark runs
 * thousands of operations a hop.
 */
public final class LoopForBenchmarks implements AutoCloseable {
    /** Time stands nearly still: no timer comes between. */
    private final AtomicLong clock = new AtomicLong();

    private final DataLoops loops = DataLoops.start(1, clock::incrementAndGet, Long.MAX_VALUE);

    public DataLoop loop() {
        return loops.get(0);
    }

    /** Runs {@code body} on the loop, and waits for its end. */
    public void run(Runnable body) {
        CompletableFuture<Void> ran = new CompletableFuture<>();
        loop().post(() -> {
            try {
                body.run();
                ran.complete(null);
            } catch (Throwable failure) {
                ran.completeExceptionally(failure);
            }
        });
        ran.join();
    }

    @Override
    public void close() {
        loops.close();
    }
}
