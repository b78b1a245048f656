package io.culvert.proxy.telemetry.log;

import io.netty.util.internal.PlatformDependent;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongFunction;
import java.util.function.LongSupplier;

/**
 * The thread that writes log lines, and the bounded queue before it.
 *
 * <p>At the bound of {@link #LINES_MAX} lines a control thread waits until there is room: nothing it says is lost, as
 * in the original. A data loop must not wait for somebody who does not read our output: it waits
 * {@link #LOOP_WAIT_MICROS_MAX} once, then lines of loops are dropped without waiting until one finds room again. What
 * was dropped is counted ({@link #droppedLines}) and said in the log as soon as it can be.
 *
 * <p>Up to {@link #BATCH_LINES} lines go out in one write. Having written, the thread rests before it looks again, and
 * only then sleeps until it is woken: where lines come often, no loop pays a futex call for its line. It rests for
 * {@link #REST_NANOS}, so that a line that comes alone is late by that at most; where several came meanwhile, for
 * {@link #BUSY_REST_NANOS}: a thousand wake-ups and writes a second cost as much as a tenth of all the rest.
 */
public final class LogWriter implements AutoCloseable {

    static final int LINES_MAX = 10_000;
    static final int BATCH_LINES = 64;
    static final long LOOP_WAIT_MICROS_MAX = 2_000;
    private static final long PARK_NANOS = TimeUnit.MICROSECONDS.toNanos(200);
    private static final long REST_NANOS = TimeUnit.MILLISECONDS.toNanos(1);
    private static final long BUSY_REST_NANOS = TimeUnit.MILLISECONDS.toNanos(8);
    private static final long IDLE_PARK_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final long FLUSH_WAIT_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final int BATCH_BYTES_MAX = 64 * 1024;

    private final Queue<byte[]> queue = PlatformDependent.newFixedMpscQueue(LINES_MAX);
    private final OutputStream out;
    private final LongSupplier ticker;
    private final Thread thread;
    private final AtomicLong dropped = new AtomicLong();

    /** A loop waited in vain; the next ones do not. */
    private volatile boolean loopsMayWait = true;

    private volatile boolean sleeping;
    private volatile boolean closing;
    private volatile LongFunction<byte[]> droppedLine = count -> new byte[0];

    /** Lines of loops that nobody has read about yet. Writer thread only. */
    private long droppedReported;

    private LogWriter(OutputStream out, LongSupplier ticker) {
        this.out = out;
        this.ticker = ticker;
        this.thread = Thread.ofPlatform().daemon().name("culvert-log").unstarted(this::run);
    }

    /**
     * Starts the thread.
     *
     * @param out written to by one thread only; not closed
     * @param ticker nanoseconds of a monotonic clock
     */
    public static LogWriter start(OutputStream out, LongSupplier ticker) {
        LogWriter writer = new LogWriter(out, ticker);
        writer.thread.start();
        return writer;
    }

    /** For control threads: waits for room, as long as it takes. */
    public void write(byte[] line) {
        while (!queue.offer(line)) {
            if (closing || !thread.isAlive()) {
                dropped.incrementAndGet();
                return;
            }
            LockSupport.unpark(thread);
            LockSupport.parkNanos(this, PARK_NANOS);
        }
        wake();
    }

    /** For data loops: waits next to nothing, and rather drops the line. */
    public void offer(byte[] line) {
        boolean taken = queue.offer(line);
        if (!taken && loopsMayWait) {
            long deadline = ticker.getAsLong() + TimeUnit.MICROSECONDS.toNanos(LOOP_WAIT_MICROS_MAX);
            while (!taken && ticker.getAsLong() - deadline < 0) {
                LockSupport.unpark(thread);
                LockSupport.parkNanos(this, PARK_NANOS);
                taken = queue.offer(line);
            }
        }
        loopsMayWait = taken;
        if (taken) {
            wake();
        } else {
            dropped.incrementAndGet();
        }
    }

    /** How the line reads that tells how many lines were dropped. */
    void droppedLine(LongFunction<byte[]> description) {
        droppedLine = description;
    }

    /** Lines of data loops that found no room. */
    public long droppedLines() {
        return dropped.get();
    }

    private void wake() {
        if (sleeping) {
            LockSupport.unpark(thread);
        }
    }

    private void run() {
        byte[] batch = new byte[BATCH_BYTES_MAX];
        boolean rested = false;
        long rest = REST_NANOS;
        while (true) {
            // Asked first: a line may come between an empty queue and the end.
            boolean last = closing;
            int lines = writeBatch(batch);
            if (lines == 0 && last) {
                return;
            }
            if (lines > 0) {
                rested = false;
                rest = lines > 1 ? BUSY_REST_NANOS : REST_NANOS;
            } else if (!rested) {
                rested = true;
                LockSupport.parkNanos(this, rest);
            } else {
                sleepUntilWoken();
            }
        }
    }

    private void sleepUntilWoken() {
        sleeping = true;
        if (queue.isEmpty() && !closing) {
            LockSupport.parkNanos(this, IDLE_PARK_NANOS);
        }
        sleeping = false;
    }

    /** How many lines were there. */
    private int writeBatch(byte[] batch) {
        int used = 0;
        int lines = 0;
        byte[] line = queue.poll();
        try {
            while (line != null) {
                if (line.length > batch.length - used) {
                    out.write(batch, 0, used);
                    used = 0;
                }
                if (line.length > batch.length) {
                    out.write(line);
                } else {
                    System.arraycopy(line, 0, batch, used, line.length);
                    used += line.length;
                }
                line = ++lines < BATCH_LINES ? queue.poll() : null;
            }
            if (used > 0) {
                out.write(batch, 0, used);
            }
            reportDropped();
            out.flush();
        } catch (IOException nobodyReads) {
            // Standard output is gone; there is nowhere left to say so, and traffic must go on.
            dropped.addAndGet(Math.max(1, lines));
        }
        return lines;
    }

    private void reportDropped() throws IOException {
        long now = dropped.get();
        if (now > droppedReported) {
            byte[] line = droppedLine.apply(now - droppedReported);
            droppedReported = now;
            out.write(line);
        }
    }

    /** Writes what is queued, for at most a second. */
    @Override
    public void close() {
        closing = true;
        LockSupport.unpark(thread);
        try {
            thread.join(TimeUnit.NANOSECONDS.toMillis(FLUSH_WAIT_NANOS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
