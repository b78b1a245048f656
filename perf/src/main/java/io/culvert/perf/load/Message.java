package io.culvert.perf.load;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Requests and responses on {@link Service#REQUESTS}: sixteen bytes of header (length of the request, length of the
 * response, a stamp of the client's), then a body that nobody reads. Both lengths include the header. A response
 * repeats its request's header, so that a client needs no memory of what it asked.
 */
final class Message {
    static final int HEADER_BYTES = 16;
    /** More than any axis asks for; a bound against nonsense on the port. */
    static final int BYTES_MAX = 64 * 1024 * 1024;

    private Message() {}

    static void putHeader(ByteBuffer buffer, int requestBytes, int responseBytes, long stamp) {
        buffer.putInt(0, requestBytes).putInt(4, responseBytes).putLong(8, stamp);
    }

    /** Finds the messages in a stream, however it comes cut. Keeps headers only. */
    static final class Scanner {
        private final boolean responses;
        private final Sink sink;
        private final ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES);
        private long bodyLeft;

        /** @param responses whether the second length counts, not the first */
        Scanner(boolean responses, Sink sink) {
            this.responses = responses;
            this.sink = sink;
        }

        /** Consumes all of {@code in}. */
        void scan(ByteBuffer in) throws IOException {
            while (header.hasRemaining() ? gather(in) : pass(in)) {
                // Until the buffer is used up.
            }
        }

        private boolean gather(ByteBuffer in) throws IOException {
            while (in.hasRemaining() && header.hasRemaining()) {
                header.put(in.get());
            }
            if (header.hasRemaining()) {
                return false;
            }
            int length = header.getInt(responses ? 4 : 0);
            if (length < HEADER_BYTES || length > BYTES_MAX) {
                throw new IOException("a message of " + length + " bytes: this is not our protocol");
            }
            bodyLeft = (long) length - HEADER_BYTES;
            return true;
        }

        private boolean pass(ByteBuffer in) {
            int some = (int) Math.min(bodyLeft, in.remaining());
            in.position(in.position() + some);
            bodyLeft -= some;
            if (bodyLeft > 0) {
                return false;
            }
            int requestBytes = header.getInt(0);
            int responseBytes = header.getInt(4);
            long stamp = header.getLong(8);
            header.clear();
            sink.onMessage(requestBytes, responseBytes, stamp);
            return true;
        }
    }

    /** Told of each whole message. */
    @FunctionalInterface
    interface Sink {
        void onMessage(int requestBytes, int responseBytes, long stamp);
    }

    /** A message that goes out, in as many writes as it takes. One at a time a connection. */
    static final class Outgoing {
        private int requestBytes;
        private int responseBytes;
        private long stamp;
        private long total;
        private long sent;

        /** @param bytes which of the two lengths this message has */
        void begin(int newRequestBytes, int newResponseBytes, long newStamp, long bytes) {
            requestBytes = newRequestBytes;
            responseBytes = newResponseBytes;
            stamp = newStamp;
            total = bytes;
            sent = 0;
        }

        boolean isDone() {
            return sent == total;
        }

        /** Lays the next piece into {@code buffer}, ready to be written: the header first, filler after it. */
        void next(ByteBuffer buffer) {
            buffer.clear();
            long left = total - sent;
            if (sent < HEADER_BYTES) {
                putHeader(buffer, requestBytes, responseBytes, stamp);
                buffer.limit((int) Math.min(buffer.capacity(), total)).position((int) sent);
            } else {
                buffer.limit((int) Math.min(buffer.capacity(), left));
            }
        }

        void sent(int bytes) {
            sent += bytes;
        }
    }
}
