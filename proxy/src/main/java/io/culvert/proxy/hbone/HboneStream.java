package io.culvert.proxy.hbone;

import io.culvert.proxy.relay.EndReason;
import io.culvert.proxy.relay.HeldBytes;
import io.culvert.proxy.relay.RawBuffer;
import io.culvert.proxy.relay.SliceQueue;
import io.culvert.proxy.relay.TunnelStream;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One tunnelled TCP connection: a stream of an {@link HboneConnection}.
 *
 * <p>Server side: {@link #accept} or {@link #refuse} it, once. Client side: it is lent when the answer was 200. Either
 * way {@link io.culvert.proxy.relay.StreamRelay} then joins it with a socket; bytes that come before wait here, bounded
 * by the stream's window.
 *
 * <table><caption>Life</caption>
 * <tr><td>open</td><td>in its connection's table, from HEADERS until both directions have ended or either side
 * resets</td></tr>
 * <tr><td>closed</td><td>unknown to its connection; bytes that are still held here are credited to the connection
 * only</td></tr>
 * </table>
 */
public final class HboneStream implements TunnelStream, HeldBytes.Holder {
    private final HboneConnection connection;
    private final int id;
    private final ReceiveWindow receive;
    private long sendWindow;
    private @Nullable TunnelEvents events;
    private @Nullable SliceQueue early;
    private @Nullable Answer answer;
    private boolean answered;
    private boolean localEnded;
    private boolean remoteEnded;
    private boolean closed;
    private boolean parked;
    /** How it ended before anybody was attached. */
    private @Nullable Integer resetCode;

    private @Nullable ConnectionEnd lost;

    /** Client: learns what became of a request, exactly once. */
    interface Answer {
        void onResponse(HboneStream stream, ConnectResponse response);

        /** The stream is closed. {@code refused}: the server has certainly not acted on it. */
        void onFailed(OpenFailure failure, boolean refused);
    }

    HboneStream(HboneConnection connection, int id, int receiveWindow, int sendWindow, @Nullable Answer answer) {
        this.connection = connection;
        this.id = id;
        this.receive = new ReceiveWindow(receiveWindow, receiveWindow);
        this.sendWindow = sendWindow;
        this.answer = answer;
    }

    public HboneConnection connection() {
        return connection;
    }

    public int id() {
        return id;
    }

    /** Its connection was cut off because the peer's certificate was revoked. */
    public boolean isRevoked() {
        return lost != null && lost.cause() == ConnectionEnd.Cause.REVOKED;
    }

    /** Both directions have ended, or one of the sides has reset it. */
    public boolean isClosed() {
        return closed;
    }

    // ---- server: the answer

    /** 200, with {@code headers}; now bytes may flow. Nothing if the client has gone. */
    public void accept(List<Header> headers) {
        connection.loop().checkOwner();
        requireUnanswered();
        answered = true;
        if (!closed) {
            connection.writer().headers(id, connection.blocks().encodeResponse(200, headers), false);
        }
    }

    /**
     * An error status, and the end: the answer without a body, then RST_STREAM NO_ERROR if the client may still send.
     */
    public void refuse(int status) {
        connection.loop().checkOwner();
        requireUnanswered();
        answered = true;
        if (closed) {
            return;
        }
        connection.writer().headers(id, connection.blocks().encodeResponse(status, List.of()), true);
        localEnded = true;
        if (!remoteEnded) {
            connection.writer().reset(id, ErrorCode.NO_ERROR);
        }
        close(!remoteEnded);
    }

    private void requireUnanswered() {
        if (answered) {
            throw new IllegalStateException("a request is answered once");
        }
    }

    boolean isAnswered() {
        return answered;
    }

    // ---- the relay's calls

    @Override
    public void attach(TunnelEvents newEvents) {
        if (events != null) {
            throw new IllegalStateException("attached twice");
        }
        events = newEvents;
        SliceQueue held = early;
        early = null;
        if (held != null) {
            connection.loop().held().remove(this);
            held.drainTo((buffer, at, bytes) -> {
                newEvents.onData(buffer, at, bytes);
                connection.loop().flushGathered();
            });
        }
        if (remoteEnded) {
            newEvents.onEnd();
        }
        if (resetCode != null) {
            newEvents.onReset(resetCode);
        } else if (lost != null) {
            tellLost(newEvents, lost);
        }
    }

    @Override
    public int sendRoom() {
        if (closed || localEnded) {
            return 0;
        }
        long room = Math.min(sendWindow, connection.sendRoom());
        if (room > 0) {
            return (int) Math.min(room, Integer.MAX_VALUE);
        }
        if (!parked) {
            parked = true;
            connection.streams().park(this);
        }
        return 0;
    }

    void unpark() {
        parked = false;
        if (!closed && events != null) {
            events.onSendable();
        }
    }

    @Override
    public void send(RawBuffer buffer, int at, int bytes) {
        if (closed || localEnded) {
            return;
        }
        sendWindow -= bytes;
        connection.streams().spend(bytes);
        connection.writer().data(id, buffer, at, bytes);
    }

    @Override
    public void sendEnd() {
        if (!closed && !localEnded) {
            localEnded = true;
            connection.writer().endStream(id);
            closeIfBothEnded();
        }
    }

    @Override
    public void abort(Abort why) {
        if (closed) {
            return;
        }
        int code = switch (why) {
            case SOCKET_RESET -> ErrorCode.CONNECT_ERROR;
            case CANCELLED -> ErrorCode.CANCEL;
            case OUT_OF_ROOM -> ErrorCode.ENHANCE_YOUR_CALM;
        };
        answer = null;
        connection.writer().reset(id, code);
        close(true);
    }

    @Override
    public void credit(int bytes) {
        if (bytes == 0) {
            return;
        }
        connection.credit(bytes);
        int announce = receive.credit(bytes);
        if (announce > 0 && !closed && !remoteEnded) {
            connection.writer().windowUpdate(id, announce);
        }
    }

    // ---- what the peer did

    /** A DATA frame of {@code bytes} begins; false if the window does not allow it. */
    boolean take(int bytes) {
        return receive.take(bytes);
    }

    void onData(RawBuffer buffer, int at, int bytes) {
        if (events != null) {
            events.onData(buffer, at, bytes);
            return;
        }
        if (early == null) {
            early = new SliceQueue(connection.loop().buffers());
            connection.loop().held().add(this);
        }
        early.append(buffer, at, bytes);
    }

    @Override
    public int heldBytes() {
        return early == null ? 0 : early.bytes();
    }

    @Override
    public void giveUp() {
        connection.writer().reset(id, ErrorCode.ENHANCE_YOUR_CALM);
        onReset(ErrorCode.ENHANCE_YOUR_CALM, true);
    }

    /**
     * The peer may send more, by {@code delta}, which is negative for a reduction; false if HTTP/2 does not allow so
     * many.
     */
    boolean widen(int delta) {
        sendWindow += delta;
        if (sendWindow > Integer.MAX_VALUE) {
            return false;
        }
        if (parked && sendWindow > 0 && events != null) {
            // It stays in the list of who waits: being asked twice costs less than leaving the middle of a queue.
            events.onSendable();
        }
        return true;
    }

    boolean isRemoteEnded() {
        return remoteEnded;
    }

    void onRemoteEnd() {
        remoteEnded = true;
        if (events != null) {
            events.onEnd();
        }
        closeIfBothEnded();
    }

    /** Client: the answer has come. */
    void onResponse(ConnectResponse response) {
        answered = true;
        Answer waiting = answer;
        answer = null;
        if (waiting != null) {
            waiting.onResponse(this, response);
        }
    }

    /** The peer has reset it, or broke its rules and was told: then it is us who reset. */
    void onReset(int code, boolean byUs) {
        boolean unheard = events == null && answer == null;
        resetCode = code;
        close(byUs);
        if (events != null) {
            events.onReset(code);
        }
        String what = byUs ? "stream error detected: " : "stream error received: ";
        failAnswer(new OpenFailure.Http2Failed(what + ErrorCode.name(code)), code == ErrorCode.REFUSED_STREAM);
        if (unheard) {
            connection.owner().onAbandoned(this);
        }
    }

    /** The connection is gone, or will not serve this stream. */
    void onLost(ConnectionEnd end, boolean refused) {
        boolean unheard = events == null && answer == null;
        lost = end;
        close(false);
        if (events != null) {
            tellLost(events, end);
        }
        failAnswer(OpenFailure.of(end), refused);
        if (unheard) {
            connection.owner().onAbandoned(this);
        }
    }

    private static void tellLost(TunnelEvents events, ConnectionEnd end) {
        switch (end.cause()) {
            case REVOKED -> events.onStopped(EndReason.CERTIFICATE_REVOKED);
            case TLS, HTTP2, SOCKET, CLOSED -> events.onLost(end.text());
        }
    }

    private void failAnswer(OpenFailure failure, boolean refused) {
        Answer waiting = answer;
        answer = null;
        if (waiting != null) {
            waiting.onFailed(failure, refused);
        }
    }

    // ---- the end

    private void closeIfBothEnded() {
        if (localEnded && remoteEnded && !closed) {
            closed = true;
            connection.remove(this, false);
        }
    }

    private void close(boolean resetByUs) {
        closed = true;
        if (early != null) {
            connection.loop().held().remove(this);
            connection.credit(early.discard());
            early = null;
        }
        connection.remove(this, resetByUs);
    }
}
