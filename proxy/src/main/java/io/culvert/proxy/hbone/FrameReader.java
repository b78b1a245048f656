package io.culvert.proxy.hbone;

import io.culvert.proxy.relay.RawBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Cuts a byte stream into frames, at whatever places it arrives cut.
 *
 * <p>DATA is passed on as it lies in the buffer; numbers are gathered in registers; only header blocks are copied, up
 * to a bound. Checked here is what concerns the frame alone (RFC 9113 sections 4 and 6): lengths, padding, stream 0 or
 * not, CONTINUATION. What concerns the state of streams is the sink's. Allocates for header blocks and GOAWAY texts
 * only.
 */
final class FrameReader {
    /** CONTINUATION frames of one block. */
    static final int CONTINUATIONS_MAX = 32;
    /** Values in one SETTINGS frame: there are six, and room for extensions. */
    static final int SETTINGS_MAX = 32;

    private static final int GOAWAY_TEXT_MAX = 128;
    private static final byte[] NO_BYTES = new byte[0];
    private static final byte[] PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

    private final FrameSink sink;
    private final int frameMax;
    private final int blockMax;
    private State state;
    private boolean firstFrame = true;
    private boolean stopped;
    /** Bytes done of preface or frame header. */
    private int done;

    private int length;
    private int type;
    private int flags;
    private int stream;
    /** Payload bytes still to come, padding included. */
    private int left;

    private int padding;
    /** A number being gathered, and its bytes still to come. */
    private long number;

    private int numberLeft;
    private byte[] text = NO_BYTES;
    private int textBytes;

    /** The stream whose header block is not complete; 0 if none. */
    private int blockStream;

    private boolean blockEndsStream;
    private byte[] block = NO_BYTES;
    private int blockBytes;
    private int continuations;

    private enum State {
        PREFACE,
        HEADER,
        PAD_LENGTH,
        PRIORITY_FIELDS,
        DATA,
        BLOCK,
        NUMBER,
        TEXT,
        SKIP
    }

    FrameReader(FrameSink sink, boolean expectPreface, int frameMax, int blockMax) {
        this.sink = sink;
        this.frameMax = frameMax;
        this.blockMax = blockMax;
        this.state = expectPreface ? State.PREFACE : State.HEADER;
    }

    /** Reads nothing more, also not the rest of what is being read. */
    void stop() {
        stopped = true;
    }

    /** Reads all of {@code bytes}. */
    void read(RawBuffer buffer, int from, int bytes) throws Http2Error {
        int at = from;
        int end = from + bytes;
        while (at < end && !stopped) {
            at = switch (state) {
                case PREFACE -> readPreface(buffer, at, end);
                case HEADER -> readHeader(buffer, at, end);
                case PAD_LENGTH -> readPadLength(buffer, at);
                case PRIORITY_FIELDS -> skipPriorityFields(at, end);
                case SKIP -> skip(at, end);
                case DATA -> readData(buffer, at, end);
                case BLOCK -> readBlock(buffer, at, end);
                case NUMBER -> readNumber(buffer, at, end);
                case TEXT -> readText(buffer, at, end);
            };
        }
    }

    private int readPreface(RawBuffer buffer, int from, int end) throws Http2Error {
        int at = from;
        while (at < end && done < PREFACE.length) {
            if (buffer.getByte(at++) != PREFACE[done++]) {
                throw new Http2Error(ErrorCode.PROTOCOL_ERROR, "no HTTP/2 connection preface");
            }
        }
        if (done == PREFACE.length) {
            done = 0;
            state = State.HEADER;
        }
        return at;
    }

    private int readHeader(RawBuffer buffer, int from, int end) throws Http2Error {
        if (done == 0 && end - from >= Frames.HEADER_BYTES) {
            int word = buffer.getInt(from);
            length = word >>> 8;
            type = word & 0xff;
            flags = buffer.getByte(from + 4);
            stream = buffer.getInt(from + 5) & Frames.STREAM_ID_MAX;
            beginFrame();
            return from + Frames.HEADER_BYTES;
        }
        int at = from;
        while (at < end && done < Frames.HEADER_BYTES) {
            int value = buffer.getByte(at++);
            switch (done++) {
                case 0, 1, 2 -> length = done == 1 ? value : length << 8 | value;
                case 3 -> type = value;
                case 4 -> flags = value;
                default -> stream = done == 6 ? value & 0x7f : stream << 8 | value;
            }
        }
        if (done == Frames.HEADER_BYTES) {
            beginFrame();
        }
        return at;
    }

