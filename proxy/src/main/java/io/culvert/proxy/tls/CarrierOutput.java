package io.culvert.proxy.tls;

import io.culvert.proxy.relay.DataLoop;
import io.culvert.proxy.relay.RawBuffer;
import io.culvert.proxy.relay.SliceQueue;
import io.culvert.proxy.relay.TunnelStream;

/**
 * Records on their way into a tunnel's stream. They are made in the loop's buffer, behind room for the stream's frame
 * header; what the stream's window does not take waits, and is copied there again when it opens.
 */
final class CarrierOutput implements DataLoop.Turn {
    private static final int HEADROOM = TunnelStream.HEADROOM;

    private final DataLoop loop;
    private final TunnelStream carrier;
    private final Owner owner;
    private final SliceQueue waiting;
    private int collected;
    private boolean inReadyList;
    private boolean over;

    /** Whose records they are. */
    interface Owner {
        /** Something waits from now on. */
        void onBacklog();

        /** Nothing waits any longer. */
        void onBacklogGone();

        /** {@code cause} escaped from a turn: a defect of this program. */
        void onTurnFailed(Throwable cause);
    }

    CarrierOutput(DataLoop loop, TunnelStream carrier, Owner owner) {
        this.loop = loop;
        this.carrier = carrier;
        this.owner = owner;
        this.waiting = new SliceQueue(loop.buffers());
    }

    /** Where records are to be made, from {@link #at()} on. */
    RawBuffer buffer() {
        return loop.innerCipherOut().get();
    }

    int at() {
        return HEADROOM + collected;
    }

    int room() {
        return buffer().capacity() - at();
    }

    /** So many bytes were made there. */
    void made(int bytes) {
        collected += bytes;
    }

    /** Sends what was made. */
    void push() {
        if (collected == 0 || over) {
            collected = 0;
            return;
        }
        RawBuffer out = buffer();
        int bytes = collected;
        collected = 0;
        int sent = 0;
        if (waiting.isEmpty()) {
            sent = Math.min(carrier.sendRoom(), bytes);
            if (sent > 0) {
                carrier.send(out, HEADROOM, sent);
            }
        }
        if (sent < bytes) {
            waiting.append(out, HEADROOM + sent, bytes - sent);
            loop.innerCipherOut().refresh();
            owner.onBacklog();
            // Asked again, so that the carrier says when there is room.
            onSendable();
        }
    }

    int backlogBytes() {
        return waiting.bytes();
    }

    void onSendable() {
        if (!inReadyList && !over) {
            inReadyList = true;
            loop.addReady(this);
        }
    }

    @Override
    public void onTurn() {
        inReadyList = false;
        if (waiting.isEmpty()) {
            return;
        }
        RawBuffer out = buffer();
        int most = out.capacity() - HEADROOM;
        while (!waiting.isEmpty()) {
            int some = Math.min(carrier.sendRoom(), most);
            if (some <= 0) {
                return;
            }
            carrier.send(out, HEADROOM, waiting.copyTo(out, HEADROOM, some));
        }
        owner.onBacklogGone();
    }

    @Override
    public void onTurnFailed(Throwable cause) {
        owner.onTurnFailed(cause);
    }

    /** Nothing more will be sent; what waits is dropped. */
    void end() {
        over = true;
        collected = 0;
        waiting.discard();
    }
}
