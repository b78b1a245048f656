package io.culvert.proxy.relay;

import io.netty.channel.IoEvent;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.unix.DatagramSocketAddress;
import io.netty.channel.unix.FileDescriptor;
import io.netty.channel.unix.Socket;
import java.io.IOException;
import java.net.InetSocketAddress;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes datagrams on one bound socket, which it owns, and sends answers from it.
 *
 * <p>At most {@value #DATAGRAMS_PER_TURN} per turn: what a flood leaves waits in the socket's buffer, or is dropped by
 * the kernel, and running connections are delayed by a bounded time. It has no memory of its own: a buffer is taken for
 * the turn, from those of the loop.
 */
public final class UdpListener implements EpollIoHandle, DataLoop.LoopHandle {
    private static final Logger LOG = LoggerFactory.getLogger(UdpListener.class);

    /** A quarter of a millisecond's work if each needs a look at the mesh. */
    static final int DATAGRAMS_PER_TURN = 16;

    private final DataLoop loop;
    private final Socket socket;
    private final int bytesMax;
    private final DatagramHandler handler;
    private final IoRegistration registration;
    private boolean closed;

    /** Takes datagrams, on the loop. */
    public interface DatagramHandler {
        /**
         * One datagram.
         *
         * @param bytes the handler's to keep
         * @param whole false if it was longer than the listener takes, and this is its beginning
         */
        void onDatagram(byte[] bytes, boolean whole, InetSocketAddress from);
    }

    private UdpListener(DataLoop loop, int fd, int bytesMax, DatagramHandler handler) {
        this.loop = loop;
        this.socket = new Socket(fd);
        this.bytesMax = bytesMax;
        this.handler = handler;
        loop.socketOpened(this);
        this.registration = loop.register(this);
        // Level-triggered: what one turn leaves is told again.
        registration.submit(EpollIoOps.EPOLLIN);
    }

    /**
     * Starts to take datagrams, on {@code loop}.
     *
     * @param fd a bound, non-blocking socket; the listener closes it
     * @param bytesMax the longest datagram that is taken whole, less than {@link BufferPool#CHUNK}
     */
    public static UdpListener start(DataLoop loop, int fd, int bytesMax, DatagramHandler handler) {
        loop.checkOwner();
        if (bytesMax >= BufferPool.CHUNK) {
            throw new IllegalArgumentException("a datagram must be shorter than " + BufferPool.CHUNK);
        }
        return new UdpListener(loop, fd, bytesMax, handler);
    }

    /**
     * Sends one datagram; what the kernel does not take is lost, as datagrams may be.
     *
     * @param bytes at most {@link BufferPool#LARGE}
     */
    public void send(byte[] bytes, InetSocketAddress to) {
        loop.checkOwner();
        if (closed) {
            return;
        }
        RawBuffer buffer = bytes.length <= BufferPool.CHUNK
                ? loop.buffers().chunk()
                : loop.buffers().large();
        try {
            buffer.copyFrom(bytes, 0, 0, bytes.length);
            if (buffer.sendTo(socket, 0, bytes.length, to) <= 0) {
                LOG.debug("a datagram of {} bytes to {} was not taken", bytes.length, to);
            }
        } catch (IOException e) {
            LOG.debug("a datagram to {} was not sent: {}", to, OsError.text(e));
        } finally {
            buffer.release();
        }
    }

    @Override
    public void handle(IoRegistration source, IoEvent event) {
        try {
            receiveSome();
        } catch (Throwable e) {
            // Whatever escapes from here would end the event loop, and every connection on it.
            LOG.error("a datagram is lost by a defect of this program", e);
        }
    }

    private void receiveSome() {
        if (closed) {
            return;
        }
        RawBuffer buffer = loop.buffers().chunk();
        try {
            for (int i = 0; i < DATAGRAMS_PER_TURN && !closed; i++) {
                DatagramSocketAddress from = buffer.receiveFrom(socket, 0, bytesMax + 1);
                if (from == null) {
                    return;
                }
                int received = from.receivedAmount();
                byte[] bytes = new byte[Math.min(received, bytesMax)];
                buffer.copyTo(0, bytes, 0, bytes.length);
                handler.onDatagram(bytes, received <= bytesMax, from);
            }
        } catch (IOException e) {
            // An error that an earlier answer has met, told once; the socket is as good as before.
            LOG.debug("receive on {}: {}", socket, OsError.text(e));
        } finally {
            buffer.release();
        }
    }

    /** Stops and closes the socket. Idempotent. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        loop.checkOwner();
        closed = true;
        loop.socketClosed(this);
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
