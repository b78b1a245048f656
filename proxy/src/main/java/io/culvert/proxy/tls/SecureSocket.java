package io.culvert.proxy.tls;

import io.culvert.proxy.relay.BufferPool;
import io.culvert.proxy.relay.DataLoop;
import io.culvert.proxy.relay.LoopSocket;
import io.culvert.proxy.relay.LoopTimer;
import io.culvert.proxy.relay.OsError;
import io.culvert.proxy.relay.RawBuffer;
import io.culvert.proxy.relay.SliceQueue;
import io.culvert.proxy.relay.SocketEvents;
import io.culvert.proxy.relay.Transport;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * TLS over a socket. Owns both.
 *
 * <p>Reading: one big read, every record in it opened into one contiguous buffer, the user called once. Writing:
 * everything pushed together is encrypted into one buffer and leaves by one write; what the kernel does not take stays
 * where it is (see {@link SliceQueue}). At rest it holds no buffer.
 *
 * <table><caption>States</caption>
 * <tr><td>HANDSHAKE</td><td>until both sides have their keys; ends in OPEN or, after an alert, in LINGERING</td></tr>
 * <tr><td>OPEN</td><td>bytes flow</td></tr>
 * <tr><td>LINGERING</td><td>the user is done: what was pushed is delivered, and what still arrives is dropped, because
 * a close with unread bytes would be a reset and destroy the peer's last lines; for {@value #LINGER_MS} ms at
 * most</td></tr>
 * <tr><td>CLOSED</td><td>nothing is left</td></tr>
 * </table>
 */
public final class SecureSocket implements Transport, SocketEvents, DataLoop.Turn, HandshakeTurns.Steps {
    static final int LINGER_MS = 1_000;
    /** Reads before other connections get their turn. */
    private static final int READS_PER_TURN = 4;

    private final DataLoop loop;
    private final LoopSocket socket;
    private final TlsSession session;
    private final SliceQueue waiting;
    private final HandshakeTurns handshakeTurns;
    private @Nullable TransportEvents events;
    private State state = State.HANDSHAKE;
    private int collected;
    private boolean inReadyList;
    /** A client has to speak first. */
    private boolean firstStep;

    private @Nullable LoopTimer linger;

    private enum State {
        HANDSHAKE,
        OPEN,
        LINGERING,
        CLOSED
    }

    public SecureSocket(LoopSocket socket, TlsSession session) {
        this.loop = socket.loop();
        this.socket = socket;
        this.session = session;
        this.waiting = new SliceQueue(loop.buffers());
        this.handshakeTurns = new HandshakeTurns(loop.handshakes(), this);
    }

    /** What the handshake agreed on; once established. */
    public Security security() {
        return session.security();
    }

    public LoopSocket socket() {
        return socket;
    }

    @Override
    public DataLoop loop() {
        return loop;
    }

    /** Starts the handshake. */
    @Override
    public void attach(TransportEvents newEvents) {
        if (events != null) {
            throw new IllegalStateException("attached twice");
        }
        events = newEvents;
        socket.attach(this);
        firstStep = !session.isServer();
        handshakeTurns.await();
    }

    @Override
    public boolean stepHandshake() {
        if (state != State.HANDSHAKE) {
            return false;
        }
        RawBuffer in = loop.cipherIn().get();
        if (firstStep) {
            firstStep = false;
            handshake(in, 0);
            // The events of a socket that was connected by another user may have been told already.
            if (state == State.HANDSHAKE) {
                handshakeTurns.await();
            }
            return true;
        }
        int bytes = readInto(in);
        if (bytes <= 0) {
            return false;
        }
        handshake(in, bytes);
        if (bytes == BufferPool.READ_BYTES || socket.sawHangup()) {
            onReadable();
        }
        return true;
    }

    // ---- reading

    @Override
    public void onReadable() {
        for (int reads = 0; reads < READS_PER_TURN; reads++) {
            if (state == State.HANDSHAKE) {
                handshakeTurns.await();
                return;
            }
            if (state == State.CLOSED) {
                return;
            }
            RawBuffer in = loop.cipherIn().get();
            int bytes = readInto(in);
            if (bytes <= 0) {
                return;
            }
            if (state == State.OPEN) {
                decrypt(in, 0, bytes);
            }
            if (bytes < BufferPool.READ_BYTES && !socket.sawHangup()) {
                return;
            }
        }
        if (!inReadyList) {
            inReadyList = true;
            loop.addReady(this);
        }
    }

    /** Bytes read; 0 if there are none, or none will come any more. */
    private int readInto(RawBuffer in) {
        try {
            int bytes = socket.read(in, 0, BufferPool.READ_BYTES);
            if (bytes < 0) {
                boolean early = state == State.HANDSHAKE;
                end(early ? new TransportEnd.SecurityFailed("tls handshake eof") : new TransportEnd.Closed());
            }
            return Math.max(bytes, 0);
        } catch (IOException e) {
            end(new TransportEnd.SocketFailed(OsError.errno(e)));
            return 0;
        }
    }

    @Override
    public void onTurn() {
        inReadyList = false;
        onReadable();
    }

    @Override
    public void onTurnFailed(Throwable cause) {
        onLoopClosed(cause);
    }

    @Override
    public void onHandshakeRefused() {
        end(new TransportEnd.SecurityFailed("too many handshakes are waiting"));
    }

