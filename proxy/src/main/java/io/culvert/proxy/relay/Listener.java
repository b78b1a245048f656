package io.culvert.proxy.relay;

import io.culvert.linux.SocketOptions;
import io.netty.channel.IoEvent;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.unix.Errors.NativeIoException;
import io.netty.channel.unix.FileDescriptor;
import io.netty.channel.unix.NativeInetAddress;
import io.netty.channel.unix.Socket;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Accepts on one listening socket, which it owns, and deals the connections out to loops in turn.
 *
 * <p>At most {@value #ACCEPTS_PER_TURN} per turn, so that a flood of connections delays running ones by a bounded time.
 * When the process or the system is out of descriptors or memory, accepting pauses for {@value #PAUSE_MS} ms instead of
 * spinning, and is counted: connections wait in the kernel's backlog meanwhile.
 */
public final class Listener implements EpollIoHandle, DataLoop.LoopHandle {
    private static final Logger LOG = LoggerFactory.getLogger(Listener.class);
    static final int ACCEPTS_PER_TURN = 64;
    static final int PAUSE_MS = 100;
    /** No queue is longer (net.core.somaxconn); what comes faster than it is taken is not waited for. */
    private static final int QUEUE_MAX = 4_096;
    /** Netty's form of a socket address: its length, then a family's address, scope and port. */
    private static final int ADDRESS_BYTES = 26;

    private final DataLoop loop;
    private final List<DataLoop> targets;
    private final Socket socket;
    private final AcceptHandler handler;
    private final byte[] address = new byte[ADDRESS_BYTES];
    private final IoRegistration registration;
    /** Made beforehand: without descriptors, the JVM cannot load another class. */
    private final Runnable resume = this::resumeAccepting;

    private int nextTarget;
    private long accepted;
    private long pauses;
    private @Nullable LoopTimer pause;
    private boolean closed;

    /** Takes accepted connections. */
    public interface AcceptHandler {
        /** Called on the loop of {@code socket}, which the handler owns from here on. */
        void onAccept(LoopSocket socket, InetSocketAddress peer);
    }

    private Listener(DataLoop loop, List<DataLoop> targets, int fd, AcceptHandler handler) {
        this.loop = loop;
        this.targets = List.copyOf(targets);
        this.socket = new Socket(fd);
        this.handler = handler;
        loop.socketOpened(this);
        this.registration = loop.register(this);
        // Level-triggered: what one turn leaves is told again.
        registration.submit(EpollIoOps.EPOLLIN);
    }

    /**
     * Starts accepting, on {@code loop}.
     *
     * @param targets the loops that get the connections, in turn; {@code loop} may be one of them
     * @param fd a bound, listening, non-blocking socket; the listener closes it
     */
    public static Listener start(DataLoop loop, List<DataLoop> targets, int fd, AcceptHandler handler) {
        loop.checkOwner();
        return new Listener(loop, targets, fd, handler);
    }

    /** Connections accepted so far. */
    public long accepted() {
        return accepted;
    }

    /** How often accepting paused for want of descriptors or memory. */
    public long pauses() {
        return pauses;
    }

    @Override
    public void handle(IoRegistration source, IoEvent event) {
        try {
            acceptSome();
        } catch (Throwable e) {
            // Whatever escapes from here would end the event loop, and every connection on it.
            LOG.error("accepting fails by a defect of this program", e);
        }
    }

    private void acceptSome() {
        for (int i = 0; i < ACCEPTS_PER_TURN && acceptOne(); i++) {
            // The rest has its turn.
        }
    }

    /** False if there is nothing to accept now. */
    private boolean acceptOne() {
        if (closed) {
            return false;
        }
        int fd;
        try {
            fd = socket.accept(address);
        } catch (NativeIoException e) {
            if (isExhaustion(-e.expectedErr())) {
                pauseAccepting(e);
                return false;
            }
            // The peer was gone before it was accepted (accept(2) lists what to treat so): the next one may be there.
            LOG.debug("accept on {}", socket, e);
            return true;
        } catch (IOException e) {
            LOG.error("listener {} ends", socket, e);
            close();
            return false;
        }
        if (fd < 0) {
            return false;
        }
        accepted++;
        deal(fd, NativeInetAddress.address(address, 1, address[0]));
        return true;
    }

    private void deal(int fd, InetSocketAddress peer) {
        DataLoop target = targets.get(nextTarget);
        nextTarget = nextTarget + 1 == targets.size() ? 0 : nextTarget + 1;
        if (target == loop) {
            hand(target, fd, peer);
            return;
        }
        target.post(() -> hand(target, fd, peer));
    }

    private void hand(DataLoop target, int fd, InetSocketAddress peer) {
        LoopSocket connection = LoopSocket.adopt(target, fd);
        try {
            handler.onAccept(connection, peer);
        } catch (Throwable e) {
            LOG.error("a connection from {} is refused by a defect of this program", peer, e);
            connection.reset();
        }
    }

    private static boolean isExhaustion(int errno) {
        return errno == OsError.EMFILE
                || errno == OsError.ENFILE
                || errno == OsError.ENOBUFS
                || errno == OsError.ENOMEM;
    }

    private void pauseAccepting(IOException cause) {
        pauses++;
        LOG.warn("accepting pauses for {} ms: {}", PAUSE_MS, OsError.text(cause));
        // Errors are told in any case. Asking for nothing would take the socket out of Netty's epoll set for good.
        registration.submit(EpollIoOps.EPOLLERR);
        pause = loop.schedule(resume, PAUSE_MS);
    }

    private void resumeAccepting() {
        pause = null;
        if (!closed) {
            registration.submit(EpollIoOps.EPOLLIN);
        }
    }

    /** Of the sockets that share the port, the one of this number gets every new connection. */
    public void steerTo(int place) {
        try {
            SocketOptions.steerNewConnections(socket.intValue(), place);
        } catch (IOException e) {
            LOG.warn("connections that just begin may be reset: {}", OsError.text(e));
        }
    }

    /**
     * Goes on until nothing has come for a while, then {@link #closeServed}: for a socket that shares its port with one
     * that new connections are steered to. Those whose handshake began before end here.
     *
     * @param mostMs however much still comes
     * @param left run once closed, also by another call of {@link #close}
     */
    public void leave(long quietMs, long mostMs, Runnable left) {
        loop.checkOwner();
        leaveOnceQuiet(quietMs, loop.nanoTime() + TimeUnit.MILLISECONDS.toNanos(mostMs), accepted, left);
    }

    private void leaveOnceQuiet(long quietMs, long untilNanos, long acceptedBefore, Runnable left) {
        loop.schedule(
                () -> {
                    if (!closed && accepted != acceptedBefore && untilNanos - loop.nanoTime() > 0) {
                        leaveOnceQuiet(quietMs, untilNanos, accepted, left);
                        return;
                    }
                    closeServed();
                    left.run();
                },
                quietMs);
    }

    /** Takes what waits in the queue, whose clients believe themselves connected, then closes. Idempotent. */
    public void closeServed() {
        for (int i = 0; i < QUEUE_MAX && acceptOne(); i++) {
            // Each is one less that would be reset.
        }
        close();
    }

    /** Stops accepting and closes the socket; what was accepted goes on. Idempotent. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        loop.checkOwner();
        closed = true;
        loop.socketClosed(this);
        if (pause != null) {
            pause.cancel();
            pause = null;
        }
        try {
            socket.close();
        } catch (IOException e) {
            LOG.debug("close of {}", socket, e);
        }
        registration.cancel();
    }

    @Override
    public void onLoopEnd() {
        close();
    }

    @Override
    public FileDescriptor fd() {
        return socket;
    }
}
