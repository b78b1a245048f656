package io.culvert.proxy.relay;

import io.culvert.linux.KernelException;
import java.io.IOException;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/** One non-blocking connect with a time-out. Owns the socket until it is connected. */
public final class TcpDial implements SocketEvents {
    private final LoopSocket socket;
    private final DialListener listener;
    private @Nullable LoopTimer timeout;
    private boolean ended;

    /** Why a dial failed. */
    public sealed interface DialFailure {
        /** For the log, in the words of the original. */
        String text();
    }

    /** The kernel said no, or the peer did. */
    public record Failed(int errno) implements DialFailure {
        @Override
        public String text() {
            return OsError.text(errno);
        }
    }

    /** No answer within the time. */
    public record TimedOut(long afterMs) implements DialFailure {
        @Override
        public String text() {
            return "deadline has elapsed";
        }
    }

    /** Learns the end of a dial, exactly once, unless it is cancelled. */
    public interface DialListener {
        /** The listener owns the socket from here on. */
        void onConnected(LoopSocket socket);

        /** The socket is closed. */
        void onDialFailed(DialFailure failure);
    }

    private TcpDial(LoopSocket socket, DialListener listener) {
        this.socket = socket;
        this.listener = listener;
    }

    /**
     * Connects {@code socket}, a fresh one whose options and local address are set. The listener may be called before
     * this returns.
     */
    public static TcpDial start(LoopSocket socket, InetSocketAddress to, long timeoutMs, DialListener listener) {
        TcpDial dial = new TcpDial(socket, listener);
        try {
            if (socket.connect(to)) {
                dial.succeed();
                return dial;
            }
        } catch (KernelException e) {
            dial.fail(new Failed(e.errno()));
            return dial;
        }
        dial.timeout = socket.loop().schedule(() -> dial.fail(new TimedOut(timeoutMs)), timeoutMs);
        socket.attach(dial);
        return dial;
    }

    /** Gives up; the listener hears nothing more. Nothing if the dial has ended. */
    public void cancel() {
        if (!ended) {
            end();
            socket.close();
        }
    }

    @Override
    public void onWritable() {
        if (ended) {
            return;
        }
        try {
            int errno = socket.takeError();
            if (errno != 0) {
                fail(new Failed(errno));
            } else if (socket.peerAddress() != null) {
                // Asked, because an event may stem from a former owner of the descriptor's number.
                succeed();
            }
        } catch (IOException e) {
            fail(new Failed(OsError.errno(e)));
        }
    }

    @Override
    public void onReadable() {
        onWritable();
    }

    @Override
    public void onLoopClosed(Throwable cause) {
        fail(new Failed(OsError.ENOTCONN));
    }

    private void succeed() {
        end();
        listener.onConnected(socket);
    }

    private void fail(DialFailure failure) {
        if (!ended) {
            end();
            socket.close();
            listener.onDialFailed(failure);
        }
    }

    private void end() {
        ended = true;
        if (timeout != null) {
            timeout.cancel();
            timeout = null;
        }
    }
}
