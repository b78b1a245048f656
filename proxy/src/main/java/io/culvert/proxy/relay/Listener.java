package io.culvert.proxy.relay;

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
        for (int i = 0; i < ACCEPTS_PER_TURN && !closed; i++) {
            int fd;
            try {
                fd = socket.accept(address);
            } catch (NativeIoException e) {
                if (isExhaustion(-e.expectedErr())) {
                    pauseAccepting(e);
                    return;
                }
                // The peer was gone before it was accepted (accept(2) lists what to treat so): the next one may be
                // there.
                LOG.debug("accept on {}", socket, e);
                continue;
            } catch (IOException e) {
                LOG.error("listener {} ends", socket, e);
                close();
                return;
            }
            if (fd < 0) {
                return;
            }
            accepted++;
            deal(fd, NativeInetAddress.address(address, 1, address[0]));
        }
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
