package io.culvert.proxy.tls;

import io.culvert.proxy.relay.DataLoop;
import io.culvert.proxy.relay.EndReason;
import io.culvert.proxy.relay.HeldBytes;
import io.culvert.proxy.relay.LoopTimer;
import io.culvert.proxy.relay.RawBuffer;
import io.culvert.proxy.relay.SliceQueue;
import io.culvert.proxy.relay.Transport;
import io.culvert.proxy.relay.TunnelStream;
import org.jspecify.annotations.Nullable;

/**
 * TLS inside a stream of another tunnel, as a client: the carrier's payload is this connection's records. Owns the
 * carrier and the session.
 *
 * <p>What arrives is opened at once and credited to the carrier: from there on the windows of the connection inside
 * bound what waits. What leaves is encrypted behind room for the carrier's frame header, and encrypted again from there
 * by the tunnel outside; nothing is copied unless the carrier's window closes. Then at most one read of the application
 * waits here. States are those of {@link SecureSocket}.
 */
public final class SecureStream
        implements Transport, TunnelStream.TunnelEvents, HandshakeTurns.Steps, CarrierOutput.Owner, HeldBytes.Holder {
    /** Bytes of a handshake that may wait for its turn: several chains of certificates. */
    private static final int HANDSHAKE_WAITING_MAX = 256 * 1024;

    private final DataLoop loop;
    private final TunnelStream carrier;
    private final TlsSession session;
    private final SliceQueue early;
    private final CarrierOutput output;
    private final HandshakeTurns handshakeTurns;
    private @Nullable TransportEvents events;
    private State state = State.HANDSHAKE;
    private boolean firstStep = true;
    private boolean carrierEnded;
    private @Nullable LoopTimer linger;

    private enum State {
        HANDSHAKE,
        OPEN,
        LINGERING,
        CLOSED
    }

    /** A client's session over {@code carrier}, whose reader it becomes. */
    public SecureStream(DataLoop loop, TunnelStream carrier, TlsSession session) {
        this.loop = loop;
        this.carrier = carrier;
        this.session = session;
        this.early = new SliceQueue(loop.buffers());
        this.output = new CarrierOutput(loop, carrier, this);
        this.handshakeTurns = new HandshakeTurns(loop.handshakes(), this);
    }

    /** What the handshake agreed on; once established. */
    public Security security() {
        return session.security();
    }

    @Override
    public DataLoop loop() {
        return loop;
    }

    @Override
    public void attach(TransportEvents newEvents) {
        if (events != null) {
            throw new IllegalStateException("attached twice");
        }
        events = newEvents;
        handshakeTurns.await();
        carrier.attach(this);
    }

    // ---- reading

    @Override
    public void onData(RawBuffer buffer, int at, int bytes) {
        if (state != State.HANDSHAKE) {
            take(buffer, at, bytes);
            return;
        }
        early.append(buffer, at, bytes);
        if (early.bytes() > HANDSHAKE_WAITING_MAX) {
            end(new TransportEnd.SecurityFailed("the peer's handshake has no end"));
        } else {
            handshakeTurns.await();
        }
    }

    @Override
    public boolean stepHandshake() {
        if (state != State.HANDSHAKE) {
            return false;
        }
        if (firstStep) {
            firstStep = false;
            RawBuffer nothing = loop.innerPlainIn().get();
            handshake(nothing, 0, 0);
            if (state == State.HANDSHAKE && !early.isEmpty()) {
                handshakeTurns.await();
            }
            return true;
        }
        boolean any = !early.isEmpty();
        early.drainTo(this::take);
        return any;
    }

    private void take(RawBuffer buffer, int at, int bytes) {
        switch (state) {
            case HANDSHAKE -> handshake(buffer, at, bytes);
            case OPEN -> decrypt(buffer, at, bytes);
            case LINGERING, CLOSED -> {}
        }
        carrier.credit(bytes);
    }

    private void handshake(RawBuffer in, int at, int bytes) {
        TlsSession.Handshake result = session.handshake(in, at, bytes, output.buffer(), output.at(), output.room());
        output.made(session.produced());
        int taken = session.consumed();
        push();
        switch (result) {
            case WANTS_BYTES -> {}
            case DONE -> {
                if (state == State.HANDSHAKE) {
                    state = State.OPEN;
                    events().onEstablished();
                    if (taken < bytes && state == State.OPEN) {
                        decrypt(in, at + taken, bytes - taken);
                    }
                }
            }
            case FAILED -> endAfterAlert();
        }
    }

    private void decrypt(RawBuffer in, int at, int bytes) {
        // Large enough: what one read of the outer tunnel held is more than what is inside, by its own records' worth.
        RawBuffer out = loop.innerPlainIn().get();
        session.beginDecrypt(in, at, bytes);
        int filled = 0;
        int result;
        do {
            result = session.decrypt(out, filled, out.capacity() - filled);
            filled += Math.max(result, 0);
        } while (result > 0);
        session.endDecrypt();
        if (session.hasOwnBytes()) {
            output.made(session.flush(output.buffer(), output.at()));
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
                loop.innerPlainIn().refresh();
            }
        }
    }

    @Override
    public void onEnd() {
        carrierEnded = true;
        switch (state) {
            case HANDSHAKE -> {
                // What came before the end says why there is one, most likely.
                early.drainTo(this::take);
                if (state == State.HANDSHAKE) {
                    end(new TransportEnd.SecurityFailed("tls handshake eof"));
                } else if (state == State.OPEN) {
                    end(new TransportEnd.Closed());
                }
            }
            case OPEN -> end(new TransportEnd.Closed());
            case LINGERING -> finish();
            case CLOSED -> {}
        }
    }

    @Override
    public void onReset(int code) {
        end(new TransportEnd.CarrierFailed("the gateway reset the stream: code " + code));
    }

    @Override
    public void onLost(String why) {
        end(new TransportEnd.CarrierFailed(why));
    }

    @Override
    public void onStopped(EndReason reason) {
        end(new TransportEnd.Stopped(reason));
    }

    // ---- writing

    @Override
    public void write(RawBuffer buffer, int at, int bytes) {
        if (state != State.OPEN) {
            return;
        }
        if (output.room() < TlsSession.encryptedMost(bytes)) {
            push();
        }
        if (state != State.OPEN) {
            return;
        }
        int made = session.encrypt(buffer, at, bytes, output.buffer(), output.at());
        if (made < 0) {
            end(new TransportEnd.SecurityFailed(session.failure()));
        } else {
            output.made(made);
        }
    }

    @Override
    public void push() {
        output.push();
    }

    @Override
    public int backlogBytes() {
        return output.backlogBytes();
    }

    @Override
    public void onSendable() {
        output.onSendable();
    }

    @Override
    public void onBacklog() {
        loop.held().add(this);
    }

    @Override
    public void onBacklogGone() {
        loop.held().remove(this);
        if (state == State.LINGERING) {
            sendEnd();
        } else if (state == State.OPEN) {
            events().onDrained();
        }
    }

    // ---- ends

    private void endAfterAlert() {
        String why = session.failure();
        if (session.hasOwnBytes()) {
            output.made(session.flush(output.buffer(), output.at()));
            push();
        }
        if (state != State.CLOSED) {
            startLingering();
            events().onTransportEnd(new TransportEnd.SecurityFailed(why));
        }
    }

    private void end(TransportEnd how) {
        boolean tell = state == State.HANDSHAKE || state == State.OPEN;
        if (tell && carrierEnded) {
            // An end for an end; where bytes wait, the reset below says that they are lost.
            boolean delivered = output.backlogBytes() == 0;
            release();
            if (delivered) {
                carrier.sendEnd();
            }
            carrier.abort(TunnelStream.Abort.CANCELLED);
        } else {
            abort();
        }
        if (tell) {
            events().onTransportEnd(how);
        }
    }

    @Override
    public void close() {
        if (state == State.HANDSHAKE || state == State.OPEN) {
            session.closeNotify();
            output.made(session.flush(output.buffer(), output.at()));
            push();
            if (state != State.CLOSED) {
                startLingering();
            }
        }
    }

    private void startLingering() {
        state = State.LINGERING;
        linger = loop.schedule(this::abort, SecureSocket.LINGER_MS);
        if (output.backlogBytes() == 0) {
            sendEnd();
        }
    }

    private void sendEnd() {
        carrier.sendEnd();
        finish();
    }

    /** Both directions of the carrier have ended: nothing is left to linger for. */
    private void finish() {
        if (carrierEnded && output.backlogBytes() == 0) {
            abort();
        }
    }

    @Override
    public void abort() {
        if (state != State.CLOSED) {
            release();
            // Nothing where the carrier has ended both ways.
            carrier.abort(TunnelStream.Abort.CANCELLED);
        }
    }

    @Override
    public int heldBytes() {
        return output.backlogBytes();
    }

    @Override
    public void giveUp() {
        boolean tell = state == State.HANDSHAKE || state == State.OPEN;
        release();
        carrier.abort(TunnelStream.Abort.OUT_OF_ROOM);
        if (tell) {
            events().onTransportEnd(new TransportEnd.CarrierFailed("no room for what the gateway does not read"));
        }
    }

    @Override
    public void onHandshakeRefused() {
        end(new TransportEnd.SecurityFailed("too many handshakes are waiting"));
    }

    @Override
    public void onTurnFailed(Throwable cause) {
        end(new TransportEnd.SecurityFailed("defect of this program: " + cause));
    }

    private void release() {
        state = State.CLOSED;
        if (linger != null) {
            linger.cancel();
            linger = null;
        }
        loop.held().remove(this);
        output.end();
        carrier.credit(early.discard());
        session.free();
    }

    private TransportEvents events() {
        if (events == null) {
            throw new IllegalStateException("nobody attached");
        }
        return events;
    }
}
