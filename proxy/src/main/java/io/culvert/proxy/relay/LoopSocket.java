package io.culvert.proxy.relay;

import io.culvert.linux.Errno;
import io.culvert.linux.Fd;
import io.culvert.linux.KernelException;
import io.culvert.linux.Pipe;
import io.culvert.linux.SocketOptions;
import io.culvert.linux.Sockets;
import io.netty.channel.IoEvent;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoEvent;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.unix.FileDescriptor;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.NotYetConnectedException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connected or connecting TCP socket on a data loop, and the owner of its descriptor.
 *
 * <p>It is registered with epoll once, edge-triggered, when its first user {@link #attach}es: no epoll_ctl per turn. A
 * user therefore reads until a read comes back short (or, once {@link #sawHangup()}, until the end), and may hand the
 * socket to another user at any time: the new one starts by trying. Room for writing is asked for only from the first
 * write on that the kernel did not take whole, and then for good: a socket that never blocks is never woken to be told
 * that it does not.
 */
public final class LoopSocket implements EpollIoHandle, DataLoop.LoopHandle {
    private static final Logger LOG = LoggerFactory.getLogger(LoopSocket.class);

    private static final EpollIoOps INPUT =
            EpollIoOps.EPOLLIN.with(EpollIoOps.EPOLLRDHUP).with(EpollIoOps.EPOLLET);
    private static final EpollIoOps EVERYTHING = INPUT.with(EpollIoOps.EPOLLOUT);
    // From <sys/epoll.h>.
    private static final int EPOLLIN = 0x1;
    private static final int EPOLLOUT = 0x4;
    private static final int EPOLLERR = 0x8;
    private static final int EPOLLHUP = 0x10;
    private static final int EPOLLRDHUP = 0x2000;

    private final DataLoop loop;
    // Not Netty's Socket: making one asks the kernel for the socket's family.
    private final FileDescriptor socket;
    private @Nullable IoRegistration registration;
    private @Nullable SocketEvents events;
    private boolean watchesOutput;
    private boolean hangup;
    private boolean error;
    private boolean closed;

    private LoopSocket(DataLoop loop, FileDescriptor socket) {
        this.loop = loop;
        this.socket = socket;
        loop.socketOpened(this);
    }

    /** Takes over a non-blocking TCP socket: from here on, this object closes it. */
    public static LoopSocket adopt(DataLoop loop, int fd) {
        loop.checkOwner();
        return new LoopSocket(loop, new FileDescriptor(fd));
    }

    public DataLoop loop() {
        return loop;
    }

    /** The descriptor's number, for socket options; it stays this object's. */
    public int fdNumber() {
        return socket.intValue();
    }

    /** The socket's own address. Null when the kernel does not say, as after a reset. */
    public @Nullable InetSocketAddress localAddress() {
        return address(Sockets::localAddress);
    }

    /** The other end. Null while there is none: not connected yet, or no more. */
    public @Nullable InetSocketAddress peerAddress() {
        return address(Sockets::peerAddress);
    }

    private interface AddressCall {
        InetSocketAddress of(Fd fd) throws KernelException;
    }

    private @Nullable InetSocketAddress address(AddressCall call) {
        if (closed) {
            return null;
        }
        Fd borrowed = Fd.adopt(fdNumber());
        try {
            return call.of(borrowed);
        } catch (KernelException e) {
            LOG.trace("address of {}", socket, e);
            return null;
        } finally {
            borrowed.release();
        }
    }

    public boolean isClosed() {
        return closed;
    }

    /**
     * A FIN, a reset or an error was seen: bytes may still be there to read, and a short read does not mean that no
     * more follows.
     */
    public boolean sawHangup() {
        return hangup;
    }

    /**
     * The kernel holds an error of this connection: a reset, most likely. Bytes that came before it can still be read.
     */
    public boolean sawError() {
        return error;
    }

    /** Makes {@code newEvents} the user of this socket, in place of the one before. */
    public void attach(SocketEvents newEvents) {
        loop.checkOwner();
        events = newEvents;
        if (registration == null && !closed) {
            registration = loop.register(this);
            registration.submit(watchesOutput ? EVERYTHING : INPUT);
        }
    }

    /** Whether it has, or had, a user: then events may have been told already, and the next user has to try. */
    boolean isAttached() {
        return registration != null;
    }

    private void watchOutput() {
        if (!watchesOutput) {
            watchesOutput = true;
            if (registration != null) {
                registration.submit(EVERYTHING);
            }
        }
    }

    /**
     * Starts to connect; the socket is of the address's family. True if that is done already, as it is at once for an
     * address of the same host; else {@link SocketEvents#onWritable} follows, and {@link #takeError} tells how it went.
     */
    boolean connect(InetSocketAddress address) throws KernelException {
        Fd borrowed = Fd.adopt(fdNumber());
        try {
            if (Sockets.connect(borrowed, address) || Sockets.isConnected(borrowed)) {
                return true;
            }
        } finally {
            borrowed.release();
        }
        watchOutput();
        return false;
    }

    /** Takes the socket's pending error: an errno, 0 for none. */
    int takeError() throws IOException {
        return SocketOptions.takeError(fdNumber());
    }

    /** As {@link RawBuffer#receive}. */
    public int read(RawBuffer buffer, int at, int bytes) throws IOException {
        checkOpen();
        try {
            return buffer.receive(socket, at, bytes);
        } catch (NotYetConnectedException e) {
            throw OsError.notConnected("read", e);
        }
    }

    /** As {@link RawBuffer#send}. */
    public int write(RawBuffer buffer, int at, int bytes) throws IOException {
        checkOpen();
        try {
            int taken = buffer.send(socket, at, bytes);
            if (taken < bytes) {
                watchOutput();
            }
            return taken;
        } catch (NotYetConnectedException e) {
            throw OsError.notConnected("write", e);
        }
    }

    /**
     * Moves at most {@code most} bytes into {@code pipe}, which is empty: how many, 0 if it would block, -1 at the end
     * of the stream, {@link SpliceQueue#NOT_POSSIBLE} if this kernel does not do it.
     */
    int splice(Pipe pipe, int most) throws IOException {
        checkOpen();
        int moved = pipe.fill(fdNumber(), most);
        return switch (moved) {
            case 0 -> -1;
            case -Errno.EAGAIN -> 0;
            // Not a kind of file that splices, or a filter of system calls (seccomp) that does not know the call.
            case -Errno.EINVAL, -Errno.ENOSYS, -Errno.EPERM -> {
                loop.pipes().turnOff(-moved);
                yield SpliceQueue.NOT_POSSIBLE;
            }
            default -> {
                if (moved < 0) {
                    throw new KernelException(-moved, "splice");
                }
                yield moved;
            }
        };
    }

    /** Writes {@code bytes} bytes out of {@code pipe}: how many were taken, 0 if it would block. */
    int spliceFrom(Pipe pipe, int bytes) throws IOException {
        checkOpen();
        int taken = pipe.drain(fdNumber(), bytes);
        if (taken < 0 && taken != -Errno.EAGAIN) {
            throw new KernelException(-taken, "splice");
        }
        if (taken < bytes) {
            watchOutput();
        }
        return Math.max(taken, 0);
    }

    /** As {@link RawBuffer#sendIoVecs}; {@code bytes} is what the entries hold together. */
    long writeIoVecs(RawBuffer vectors, int entries, int bytes) throws IOException {
        checkOpen();
        try {
            long taken = vectors.sendIoVecs(socket, entries);
            if (taken < bytes) {
                watchOutput();
            }
            return taken;
        } catch (NotYetConnectedException e) {
            throw OsError.notConnected("write", e);
        }
    }

    /** Sends a FIN behind what was written. */
    public void shutdownOutput() throws IOException {
        checkOpen();
        Fd borrowed = Fd.adopt(fdNumber());
        try {
            Sockets.shutdownOutput(borrowed);
        } finally {
            borrowed.release();
        }
    }

    private void checkOpen() throws ClosedChannelException {
        if (closed) {
            throw new ClosedChannelException();
        }
    }

    /** Ends with a reset: the peer learns that this was no orderly end. Idempotent. */
    public void reset() {
        if (closed) {
            return;
        }
        try {
            SocketOptions.setResetOnClose(fdNumber());
        } catch (IOException e) {
            // Already reset by the peer, most likely: nobody is left to be told.
            LOG.trace("SO_LINGER on {}", socket, e);
        }
        close();
    }

    /** Closes: a FIN, or the kernel's own reset if bytes came that nobody read. Idempotent. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        loop.checkOwner();
        closed = true;
        loop.socketClosed(this);
        // Closing first: the kernel forgets the registration by itself, which saves an epoll_ctl.
        try {
            socket.close();
        } catch (IOException e) {
            LOG.debug("close of {}", socket, e);
        }
        if (registration != null) {
            registration.cancel();
        }
    }

    @Override
    public FileDescriptor fd() {
        return socket;
    }

    @Override
    public void handle(IoRegistration source, IoEvent event) {
        SocketEvents user = events;
        if (closed || user == null) {
            return;
        }
        int what = ((EpollIoEvent) event).ops().value();
        try {
            if ((what & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) {
                hangup = true;
                error |= (what & EPOLLERR) != 0;
            }
            if ((what & (EPOLLOUT | EPOLLERR | EPOLLHUP)) != 0) {
                user.onWritable();
            }
            user = events;
            if ((what & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0 && !closed && user != null) {
                user.onReadable();
            }
        } catch (Throwable e) {
            // Whatever escapes from here would end the event loop, and every connection on it.
            LOG.error("a connection ends by a defect of this program", e);
            fail(e);
        }
    }

    private void fail(Throwable cause) {
        SocketEvents user = events;
        events = null;
        reset();
        if (user != null) {
            user.onLoopClosed(cause);
        }
    }

    @Override
    public void onLoopEnd() {
        if (!closed) {
            fail(new ClosedChannelException());
        }
    }
}
