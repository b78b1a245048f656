package io.culvert.proxy.relay;

import io.culvert.linux.Fd;
import io.culvert.linux.Sockets;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Data loops for a test, and what it needs to talk with them from its own thread. */
public final class LoopsForTests implements AutoCloseable {
    private static final long WAIT_S = 20;

    private final DataLoops loops;

    public LoopsForTests(int count) {
        this(count, Long.MAX_VALUE);
    }

    /**
     * @param bytesMost in the buffers of all loops
     */
    public LoopsForTests(int count, long bytesMost) {
        this.loops = DataLoops.start(count, System::nanoTime, bytesMost);
    }

    public DataLoop get(int index) {
        return loops.get(index);
    }

    public List<DataLoop> all() {
        return loops.all();
    }

    /** Runs {@code body} on {@code loop} and waits for its result. */
    public static <T> T on(DataLoop loop, Callable<T> body) {
        CompletableFuture<T> result = new CompletableFuture<>();
        loop.post(() -> {
            try {
                result.complete(body.call());
            } catch (Throwable e) {
                result.completeExceptionally(e);
            }
        });
        try {
            return result.get(WAIT_S, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new AssertionError("on loop " + loop.index(), e);
        }
    }

    public static void run(DataLoop loop, Runnable body) {
        boolean done = on(loop, () -> {
            body.run();
            return true;
        });
        if (!done) {
            throw new AssertionError();
        }
    }

    /** Waits until {@code condition} holds. */
    public static void await(String what, BooleanSupplier condition) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(WAIT_S);
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("did not come true: " + what);
            }
            LockSupport.parkNanos(1_000_000);
        }
    }

    /** A listening socket on the loopback. */
    public static Fd listen() throws Exception {
        Fd fd = Sockets.tcp(false);
        Sockets.bind(fd, new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        Sockets.listen(fd, 4096);
        return fd;
    }

    /** Every connection has let go of its sockets and buffers. */
    public void awaitNothingLeft(int socketsStillOpen) {
        for (DataLoop loop : loops.all()) {
            await(
                    "no buffers held on loop " + loop.index() + ", " + on(loop, () -> loop.buffersInUse() + " are"),
                    () -> on(loop, loop::buffersInUse) == 0);
            await("no pipes held on loop " + loop.index(), () -> on(loop, loop::pipesInUse) == 0);
        }
        await("no sockets open", () -> openSockets() == socketsStillOpen);
    }

    public int openSockets() {
        int sum = 0;
        for (DataLoop loop : loops.all()) {
            sum += on(loop, loop::openSockets);
        }
        return sum;
    }

    @Override
    public void close() {
        loops.close();
    }
}