    private void beginFrame() throws Http2Error {
        done = 0;
        left = length;
        padding = 0;
        if (length > frameMax) {
            throw new Http2Error(ErrorCode.FRAME_SIZE_ERROR, "frame of " + length + " bytes");
        }
        if (firstFrame && (type != Frames.SETTINGS || (flags & Frames.ACK) != 0)) {
            throw new Http2Error(ErrorCode.PROTOCOL_ERROR, "first frame is no SETTINGS");
        }
        firstFrame = false;
        if (blockStream != 0 && (type != Frames.CONTINUATION || stream != blockStream)) {
            throw new Http2Error(ErrorCode.PROTOCOL_ERROR, "header block interrupted by frame type " + type);
        }
        switch (type) {
            case Frames.DATA -> beginData();
            case Frames.HEADERS -> beginHeaders();
            case Frames.CONTINUATION -> beginContinuation();
            case Frames.PRIORITY -> {
                requireStream(true);
                requireLength(5);
                startSkip();
            }
            case Frames.RST_STREAM -> {
                requireStream(true);
                requireLength(4);
                startNumber(4);
            }
            case Frames.SETTINGS -> beginSettings();
            case Frames.PUSH_PROMISE -> throw new Http2Error(ErrorCode.PROTOCOL_ERROR, "PUSH_PROMISE");
            case Frames.PING -> {
                requireStream(false);
                requireLength(8);
                startNumber(8);
            }
            case Frames.GOAWAY -> {
                requireStream(false);
                if (length < 8) {
                    throw frameSize();
                }
                startNumber(8);
            }
            case Frames.WINDOW_UPDATE -> {
                requireLength(4);
                startNumber(4);
            }
            default -> startSkip();
        }
    }

    private void requireStream(boolean some) throws Http2Error {
        if (some != (stream != 0)) {
            throw new Http2Error(ErrorCode.PROTOCOL_ERROR, "frame type " + type + " on stream " + stream);
        }
    }

    private void requireLength(int exact) throws Http2Error {
        if (length != exact) {
            throw frameSize();
        }
    }

    private Http2Error frameSize() {
        return new Http2Error(ErrorCode.FRAME_SIZE_ERROR, "frame type " + type + " of " + length + " bytes");
    }

    private void startNumber(int bytes) {
        number = 0;
        numberLeft = bytes;
        state = State.NUMBER;
    }

    /** What is left of the frame is of no interest. */
    private void startSkip() {
        state = left == 0 ? State.HEADER : State.SKIP;
    }

    private int skip(int at, int end) {
        int some = Math.min(left, end - at);
        left -= some;
        startSkip();
        return at + some;
    }

    private int readPadLength(RawBuffer buffer, int at) throws Http2Error {
        padding = buffer.getByte(at);
        left--;
        if (padding > left) {
            throw new Http2Error(ErrorCode.PROTOCOL_ERROR, "padding exceeds the frame");
        }
        if (type == Frames.DATA) {
            sink.onPadding(stream, padding + 1);
            startData();
        } else {
            startBlockFields();
        }
        return at + 1;
    }

    private void startPadded() throws Http2Error {
        if (left == 0) {
            throw frameSize();
        }
        state = State.PAD_LENGTH;
    }

    // ---- DATA

    private void beginData() throws Http2Error {
        requireStream(true);
        sink.onDataFrame(stream, length);
        if ((flags & Frames.PADDED) != 0) {
            startPadded();
        } else {
            startData();
        }
    }

    private void startData() throws Http2Error {
        if (left == padding) {
            endData();
        } else {
            state = State.DATA;
        }
    }

    private int readData(RawBuffer buffer, int at, int end) throws Http2Error {
        int some = Math.min(left - padding, end - at);
        left -= some;
        sink.onData(stream, buffer, at, some);
        if (left == padding) {
            endData();
        }
        return at + some;
    }

    private void endData() throws Http2Error {
        startSkip();
        sink.onDataEnd(stream, length, (flags & Frames.END_STREAM) != 0);
    }

    // ---- header blocks

    private void beginHeaders() throws Http2Error {
        requireStream(true);
        blockStream = stream;
        blockEndsStream = (flags & Frames.END_STREAM) != 0;
        blockBytes = 0;
        continuations = 0;
        if ((flags & Frames.PADDED) != 0) {
            startPadded();
        } else {
            startBlockFields();
        }
    }

