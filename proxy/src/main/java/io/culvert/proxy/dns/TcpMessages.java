package io.culvert.proxy.dns;

import io.culvert.proxy.relay.BufferPool;
import io.culvert.proxy.relay.DataLoop;
import io.culvert.proxy.relay.LoopSocket;
import io.culvert.proxy.relay.RawBuffer;
import io.culvert.proxy.relay.SocketEvents;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Arrays;

/**
 * DNS messages over one TCP connection, each behind its length in two bytes (RFC 1035 section 4.2.2). Owns the socket.
 *
 * <p>Reading stops while its user says so, or while answers wait for a peer that does not read them; so what is held
 * for a connection is bounded by {@link #BACKLOG_BYTES_MAX} and one message.
 */
final class TcpMessages implements SocketEvents, DataLoop.Turn {

    /** Answers that wait for a slow reader; a peer that lets more come together is cut off. */
    static final int BACKLOG_BYTES_MAX = 256 * 1024;

    private static final int LENGTH_BYTES = 2;
    private static final byte[] NOTHING = {};

    private final LoopSocket socket;
    private final int messageBytesMax;
    private final User user;
    private final ArrayDeque<byte[]> backlog = new ArrayDeque<>();
    private int backlogBytes;
    private int backlogSent;
    private byte[] partial = NOTHING;
    private boolean listed;
    private boolean closed;

    /** What it tells, on the loop. */
    interface User {
        /** Whether another message may come now; {@link TcpMessages#resume} when that changes. */
        boolean takesMore();

        /** One message, the user's to keep. */
        void onMessage(byte[] message);

        /** The connection is over, by the peer, an error, or a message that is too long. The socket is closed. */
        void onEnd();
    }

    private TcpMessages(LoopSocket socket, int messageBytesMax, User user) {
        this.socket = socket;
        this.messageBytesMax = messageBytesMax;
        this.user = user;
    }

    /**
     * Takes over a connected socket. {@link #begin} starts to read.
     *
     * @param messageBytesMax a longer message ends the connection
     */
    static TcpMessages on(LoopSocket socket, int messageBytesMax, User user) {
        return new TcpMessages(socket, messageBytesMax, user);
    }

    void begin() {
        socket.attach(this);
        resume();
    }

    /** Reads again, soon. */
    void resume() {
        if (!listed && !closed) {
            listed = true;
            socket.loop().addReady(this);
        }
    }

    /** Sends a message, in order behind those before. */
    void send(byte[] message) {
        if (closed) {
            return;
        }
        byte[] framed = new byte[LENGTH_BYTES + message.length];
        framed[0] = (byte) (message.length >> 8);
        framed[1] = (byte) message.length;
        System.arraycopy(message, 0, framed, LENGTH_BYTES, message.length);
        backlog.add(framed);
        backlogBytes += framed.length;
        flush();
        if (backlogBytes > BACKLOG_BYTES_MAX) {
            end();
        }
    }

    /** Whether all that was sent has left. */
    boolean isFlushed() {
        return backlog.isEmpty();
    }

    /** Closes; the user hears nothing more. Idempotent. */
    void close() {
        closed = true;
        backlog.clear();
        socket.close();
    }

    private void end() {
        if (!closed) {
            close();
            user.onEnd();
        }
    }

    @Override
    public void onReadable() {
        resume();
    }

    @Override
    public void onWritable() {
        if (closed) {
            return;
        }
        flush();
        if (backlog.isEmpty()) {
            resume();
        }
    }

    @Override
    public void onLoopClosed(Throwable cause) {
        end();
    }

    @Override
    public void onTurnFailed(Throwable cause) {
        end();
    }

    /** One read; a peer that sends without pause has its turn like everybody. */
    @Override
    public void onTurn() {
        listed = false;
        deliver();
        if (closed || !mayRead()) {
            return;
        }
        RawBuffer buffer = socket.loop().buffers().chunk();
        try {
            int read = socket.read(buffer, 0, BufferPool.CHUNK);
            if (read < 0) {
                end();
                return;
            }
            if (read > 0) {
                int held = partial.length;
                partial = Arrays.copyOf(partial, held + read);
                buffer.copyTo(0, partial, held, read);
                deliver();
            }
            if (!closed && mayRead() && (read == BufferPool.CHUNK || (socket.sawHangup() && read > 0))) {
                resume();
            }
        } catch (IOException gone) {
            end();
        } finally {
            buffer.release();
        }
    }

    private boolean mayRead() {
        return backlog.isEmpty() && user.takesMore();
    }

    /** Hands over the messages that are whole. */
    private void deliver() {
        int at = 0;
        while (!closed && mayRead() && partial.length - at >= LENGTH_BYTES) {
            int length = Wire.short16(partial, at);
            if (length > messageBytesMax) {
                end();
                return;
            }
            if (partial.length - at < LENGTH_BYTES + length) {
                break;
            }
            at += LENGTH_BYTES + length;
            user.onMessage(Arrays.copyOfRange(partial, at - length, at));
        }
        if (at > 0) {
            partial = at == partial.length ? NOTHING : Arrays.copyOfRange(partial, at, partial.length);
        }
    }

    private void flush() {
        if (backlog.isEmpty()) {
            return;
        }
        RawBuffer buffer = socket.loop().buffers().chunk();
        try {
            for (byte[] first = backlog.peek(); first != null; first = backlog.peek()) {
                int piece = Math.min(first.length - backlogSent, BufferPool.CHUNK);
                buffer.copyFrom(first, backlogSent, 0, piece);
                int taken = socket.write(buffer, 0, piece);
                backlogBytes -= taken;
                backlogSent += taken;
                if (taken < piece) {
                    return;
                }
                if (backlogSent == first.length) {
                    backlogSent = 0;
                    backlog.remove();
                }
            }
        } catch (IOException gone) {
            end();
        } finally {
            buffer.release();
        }
    }
}
