package io.culvert.proxy.relay;

import io.netty.channel.IoEventLoop;
import io.netty.channel.IoRegistration;
import io.netty.channel.SingleThreadEventLoop;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Future;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One data thread and what it owns: an epoll event loop, working buffers, two work lists, timers.
 *
 * <p>A connection pair lives on one loop from accept to end. Everything here is called by the loop's own thread, which
 * {@link #checkOwner()} asserts at the entry points of what lives on it; {@link #post} is the one way in from
 * elsewhere.
 *
 * <p>The working buffers serve every connection in turn. Who must keep the bytes of one past the turn (a reader is
 * slow, a socket took half) retains the buffer, and {@link WorkingBuffer#refresh} puts a new one in its place: nothing
 * is copied, and a connection at rest has no buffer.
 *
 * <table><caption>Work lists, run once behind the events of an iteration</caption>
 * <tr><td>ready</td><td>who has more to read but has had its turn, or was woken by window credit; who comes again in
 * its turn waits for the next iteration's events</td></tr>
 * <tr><td>dirty</td><td>connections with small frames to send: one TLS record and one write for all of an
 * iteration's</td></tr>
 * </table>
 */
public final class DataLoop {
    private static final Logger LOG = LoggerFactory.getLogger(DataLoop.class);

    /**
     * How long a free buffer or pipe lies unused before it is given back: longer than the pauses of traffic that goes
     * on, short beside those of traffic that is over. The working buffers stay, half a megabyte each: making them anew
     * would cost the first request after each rest half a millisecond.
     */
    static final long SPARES_UNUSED_MS = 10_000;

    private final IoEventLoop eventLoop;
    private final int index;
    private final LongSupplier nanoTicker;
    private final TimerWheel timers;
    private final HeldBytes held;
    private final BufferPool buffers;
    private final PipePool pipes = new PipePool(this::watchSpares);
    private final Gather gather;
    private final WorkingBuffer applicationIn;
    private final WorkingBuffer cipherIn;
    private final WorkingBuffer cipherOut;
    private final WorkingBuffer plainIn;
    private final WorkingBuffer innerPlainIn;
    private final WorkingBuffer innerCipherOut;
    private final ArrayDeque<Turn> ready = new ArrayDeque<>();
    private final ArrayDeque<Turn> dirty = new ArrayDeque<>();
    private final Set<LoopHandle> handles = Collections.newSetFromMap(new IdentityHashMap<>());
    private final Runnable runWork = this::runWork;
    private final Runnable runTimers;
    private final HandshakeQueue handshakes;
    private boolean workPosted;
    private boolean working;
    private boolean watchesSpares;

    /** A piece of work in one of the loop's lists; it is in a list at most once, by a flag of its own. */
    public interface Turn {
        void onTurn();

        /**
         * {@code cause} escaped from {@link #onTurn()}: a defect of this program, of which only this connection shall
         * suffer.
         */
        void onTurnFailed(Throwable cause);
    }

    /**
     * @param bytesMost in its buffers, at least {@link HeldBytes#LEAST}
     */
    DataLoop(IoEventLoop eventLoop, int index, LongSupplier nanoTicker, long bytesMost) {
        this.eventLoop = eventLoop;
        this.index = index;
        this.nanoTicker = nanoTicker;
        this.held = new HeldBytes(this, bytesMost);
        this.buffers = new BufferPool(this::watchSpares, held::check);
        this.applicationIn = new WorkingBuffer(buffers);
        this.cipherIn = new WorkingBuffer(buffers);
        this.cipherOut = new WorkingBuffer(buffers);
        this.plainIn = new WorkingBuffer(buffers);
        this.innerPlainIn = new WorkingBuffer(buffers);
        this.innerCipherOut = new WorkingBuffer(buffers);
        this.gather = new Gather(buffers);
        this.timers = new TimerWheel(nanoTicker, this::setAlarm);
        this.runTimers = timers::run;
        this.handshakes = new HandshakeQueue(nanoTicker, eventLoop::execute, this::postBehindNextEvents);
    }

    /** 0 .. number of loops - 1. */
    public int index() {
        return index;
    }

    public long nanoTime() {
        return nanoTicker.getAsLong();
    }

    public boolean isOwner() {
        return eventLoop.inEventLoop();
    }

    /** Throws when another thread than the loop's calls. */
    public void checkOwner() {
        if (!eventLoop.inEventLoop()) {
            throw new IllegalStateException("not on data loop " + index + " but on "
                    + Thread.currentThread().getName());
        }
    }

    /**
     * Runs {@code command} on the loop, from any thread; behind the current iteration when called by the loop itself.
     */
    public void post(Runnable command) {
        eventLoop.execute(command);
    }

    /**
     * Runs {@code command} behind the events of the next iteration. What a task of the loop executes runs in the same
     * iteration, and would keep it from looking at its sockets.
     */
    private void postBehindNextEvents(Runnable command) {
        if (eventLoop instanceof SingleThreadEventLoop single) {
            single.executeAfterEventLoopIteration(() -> eventLoop.execute(command));
        } else {
            eventLoop.execute(command);
        }
    }

    /** The loop, for code that is written for any executor with timers. */
    public EventExecutor executor() {
        return eventLoop;
    }

    /** Runs {@code task} on the loop after at least {@code delayMs} milliseconds. */
    public LoopTimer schedule(Runnable task, long delayMs) {
        checkOwner();
        return timers.schedule(task, delayMs);
    }

    private void setAlarm(long delayMs) {
        var alarm = eventLoop.schedule(runTimers, delayMs, TimeUnit.MILLISECONDS);
        if (alarm.isCancelled()) {
            throw new IllegalStateException("data loop " + index + " has ended");
        }
    }

    // ---- work lists

    /** Runs {@code turn} behind this iteration's events. The caller makes sure that it is listed once. */
    public void addReady(Turn turn) {
        ready.addLast(turn);
        postWork();
    }

    /**
     * Runs {@code turn} behind this iteration's events and ready turns. The caller makes sure that it is listed once.
     */
    public void addDirty(Turn turn) {
        dirty.addLast(turn);
        postWork();
    }

    private void postWork() {
        if (!workPosted) {
            workPosted = true;
            if (working) {
                postBehindNextEvents(runWork);
            } else {
                eventLoop.execute(runWork);
            }
        }
    }

    private void runWork() {
        workPosted = false;
        working = true;
        for (int turns = ready.size(); turns > 0; turns--) {
            Turn turn = ready.pollFirst();
            if (turn != null) {
                run(turn);
            }
        }
        for (Turn turn = dirty.pollFirst(); turn != null; turn = dirty.pollFirst()) {
            run(turn);
        }
        working = false;
    }

    private static void run(Turn turn) {
        try {
            turn.onTurn();
        } catch (Throwable e) {
            LOG.error("a connection ends by a defect of this program", e);
            turn.onTurnFailed(e);
        }
    }

    /** Where handshakes wait for their turn. */
    public HandshakeQueue handshakes() {
        return handshakes;
    }

    // ---- buffers

    public BufferPool buffers() {
        return buffers;
    }

    /** Who holds bytes for slow readers. */
    public HeldBytes held() {
        return held;
    }

    /** Buffers that connections hold, beyond the loop's own: 0 when all of them rest. */
    public int buffersInUse() {
        int own = gather.vectorBuffers();
        for (WorkingBuffer buffer :
                List.of(applicationIn, cipherIn, cipherOut, plainIn, innerPlainIn, innerCipherOut)) {
            own += buffer.isTaken() ? 1 : 0;
        }
        return buffers.outstanding() - own;
    }

    private void watchSpares() {
        if (!watchesSpares) {
            watchesSpares = true;
            timers.schedule(this::dropUnusedSpares, SPARES_UNUSED_MS);
        }
    }

    /** Ends a period of {@link #SPARES_UNUSED_MS}; there is another one as long as anything is kept. */
    void dropUnusedSpares() {
        watchesSpares = false;
        buffers.dropUnused();
        pipes.dropUnused();
        if (buffers.kept() + pipes.kept() > 0) {
            watchSpares();
        }
    }

    /** Where application sockets are read into; its first nine bytes are for a frame header. */
    public WorkingBuffer applicationIn() {
        return applicationIn;
    }

    /** Where tunnel sockets are read into. */
    public WorkingBuffer cipherIn() {
        return cipherIn;
    }

    /** Where one connection's records are made, to be sent by one write. */
    public WorkingBuffer cipherOut() {
        return cipherOut;
    }

    /** Where one connection's records are opened. */
    public WorkingBuffer plainIn() {
        return plainIn;
    }

    /** As {@link #plainIn}, for a tunnel inside another: the outer one's bytes are still in use. */
    public WorkingBuffer innerPlainIn() {
        return innerPlainIn;
    }

    /** As {@link #cipherOut}, for a tunnel inside another. */
    public WorkingBuffer innerCipherOut() {
        return innerCipherOut;
    }

    PipePool pipes() {
        return pipes;
    }

    /** Pipes that connections hold: 0 when all of them rest. */
    public int pipesInUse() {
        return pipes.held();
    }

    Gather gather() {
        return gather;
    }

    /**
     * Sends what has been gathered for a socket; to be called before the buffer that was gathered from is used again.
     */
    public void flushGathered() {
        gather.flush();
    }

    // ---- sockets

    IoRegistration register(EpollIoHandle handle) {
        checkOwner();
        Future<IoRegistration> registration = eventLoop.register(handle);
        if (!registration.isSuccess()) {
            throw new IllegalStateException("data loop " + index + " takes no more sockets", registration.cause());
        }
        return registration.getNow();
    }

    /** A socket that the loop closes when it ends. */
    interface LoopHandle {
        void onLoopEnd();
    }

    void socketOpened(LoopHandle handle) {
        handles.add(handle);
    }

    void socketClosed(LoopHandle handle) {
        handles.remove(handle);
    }

    /** Sockets open on this loop. */
    public int openSockets() {
        return handles.size();
    }

    /** Timers set and not yet run or cancelled. */
    public int waitingTimers() {
        return timers.waiting();
    }

    /** Closes every socket and gives the buffers back. */
    void end() {
        checkOwner();
        for (LoopHandle handle : List.copyOf(handles)) {
            handle.onLoopEnd();
        }
        applicationIn.drop();
        cipherIn.drop();
        cipherOut.drop();
        plainIn.drop();
        innerPlainIn.drop();
        innerCipherOut.drop();
        gather.end();
        buffers.freeKept();
        pipes.closeKept();
    }
}
