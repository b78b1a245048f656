package io.culvert.proxy.hbone;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Frames byte by byte, right ones and wrong ones. */
final class RawFrames {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    /** A frame as read back. */
    @SuppressWarnings("ArrayRecordComponent") // never compared whole
    record Frame(int type, int flags, int stream, byte[] payload) {
        int number(int at) {
            return ByteBuffer.wrap(payload).getInt(at);
        }
    }

    RawFrames preface() {
        out.writeBytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        return this;
    }

    RawFrames frame(int type, int flags, int stream, byte... payload) {
        return header(payload.length, type, flags, stream).bytes(payload);
    }

    RawFrames header(int length, int type, int flags, int stream) {
        out.write(length >>> 16);
        out.write(length >>> 8);
        out.write(length);
        out.write(type);
        out.write(flags);
        return bytes(int4(stream));
    }

    RawFrames bytes(byte... bytes) {
        out.writeBytes(bytes);
        return this;
    }

    static byte[] int4(int value) {
        return new byte[] {(byte) (value >>> 24), (byte) (value >>> 16), (byte) (value >>> 8), (byte) value};
    }

    RawFrames settings(int... pairs) {
        ByteArrayOutputStream payload = new ByteArrayOutputStream();
        for (int i = 0; i < pairs.length; i += 2) {
            payload.write(pairs[i] >>> 8);
            payload.write(pairs[i]);
            payload.writeBytes(int4(pairs[i + 1]));
        }
        return frame(Frames.SETTINGS, 0, 0, payload.toByteArray());
    }

    RawFrames settingsAck() {
        return frame(Frames.SETTINGS, Frames.ACK, 0);
    }

    /** Preface and empty SETTINGS. The other side's are never acknowledged. */
    RawFrames clientHello() {
        return preface().settings();
    }

    /** A CONNECT request in one frame. */
    RawFrames connect(int stream, String authority) {
        return frame(Frames.HEADERS, Frames.END_HEADERS, stream, connectBlock(authority));
    }

    static byte[] connectBlock(String authority) {
        return new HeaderBlocks(65_536).encodeRequest(ConnectRequest.to(authority, List.of()));
    }

    byte[] toBytes() {
        return out.toByteArray();
    }

    static List<Frame> parse(byte[] bytes) {
        List<Frame> frames = new ArrayList<>();
        ByteBuffer in = ByteBuffer.wrap(bytes);
        while (in.remaining() >= Frames.HEADER_BYTES) {
            int word = in.getInt();
            int flags = in.get() & 0xff;
            int stream = in.getInt() & Integer.MAX_VALUE;
            byte[] payload = new byte[word >>> 8];
            in.get(payload);
            frames.add(new Frame(word & 0xff, flags, stream, payload));
        }
        return frames;
    }
}
