package io.culvert.proxy.relay;

import io.culvert.proxy.relay.HalfEnd.Plain;
import io.culvert.proxy.relay.RelayEnd.RelayListener;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Joins two sockets of one loop, plainly. Owns both.
 *
 * <p>Each direction reads only while its destination takes bytes: at most one read's bytes wait per direction. A FIN is
 * passed on behind the last byte and the other direction goes on; a reset of one socket becomes a reset of the other,
 * behind what the first had sent before it went.
 *
 * <p>Small reads are copied: two system calls per message. Once a read was large the direction is bulk, and its bytes
 * are spliced: they go through a pipe of the loop's and never enter this process, at a third of the cost per byte and
 * one system call more when the source runs dry.
 */
public final class SocketRelay {
    /** Reads before other connections get their turn. */
    private static final int READS_PER_TURN = 4;

    /** A read of at least so many bytes says that more of the kind will follow. */
    private static final int BULK_FROM = 32 * 1024;

    /** A splice of fewer says that it was the last, or that messages have become small. */
    private static final int BULK_UNTIL = 8 * 1024;

    private final DataLoop loop;
    private final RelayListener listener;
    private final Half toUpstream;
    private final Half toDownstream;
    private boolean reported;

    private SocketRelay(LoopSocket downstream, LoopSocket upstream, ByteMeter meter, RelayListener listener) {
        this.loop = downstream.loop();
        this.listener = listener;
        this.toUpstream = new Half(downstream, upstream, meter, true);
        this.toDownstream = new Half(upstream, downstream, meter, false);
    }

    /** Starts; both sockets live on the same loop. The listener may be called before this returns. */
    public static SocketRelay start(
            LoopSocket downstream, LoopSocket upstream, ByteMeter meter, RelayListener listener) {
        if (downstream.loop() != upstream.loop()) {
            throw new IllegalArgumentException("the two sockets of a relay live on one loop");
        }
        SocketRelay relay = new SocketRelay(downstream, upstream, meter, listener);
        downstream.attach(new Side(relay, relay.toUpstream, relay.toDownstream));
        upstream.attach(new Side(relay, relay.toDownstream, relay.toUpstream));
        relay.toUpstream.pump();
        relay.toDownstream.pump();
        return relay;
    }

    /** Ends both directions now. Nothing if it has ended. */
    public void stop(EndReason reason) {
        loop.checkOwner();
        endBoth(new HalfEnd.Stopped(reason));
    }

    private void endBoth(HalfEnd end) {
        if (!reported) {
            toUpstream.endIfOpen(end);
            toDownstream.endIfOpen(end);
            toUpstream.from.reset();
            toUpstream.to.reset();
            report();
        }
    }

    private void finishIfBothEnded() {
        if (!reported && toUpstream.end != null && toDownstream.end != null) {
            toUpstream.from.close();
            toUpstream.to.close();
            report();
        }
    }

    private void report() {
        reported = true;
        toUpstream.discard();
        toDownstream.discard();
        listener.onRelayEnd(new RelayEnd(toUpstream.ended(), toDownstream.ended()));
    }

    private Half opposite(Half half) {
        return half == toUpstream ? toDownstream : toUpstream;
    }

    /** One direction. */
    private final class Half implements DataLoop.Turn {
        private final LoopSocket from;
        private final LoopSocket to;
        private final ByteMeter meter;
        private final boolean isToUpstream;
        private final SliceQueue copied;
        private final SpliceQueue spliced;
        private boolean isBulk;
        private boolean readable = true;
        private boolean inReadyList;
        private boolean sourceEnded;
        private @Nullable HalfEnd end;

        Half(LoopSocket from, LoopSocket to, ByteMeter meter, boolean isToUpstream) {
            this.from = from;
            this.to = to;
            this.meter = meter;
            this.isToUpstream = isToUpstream;
            this.copied = new SliceQueue(from.loop().buffers());
            this.spliced = new SpliceQueue(from.loop().pipes());
        }

        /** Bytes wait for the destination: in one of the two queues, never in both. */
        private boolean isWaiting() {
            return !copied.isEmpty() || !spliced.isEmpty();
        }

        private int waitingBytes() {
            return copied.bytes() + spliced.bytes();
        }

        void discard() {
            copied.discard();
            spliced.discard();
        }

        HalfEnd ended() {
            if (end == null) {
                throw new IllegalStateException("a relay ended with a direction open");
            }
            return end;
        }

        void endIfOpen(HalfEnd how) {
            if (end == null) {
                end = how;
            }
        }

        void onSourceReadable() {
            readable = true;
            if (end == null && !sourceEnded) {
                pump();
            } else if (from.sawError()) {
                // It had ended its own direction: only this way do we hear of its reset while nothing is written to it.
                endBoth(Plain.SOCKET_RESET);
            }
        }

