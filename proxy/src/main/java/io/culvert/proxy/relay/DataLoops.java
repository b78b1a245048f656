package io.culvert.proxy.relay;

import io.netty.channel.IoEventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.Future;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/** The data loops of a process. The one class of the package that any thread may use. */
public final class DataLoops implements AutoCloseable {
    private static final long END_WAIT_S = 10;

    private final MultiThreadIoEventLoopGroup group;
    private final List<DataLoop> loops;

    private DataLoops(MultiThreadIoEventLoopGroup group, List<DataLoop> loops) {
        this.group = group;
        this.loops = loops;
    }

    /**
     * Starts {@code count} loops, on threads named {@code data-0} and so on.
     *
     * @param bytesMost in the buffers of all of them; one has {@link HeldBytes#LEAST} in any case
     */
    public static DataLoops start(int count, LongSupplier nanoTicker, long bytesMost) {
        var group = new MultiThreadIoEventLoopGroup(
                count, new DefaultThreadFactory("data", true), EpollIoHandler.newFactory());
        List<DataLoop> loops = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            IoEventLoop eventLoop = group.next();
            loops.add(new DataLoop(eventLoop, i, nanoTicker, Math.max(HeldBytes.LEAST, bytesMost / count)));
        }
        return new DataLoops(group, List.copyOf(loops));
    }

    public List<DataLoop> all() {
        return loops;
    }

    public DataLoop get(int index) {
        return loops.get(index);
    }

    /** Native buffers handed out on all loops: the loops' own, and those in which bytes wait for a slow reader. */
    public long buffersOutstanding() {
        return loops.stream().mapToLong(loop -> loop.buffers().outstanding()).sum();
    }

    /** Their bytes. */
    public long bufferBytesOutstanding() {
        return loops.stream()
                .mapToLong(loop -> loop.buffers().outstandingBytes())
                .sum();
    }

    /** Connections that were ended because buffers ran short. */
    public long endedForMemory() {
        return loops.stream().mapToLong(loop -> loop.held().ended()).sum();
    }

    /** Ends the loops: closes every socket on them, frees their buffers, waits for their threads. */
    @Override
    public void close() {
        // Not left to Netty: a loop that is shutting down closes the sockets that it still knows, and that is a FIN.
        List<Future<?>> endings = new ArrayList<>(loops.size());
        loops.forEach(loop -> endings.add(loop.executor().submit(loop::end)));
        for (Future<?> ending : endings) {
            if (!ending.awaitUninterruptibly(END_WAIT_S, TimeUnit.SECONDS)) {
                throw new IllegalStateException("a data loop did not close its sockets within " + END_WAIT_S + " s");
            }
        }
        Future<?> ended = group.shutdownGracefully(0, END_WAIT_S, TimeUnit.SECONDS);
        if (!ended.awaitUninterruptibly(END_WAIT_S + 1, TimeUnit.SECONDS)) {
            throw new IllegalStateException("data loops did not end within " + END_WAIT_S + " s");
        }
    }
}
