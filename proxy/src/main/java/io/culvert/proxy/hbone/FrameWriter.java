package io.culvert.proxy.hbone;

import io.culvert.proxy.relay.DataLoop;
import io.culvert.proxy.relay.RawBuffer;
import io.culvert.proxy.relay.Transport;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Puts frames together and sends them.
 *
 * <p>Control frames, headers and DATA of up to {@value #SMALL_DATA} bytes are collected in a chunk, and one loop
 * iteration's worth of them leaves as one record by one write. A longer DATA frame takes what was collected with it:
 * its header is written into the nine bytes before the payload, where the payload was read, and both are encrypted from
 * there.
 */
final class FrameWriter implements DataLoop.Turn {
    /** Copying so much is cheaper than a record and a write of its own. */
    static final int SMALL_DATA = 4_096;
    /** A frame that fills one TLS record exactly. */
    private static final int RECORD_PAYLOAD = 16_384 - Frames.HEADER_BYTES;

    private static final byte[] PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

    private final DataLoop loop;
    private final Transport transport;
    private final Consumer<Throwable> fault;
    private @Nullable RawBuffer chunk;
    private int filled;
    private boolean listed;
    private int frameMax = Frames.DEFAULT_FRAME_MAX;

    /** @param fault ends the connection when sending failed by a defect of this program */
    FrameWriter(Transport transport, Consumer<Throwable> fault) {
        this.loop = transport.loop();
        this.transport = transport;
        this.fault = fault;
    }

    /** The peer's SETTINGS_MAX_FRAME_SIZE. */
    void frameMax(int bytes) {
        frameMax = bytes;
    }

    // ---- frames

    void preface() {
        RawBuffer buffer = room(PREFACE.length);
        buffer.copyFrom(PREFACE, 0, filled, PREFACE.length);
        filled += PREFACE.length;
    }

    /** Our SETTINGS: pairs of an identifier and a value. */
    void settings(int... pairs) {
        int at = frame(pairs.length / 2 * 6, Frames.SETTINGS, 0, 0);
        RawBuffer buffer = chunk();
        for (int i = 0; i < pairs.length; i += 2) {
            buffer.putByte(at, pairs[i] >>> 8);
            buffer.putByte(at + 1, pairs[i]);
            buffer.putInt(at + 2, pairs[i + 1]);
            at += 6;
        }
    }

    void settingsAck() {
        frame(0, Frames.SETTINGS, Frames.ACK, 0);
    }

    void ping(long payload, boolean ack) {
        int at = frame(8, Frames.PING, ack ? Frames.ACK : 0, 0);
        chunk().putLong(at, payload);
    }

    void goAway(int lastStream, int code) {
        int at = frame(8, Frames.GOAWAY, 0, 0);
        chunk().putInt(at, lastStream);
        chunk().putInt(at + 4, code);
    }

    void windowUpdate(int stream, int increment) {
        int at = frame(4, Frames.WINDOW_UPDATE, 0, stream);
        chunk().putInt(at, increment);
    }

    void reset(int stream, int code) {
        int at = frame(4, Frames.RST_STREAM, 0, stream);
        chunk().putInt(at, code);
    }

    void headers(int stream, byte[] block, boolean endsStream) {
        int most = Math.min(frameMax, Frames.DEFAULT_FRAME_MAX);
        int type = Frames.HEADERS;
        int flags = endsStream ? Frames.END_STREAM : 0;
        int done = 0;
        do {
            int part = Math.min(block.length - done, most);
            boolean last = done + part == block.length;
            int at = frame(part, type, flags | (last ? Frames.END_HEADERS : 0), stream);
            chunk().copyFrom(block, done, at, part);
            done += part;
            type = Frames.CONTINUATION;
            flags = 0;
        } while (done < block.length);
    }

    void endStream(int stream) {
        frame(0, Frames.DATA, Frames.END_STREAM, stream);
    }

    /** DATA; the {@value Frames#HEADER_BYTES} bytes before {@code at} and the payload are overwritten. */
    void data(int stream, RawBuffer buffer, int at, int bytes) {
        if (bytes <= SMALL_DATA) {
            int target = frame(bytes, Frames.DATA, 0, stream);
            buffer.copyTo(at, chunk(), target, bytes);
            return;
        }
        writeCollected();
        // Several frames are cut so that each fills a TLS record; its header takes the place of the end of the one
        // before,
        // which is encrypted by then.
        int piece = bytes <= frameMax ? bytes : Math.min(frameMax, RECORD_PAYLOAD);
        for (int done = 0; done < bytes; ) {
            int part = Math.min(bytes - done, piece);
            header(buffer, at + done - Frames.HEADER_BYTES, part, Frames.DATA, 0, stream);
            transport.write(buffer, at + done - Frames.HEADER_BYTES, part + Frames.HEADER_BYTES);
            done += part;
        }
        transport.push();
    }

    /** Starts a frame in the chunk; where its payload is to be put. */
    private int frame(int payload, int type, int flags, int stream) {
        RawBuffer buffer = room(payload + Frames.HEADER_BYTES);
        header(buffer, filled, payload, type, flags, stream);
        int at = filled + Frames.HEADER_BYTES;
        filled = at + payload;
        return at;
    }

    private static void header(RawBuffer buffer, int at, int payload, int type, int flags, int stream) {
        buffer.putInt(at, payload << 8 | type);
        buffer.putByte(at + 4, flags);
        buffer.putInt(at + 5, stream);
    }

    // ---- sending

    private RawBuffer room(int bytes) {
        if (chunk != null && chunk.capacity() - filled < bytes) {
            flush();
        }
        if (chunk == null) {
            chunk = loop.buffers().chunk();
        }
        if (!listed) {
            listed = true;
            loop.addDirty(this);
        }
        return chunk;
    }

    private RawBuffer chunk() {
        if (chunk == null) {
            throw new IllegalStateException("no frame begun");
        }
        return chunk;
    }

    @Override
    public void onTurn() {
        listed = false;
        flush();
    }

    @Override
    public void onTurnFailed(Throwable cause) {
        drop();
        fault.accept(cause);
    }

    /** Sends what was collected. */
    void flush() {
        if (filled > 0) {
            writeCollected();
            transport.push();
        }
    }

    private void writeCollected() {
        RawBuffer collected = chunk;
        if (collected != null) {
            int bytes = filled;
            chunk = null;
            filled = 0;
            transport.write(collected, 0, bytes);
            collected.release();
        }
    }

    /** Drops what was collected: the connection is gone. */
    void drop() {
        if (chunk != null) {
            chunk.release();
            chunk = null;
            filled = 0;
        }
    }
}