    private void beginContinuation() throws Http2Error {
        if (blockStream == 0) {
            throw new Http2Error(ErrorCode.PROTOCOL_ERROR, "CONTINUATION without HEADERS");
        }
        if (++continuations > CONTINUATIONS_MAX) {
            throw new Http2Error(ErrorCode.ENHANCE_YOUR_CALM, "header block in too many frames");
        }
        startBlock();
    }

    /** Stream dependency and weight: obsolete (RFC 9113 section 5.3.2), read over. */
    private void startBlockFields() throws Http2Error {
        if ((flags & Frames.PRIORITY_FLAG) == 0) {
            startBlock();
            return;
        }
        if (left - padding < 5) {
            throw frameSize();
        }
        done = 0;
        state = State.PRIORITY_FIELDS;
    }

    private int skipPriorityFields(int at, int end) throws Http2Error {
        int some = Math.min(5 - done, end - at);
        done += some;
        left -= some;
        if (done == 5) {
            done = 0;
            startBlock();
        }
        return at + some;
    }

    private void startBlock() throws Http2Error {
        int fragment = left - padding;
        if (blockBytes + fragment > blockMax) {
            throw new Http2Error(ErrorCode.ENHANCE_YOUR_CALM, "header block of more than " + blockMax + " bytes");
        }
        if (block.length < blockBytes + fragment) {
            block = Arrays.copyOf(block, blockBytes + fragment);
        }
        if (fragment == 0) {
            endFragment();
        } else {
            state = State.BLOCK;
        }
    }

    private int readBlock(RawBuffer buffer, int at, int end) throws Http2Error {
        int some = Math.min(left - padding, end - at);
        buffer.copyTo(at, block, blockBytes, some);
        blockBytes += some;
        left -= some;
        if (left == padding) {
            endFragment();
        }
        return at + some;
    }

    private void endFragment() throws Http2Error {
        startSkip();
        if ((flags & Frames.END_HEADERS) != 0) {
            int complete = blockStream;
            byte[] bytes = block;
            blockStream = 0;
            block = NO_BYTES;
            sink.onHeaderBlock(complete, bytes, blockBytes, blockEndsStream);
        }
    }

    // ---- numbers

    private void beginSettings() throws Http2Error {
        requireStream(false);
        if ((flags & Frames.ACK) != 0) {
            requireLength(0);
            state = State.HEADER;
            sink.onSettingsAck();
            return;
        }
        if (length % 6 != 0) {
            throw frameSize();
        }
        if (length > 6 * SETTINGS_MAX) {
            throw new Http2Error(ErrorCode.ENHANCE_YOUR_CALM, "SETTINGS of " + length + " bytes");
        }
        if (length == 0) {
            state = State.HEADER;
            sink.onSettingsEnd();
        } else {
            startNumber(6);
        }
    }

    private int readNumber(RawBuffer buffer, int from, int end) throws Http2Error {
        int at = from;
        while (at < end && numberLeft > 0) {
            number = number << 8 | buffer.getByte(at++);
            numberLeft--;
            left--;
        }
        if (numberLeft == 0) {
            state = State.HEADER;
            numberComplete();
        }
        return at;
    }

    private void numberComplete() throws Http2Error {
        switch (type) {
            case Frames.RST_STREAM -> sink.onReset(stream, (int) number);
            case Frames.PING -> sink.onPing(number, (flags & Frames.ACK) != 0);
            case Frames.WINDOW_UPDATE -> sink.onWindowUpdate(stream, (int) number & Integer.MAX_VALUE);
            case Frames.SETTINGS -> {
                sink.onSetting((int) (number >>> 32), (int) number);
                if (left > 0) {
                    startNumber(6);
                } else {
                    sink.onSettingsEnd();
                }
            }
            case Frames.GOAWAY -> startGoAwayText();
            default -> throw new IllegalStateException("no number in frame type " + type);
        }
    }

    private void startGoAwayText() throws Http2Error {
        text = new byte[Math.min(left, GOAWAY_TEXT_MAX)];
        textBytes = 0;
        if (left == 0) {
            endGoAway();
        } else {
            state = State.TEXT;
        }
    }

    private int readText(RawBuffer buffer, int at, int end) throws Http2Error {
        int some = Math.min(text.length - textBytes, end - at);
        buffer.copyTo(at, text, textBytes, some);
        textBytes += some;
        left -= some;
        if (textBytes == text.length) {
            endGoAway();
        }
        return at + some;
    }

    private void endGoAway() throws Http2Error {
        startSkip();
        String debug = new String(text, StandardCharsets.ISO_8859_1);
        text = NO_BYTES;
        sink.onGoAway((int) (number >>> 32) & Frames.STREAM_ID_MAX, (int) number, debug);
    }
}