        @Override
        public void onTurn() {
            inReadyList = false;
            pump();
        }

        @Override
        public void onTurnFailed(Throwable cause) {
            endBoth(new HalfEnd.Stopped(EndReason.FAULT));
        }

        void pump() {
            for (int reads = 0; reads < READS_PER_TURN; reads++) {
                if (reported || end != null || sourceEnded || !readable || isWaiting()) {
                    return;
                }
                if (!isBulk || !spliceOnce()) {
                    copyOnce();
                }
            }
            if (!inReadyList) {
                inReadyList = true;
                loop.addReady(this);
            }
        }

        /** False if the bytes have to be copied. */
        private boolean spliceOnce() {
            int bytes;
            try {
                bytes = spliced.fillFrom(from);
            } catch (IOException e) {
                endBoth(ending(e));
                return true;
            }
            if (bytes == SpliceQueue.NOT_POSSIBLE) {
                return false;
            }
            if (bytes <= 0) {
                nothingRead(bytes);
                return true;
            }
            isBulk = bytes >= BULK_UNTIL;
            try {
                wrote(spliced.writeTo(to));
            } catch (IOException e) {
                writeFailed(ending(e));
            }
            return true;
        }

        private void nothingRead(int result) {
            readable = false;
            if (result < 0) {
                sourceEnded();
            }
        }

        private void copyOnce() {
            RawBuffer buffer = loop.applicationIn().get();
            int bytes;
            try {
                bytes = from.read(buffer, 0, BufferPool.READ_BYTES);
            } catch (IOException e) {
                endBoth(ending(e));
                return;
            }
            if (bytes <= 0) {
                nothingRead(bytes);
                return;
            }
            isBulk = bytes >= BULK_FROM;
            if (bytes < BufferPool.READ_BYTES && !from.sawHangup()) {
                readable = false;
            }
            write(buffer, bytes);
        }

        private void write(RawBuffer buffer, int bytes) {
            try {
                int written = to.write(buffer, 0, bytes);
                wrote(written);
                if (written < bytes) {
                    copied.append(buffer, written, bytes - written);
                    loop.applicationIn().refresh();
                }
            } catch (IOException e) {
                writeFailed(ending(e));
            }
        }

        void onDestinationWritable() {
            if (!isWaiting()) {
                return;
            }
            int before = waitingBytes();
            try {
                copied.writeTo(to);
                spliced.writeTo(to);
            } catch (IOException e) {
                wrote(before - waitingBytes());
                writeFailed(ending(e));
                return;
            }
            wrote(before - waitingBytes());
            if (isWaiting()) {
                return;
            }
            if (sourceEnded) {
                passEndOn();
            } else {
                pump();
            }
        }

        private void sourceEnded() {
            HalfEnd other = opposite(this).end;
            if (other != null && other != Plain.FINISHED) {
                // The kernel told of the reset once already, when we wrote; now it looks like an end.
                endBoth(other);
                return;
            }
            sourceEnded = true;
            if (!isWaiting()) {
                passEndOn();
            }
        }

        private void passEndOn() {
            end = Plain.FINISHED;
            if (opposite(this).end == null) {
                try {
                    to.shutdownOutput();
                } catch (IOException e) {
                    // The socket is gone: reading it tells how, and ends the relay.
                    opposite(this).readable = true;
                    opposite(this).pump();
                }
            }
            finishIfBothEnded();
        }

        /** The destination takes no more. What it sent before it went is passed on first. */
        private void writeFailed(HalfEnd how) {
            discard();
            end = how;
            Half answer = opposite(this);
            answer.readable = true;
            answer.pump();
            if (!reported && !answer.inReadyList) {
                endBoth(how);
            }
        }

        private void wrote(int bytes) {
            if (bytes > 0) {
                if (isToUpstream) {
                    meter.toUpstream(bytes);
                } else {
                    meter.toDownstream(bytes);
                }
            }
        }
    }

    private static HalfEnd ending(IOException e) {
        return OsError.isReset(e) ? Plain.SOCKET_RESET : new HalfEnd.SocketFailed(OsError.errno(e));
    }

    /** One socket's events, for the direction that reads it and the one that writes it. */
    private record Side(SocketRelay relay, Half reading, Half writing) implements SocketEvents {
        @Override
        public void onReadable() {
            reading.onSourceReadable();
        }

        @Override
        public void onWritable() {
            writing.onDestinationWritable();
        }

        @Override
        public void onLoopClosed(Throwable cause) {
            relay.endBoth(new HalfEnd.Stopped(EndReason.FAULT));
        }
    }
}