    private void handshake(RawBuffer in, int bytes) {
        RawBuffer out = loop.cipherOut().get();
        TlsSession.Handshake result = session.handshake(in, 0, bytes, out, 0, out.capacity());
        collected = session.produced();
        int taken = session.consumed();
        push();
        switch (result) {
            case WANTS_BYTES -> {}
            case DONE -> {
                if (state == State.HANDSHAKE) {
                    state = State.OPEN;
                    events().onEstablished();
                    if (taken < bytes && state == State.OPEN) {
                        decrypt(in, taken, bytes - taken);
                    }
                }
            }
            case FAILED -> endAfterAlert();
        }
    }

    private void decrypt(RawBuffer in, int at, int bytes) {
        // Large enough for one read's records and what BoringSSL holds of a record that was cut by the read before.
        RawBuffer out = loop.plainIn().get();
        session.beginDecrypt(in, at, bytes);
        int filled = 0;
        int result;
        do {
            result = session.decrypt(out, filled, out.capacity() - filled);
            filled += Math.max(result, 0);
        } while (result > 0);
        session.endDecrypt();
        if (session.hasOwnBytes()) {
            collected += session.flush(loop.cipherOut().get(), collected);
            push();
        }
        if (filled > 0) {
            deliver(out, filled);
        }
        if (state != State.OPEN) {
            return;
        }
        if (result == TlsSession.FAILED) {
            endAfterAlert();
        } else if (result == TlsSession.CLOSED) {
            end(new TransportEnd.Closed());
        }
    }

    private void deliver(RawBuffer plain, int bytes) {
        if (state == State.OPEN) {
            plain.retain();
            try {
                events().onBytes(plain, 0, bytes);
                loop.flushGathered();
            } finally {
                plain.release();
                loop.plainIn().refresh();
            }
        }
    }

    // ---- writing

    @Override
    public void write(RawBuffer buffer, int at, int bytes) {
        if (state != State.OPEN) {
            return;
        }
        RawBuffer out = loop.cipherOut().get();
        if (out.capacity() - collected < TlsSession.encryptedMost(bytes)) {
            push();
            out = loop.cipherOut().get();
        }
        if (state != State.OPEN) {
            return;
        }
        int made = session.encrypt(buffer, at, bytes, out, collected);
        if (made < 0) {
            end(new TransportEnd.SecurityFailed(session.failure()));
        } else {
            collected += made;
        }
    }

    @Override
    public void push() {
        if (collected == 0) {
            return;
        }
        RawBuffer out = loop.cipherOut().get();
        int bytes = collected;
        collected = 0;
        if (state == State.CLOSED) {
            return;
        }
        int written = 0;
        try {
            if (waiting.isEmpty()) {
                written = socket.write(out, 0, bytes);
            }
        } catch (IOException e) {
            end(new TransportEnd.SocketFailed(OsError.errno(e)));
            return;
        }
        if (written < bytes) {
            waiting.append(out, written, bytes - written);
            loop.cipherOut().refresh();
        }
    }

    @Override
    public int backlogBytes() {
        return waiting.bytes();
    }

    @Override
    public void onWritable() {
        if (waiting.isEmpty() || state == State.CLOSED) {
            return;
        }
        try {
            waiting.writeTo(socket);
        } catch (IOException e) {
            end(new TransportEnd.SocketFailed(OsError.errno(e)));
            return;
        }
        if (!waiting.isEmpty()) {
            return;
        }
        if (state == State.LINGERING) {
            sendFin();
        } else if (state == State.OPEN) {
            events().onDrained();
        }
    }

    // ---- ends

    private void endAfterAlert() {
        String why = session.failure();
        RawBuffer out = loop.cipherOut().get();
        if (session.hasOwnBytes()) {
            collected += session.flush(out, collected);
            push();
        }
        if (state != State.CLOSED) {
            startLingering();
            events().onTransportEnd(new TransportEnd.SecurityFailed(why));
        }
    }

    private void end(TransportEnd how) {
        boolean tell = state == State.HANDSHAKE || state == State.OPEN;
        release();
        socket.close();
        if (tell) {
            events().onTransportEnd(how);
        }
    }

    @Override
    public void close() {
        if (state == State.HANDSHAKE || state == State.OPEN) {
            session.closeNotify();
            collected += session.flush(loop.cipherOut().get(), collected);
            push();
            if (state != State.CLOSED) {
                startLingering();
            }
        }
    }

    private void startLingering() {
        state = State.LINGERING;
        linger = loop.schedule(this::abort, LINGER_MS);
        if (waiting.isEmpty()) {
            sendFin();
        }
    }

    private void sendFin() {
        try {
            socket.shutdownOutput();
        } catch (IOException e) {
            end(new TransportEnd.SocketFailed(OsError.errno(e)));
        }
    }

    @Override
    public void abort() {
        if (state != State.CLOSED) {
            release();
            socket.reset();
        }
    }

    @Override
    public void onLoopClosed(Throwable cause) {
        if (state != State.CLOSED) {
            end(new TransportEnd.SecurityFailed("data loop closed: " + cause));
        }
    }

    private void release() {
        state = State.CLOSED;
        collected = 0;
        if (linger != null) {
            linger.cancel();
            linger = null;
        }
        waiting.discard();
        session.free();
    }

    private TransportEvents events() {
        if (events == null) {
            throw new IllegalStateException("nobody attached");
        }
        return events;
    }
}
