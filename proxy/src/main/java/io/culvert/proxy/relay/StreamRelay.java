package io.culvert.proxy.relay;

import io.culvert.proxy.relay.HalfEnd.Plain;
import io.culvert.proxy.relay.HalfEnd.Stopped;
import io.culvert.proxy.relay.HalfEnd.StreamReset;
import io.culvert.proxy.relay.HalfEnd.TunnelLost;
import io.culvert.proxy.relay.RelayEnd.RelayListener;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Joins an application's socket and a tunnel stream. Owns the socket.
 *
 * <p>To the tunnel: the socket is read only while both flow-control windows are open and the tunnel takes bytes,
 * straight into the place behind a frame header. From the tunnel: what arrived together leaves by one writev; what the
 * socket does not take waits, and is credited to the peer only when it is written, so that the peer's window bounds
 * what waits here.
 *
 * <table><caption>Ends</caption>
 * <tr><th>seen</th><th>told</th></tr>
 * <tr><td>FIN of the application</td><td>END_STREAM; the other direction goes on</td></tr>
 * <tr><td>END_STREAM</td><td>FIN behind the last byte; the other direction goes on</td></tr>
 * <tr><td>reset of the application, or its socket gone when written to</td><td>what it had sent before, then RST_STREAM
 * CONNECT_ERROR</td></tr>
 * <tr><td>RST_STREAM or loss of the tunnel before END_STREAM</td><td>reset of the application's socket</td></tr>
 * <tr><td>the same behind END_STREAM</td><td>the rest, then a close: the answer was complete</td></tr>
 * <tr><td>it holds most when buffers run short</td><td>RST_STREAM ENHANCE_YOUR_CALM and a reset, at once</td></tr>
 * <tr><td>{@link #stop}; the tunnel ended by ourselves</td><td>RST_STREAM CANCEL, if there is still whom to tell, and a
 * reset, at once</td></tr>
 * </table>
 *
 * <p>Cost per turn: one read, one encryption, one write; or one writev. Allocates nothing while it runs.
 */
public final class StreamRelay
        implements SocketEvents, TunnelStream.TunnelEvents, Gather.GatherTarget, DataLoop.Turn, HeldBytes.Holder {
    /** Reads before other connections get their turn. */
    private static final int READS_PER_TURN = 4;

    private final DataLoop loop;
    private final LoopSocket socket;
    private final TunnelStream stream;
    private final Position position;
    private final ByteMeter meter;
    private final RelayListener listener;
    private final SliceQueue toSocket;

    private @Nullable HalfEnd socketToStream;
    private @Nullable HalfEnd streamToSocket;
    private boolean readable;
    private boolean inReadyList;
    private boolean streamEnded;
    private boolean reported;

    /** Where the socket stands: decides which direction is which for {@link ByteMeter} and {@link RelayEnd}. */
    public enum Position {
        /** An outbound connection: the application opened it. */
        SOCKET_IS_DOWNSTREAM,
        /** An inbound connection: the tunnel's peer opened it. */
        SOCKET_IS_UPSTREAM
    }

    private StreamRelay(
            LoopSocket socket, TunnelStream stream, Position position, ByteMeter meter, RelayListener listener) {
        this.loop = socket.loop();
        this.socket = socket;
        this.stream = stream;
        this.position = position;
        this.meter = meter;
        this.listener = listener;
        this.toSocket = new SliceQueue(loop.buffers());
        // An application that called has most often said something; one that was called hardly within that moment, and
        // the first event of a fresh registration tells if it has.
        this.readable = position == Position.SOCKET_IS_DOWNSTREAM || socket.isAttached();
    }

    /** Starts; the listener may be called before this returns. */
    public static StreamRelay start(
            LoopSocket socket, TunnelStream stream, Position position, ByteMeter meter, RelayListener listener) {
        StreamRelay relay = new StreamRelay(socket, stream, position, meter, listener);
        socket.attach(relay);
        stream.attach(relay);
        relay.pump();
        return relay;
    }

    /** Ends both directions now, in mid-byte if need be. Nothing if it has ended. */
    public void stop(EndReason reason) {
        loop.checkOwner();
        if (!reported) {
            stream.abort(TunnelStream.Abort.CANCELLED);
            endBoth(new Stopped(reason));
        }
    }

    @Override
    public int heldBytes() {
        return toSocket.bytes();
    }

    @Override
    public void giveUp() {
        stream.abort(TunnelStream.Abort.OUT_OF_ROOM);
        endBoth(new Stopped(EndReason.MEMORY));
    }

    // ---- socket to stream

    @Override
    public void onReadable() {
        readable = true;
        if (socketToStream == null) {
            pump();
        } else if (socket.sawError()) {
            // The application had sent its FIN: only this way do we hear of its reset while nothing is written to it.
            socketFailed(Plain.SOCKET_RESET);
        }
    }

    @Override
    public void onSendable() {
        if (!inReadyList && !reported) {
            inReadyList = true;
            loop.addReady(this);
        }
    }

    @Override
    public void onTurn() {
        inReadyList = false;
        pump();
    }

    @Override
    public void onTurnFailed(Throwable cause) {
        onLoopClosed(cause);
    }

    private void pump() {
        for (int reads = 0; reads < READS_PER_TURN; reads++) {
            if (reported || socketToStream != null || !readable) {
                return;
            }
            int room = stream.sendRoom();
            if (room <= 0) {
                if (socket.sawError()) {
                    socketFailed(Plain.SOCKET_RESET);
                }
                return;
            }
            readOnce(Math.min(room, BufferPool.READ_BYTES));
        }
        onSendable();
    }

    private void readOnce(int most) {
        RawBuffer buffer = loop.applicationIn().get();
        int bytes;
        try {
            bytes = socket.read(buffer, TunnelStream.HEADROOM, most);
        } catch (IOException e) {
            socketFailed(ending(e));
            return;
        }
        if (bytes < 0) {
            readable = false;
            socketEnded();
        } else if (bytes == 0) {
            readable = false;
        } else {
            if (bytes < most && !socket.sawHangup()) {
                readable = false;
            }
            countFromSocket(bytes);
            stream.send(buffer, TunnelStream.HEADROOM, bytes);
        }
    }

    private void socketEnded() {
        HalfEnd other = streamToSocket;
        if (other != null && other != Plain.FINISHED) {
            // The kernel told of the reset once already, when we wrote; now it looks like an end.
            socketFailed(other);
            return;
        }
        socketToStream = Plain.FINISHED;
        stream.sendEnd();
        finishIfBothEnded();
    }

    // ---- stream to socket

    @Override
    public void onData(RawBuffer buffer, int at, int bytes) {
        if (streamToSocket != null) {
            stream.credit(bytes);
        } else if (toSocket.isEmpty()) {
            loop.gather().add(this, buffer, at, bytes);
        } else {
            toSocket.append(buffer, at, bytes);
        }
    }

    @Override
    public void onFlush(Gather gathered) {
        int total = gathered.total();
        int written;
        try {
            written = gathered.writeTo(socket);
        } catch (IOException e) {
            stream.credit(total);
            writeFailed(ending(e));
            return;
        }
        if (written < total) {
            gathered.appendRest(written, toSocket);
            loop.held().add(this);
        }
        wrote(written);
    }

    @Override
    public void onWritable() {
        if (toSocket.isEmpty()) {
            return;
        }
        int before = toSocket.bytes();
        try {
            toSocket.writeTo(socket);
        } catch (IOException e) {
            wrote(before - toSocket.bytes());
            writeFailed(ending(e));
            return;
        }
        wrote(before - toSocket.bytes());
        if (toSocket.isEmpty()) {
            loop.held().remove(this);
            if (streamEnded) {
                passEndOn();
            }
        }
    }

    private void wrote(int bytes) {
        if (bytes > 0) {
            countToSocket(bytes);
            stream.credit(bytes);
        }
    }

    @Override
    public void onEnd() {
        loop.flushGathered();
        streamEnded = true;
        if (toSocket.isEmpty() && streamToSocket == null) {
            passEndOn();
        }
    }

    private void passEndOn() {
        streamToSocket = Plain.FINISHED;
        if (socketToStream == null) {
            try {
                socket.shutdownOutput();
            } catch (IOException e) {
                // The socket is gone: reading it tells how, and ends the relay.
                readable = true;
                pump();
            }
        }
        finishIfBothEnded();
    }

    /** The socket takes no more. What the application sent before it went is passed on first. */
    private void writeFailed(HalfEnd end) {
        if (reported) {
            return;
        }
        streamToSocket = end;
        stream.credit(dropHeld());
        readable = true;
        if (socketToStream == null) {
            pump();
        }
        if (!reported && !inReadyList) {
            socketFailed(end);
        }
    }

    // ---- ends

    private void socketFailed(HalfEnd end) {
        if (!reported) {
            stream.abort(TunnelStream.Abort.SOCKET_RESET);
            endBoth(end);
        }
    }

    @Override
    public void onReset(int code) {
        tunnelEnded(new StreamReset(code));
    }

    @Override
    public void onLost(String why) {
        tunnelEnded(new TunnelLost(why));
    }

    @Override
    public void onStopped(EndReason reason) {
        loop.flushGathered();
        if (!reported) {
            endBoth(new Stopped(reason));
        }
    }

    private void tunnelEnded(HalfEnd end) {
        // What came before the reset goes before the reset.
        loop.flushGathered();
        if (reported) {
            return;
        }
        if (!streamEnded) {
            endBoth(end);
            return;
        }
        if (socketToStream == null) {
            socketToStream = end;
        }
        finishIfBothEnded();
    }

    @Override
    public void onLoopClosed(Throwable cause) {
        if (!reported) {
            stream.abort(TunnelStream.Abort.SOCKET_RESET);
            endBoth(new Stopped(EndReason.FAULT));
        }
    }

    private void endBoth(HalfEnd end) {
        if (socketToStream == null) {
            socketToStream = end;
        }
        if (streamToSocket == null) {
            streamToSocket = end;
        }
        socket.reset();
        report();
    }

    private void finishIfBothEnded() {
        if (!reported && socketToStream != null && streamToSocket != null) {
            socket.close();
            report();
        }
    }

    private void report() {
        reported = true;
        stream.credit(dropHeld() + loop.gather().discard(this));
        if (socketToStream == null || streamToSocket == null) {
            throw new IllegalStateException("a relay ended with a direction open");
        }
        listener.onRelayEnd(
                position == Position.SOCKET_IS_DOWNSTREAM
                        ? new RelayEnd(socketToStream, streamToSocket)
                        : new RelayEnd(streamToSocket, socketToStream));
    }

    private int dropHeld() {
        loop.held().remove(this);
        return toSocket.discard();
    }

    private static HalfEnd ending(IOException e) {
        return OsError.isReset(e) ? Plain.SOCKET_RESET : new HalfEnd.SocketFailed(OsError.errno(e));
    }

    private void countFromSocket(int bytes) {
        if (position == Position.SOCKET_IS_DOWNSTREAM) {
            meter.toUpstream(bytes);
        } else {
            meter.toDownstream(bytes);
        }
    }

    private void countToSocket(int bytes) {
        if (position == Position.SOCKET_IS_DOWNSTREAM) {
            meter.toDownstream(bytes);
        } else {
            meter.toUpstream(bytes);
        }
    }
}
