package io.culvert.testkit.workload;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.zip.CRC32C;

/**
 * Bulk transfer with proof: bytes from a seeded generator, counted and checksummed at both ends.
 *
 * <p>Upload: the client sends and half-closes; the server answers 16 bytes, count and CRC-32C, and ends. Download: the
 * client sends 16 bytes, count and seed; the server sends that many bytes of that seed, and ends. All numbers big
 * endian.
 */
public final class Bulk {
    private static final int CHUNK_BYTES = 64 * 1024;
    private static final int NUMBERS_BYTES = 2 * Long.BYTES;

    private Bulk() {}

    /** What one end counted. Equal summaries at both ends: nothing lost, doubled, reordered or changed. */
    public record Summary(long bytes, long crc32c) {}

    /** Receives uploads. */
    public static TcpService.Handler sink() {
        return connection -> {
            Summary received = receive(connection);
            EchoServer.writeFully(connection, numbers(received.bytes(), received.crc32c()));
            connection.shutdownOutput();
        };
    }

    /** Serves downloads. */
    public static TcpService.Handler source() {
        return connection -> {
            ByteBuffer order = readNumbers(connection);
            var _ = send(connection, order.getLong(), order.getLong());
            connection.shutdownOutput();
        };
    }

    /** Uploads over a connection to a {@link #sink}; true when both ends counted the same. */
    public static boolean upload(SocketChannel connection, long bytes, long seed) throws IOException {
        Summary sent = send(connection, bytes, seed);
        connection.shutdownOutput();
        ByteBuffer answer = readNumbers(connection);
        return sent.equals(new Summary(answer.getLong(), answer.getLong()));
    }

    /** Downloads over a connection to a {@link #source}; true when what came is what that seed gives. */
    public static boolean download(SocketChannel connection, long bytes, long seed) throws IOException {
        EchoServer.writeFully(connection, numbers(bytes, seed));
        return receive(connection).equals(expected(bytes, seed));
    }

    private static Summary send(SocketChannel connection, long bytes, long seed) throws IOException {
        CRC32C checksum = new CRC32C();
        Pattern pattern = new Pattern(seed);
        ByteBuffer chunk = ByteBuffer.allocateDirect(CHUNK_BYTES);
        for (long left = bytes; left > 0; ) {
            pattern.fill(chunk.clear().limit((int) Math.min(left, CHUNK_BYTES)));
            left -= chunk.remaining();
            checksum.update(chunk.duplicate());
            EchoServer.writeFully(connection, chunk);
        }
        return new Summary(bytes, checksum.getValue());
    }

    private static Summary receive(SocketChannel connection) throws IOException {
        CRC32C checksum = new CRC32C();
        ByteBuffer chunk = ByteBuffer.allocateDirect(CHUNK_BYTES);
        long bytes = 0;
        while (connection.read(chunk.clear()) >= 0) {
            chunk.flip();
            bytes += chunk.remaining();
            checksum.update(chunk);
        }
        return new Summary(bytes, checksum.getValue());
    }

    private static Summary expected(long bytes, long seed) {
        CRC32C checksum = new CRC32C();
        Pattern pattern = new Pattern(seed);
        ByteBuffer chunk = ByteBuffer.allocate(CHUNK_BYTES);
        for (long left = bytes; left > 0; ) {
            pattern.fill(chunk.clear().limit((int) Math.min(left, CHUNK_BYTES)));
            left -= chunk.remaining();
            checksum.update(chunk);
        }
        return new Summary(bytes, checksum.getValue());
    }

    private static ByteBuffer numbers(long first, long second) {
        return ByteBuffer.allocate(NUMBERS_BYTES).putLong(first).putLong(second).flip();
    }

    private static ByteBuffer readNumbers(SocketChannel connection) throws IOException {
        ByteBuffer numbers = ByteBuffer.allocate(NUMBERS_BYTES);
        while (numbers.hasRemaining()) {
            if (connection.read(numbers) < 0) {
                throw new EOFException("peer ended after " + numbers.position() + " of " + NUMBERS_BYTES + " bytes");
            }
        }
        return numbers.flip();
    }

    /** Repeatable bytes without a period that matches any buffer: xorshift64* (Vigna, 2016). */
    private static final class Pattern {
        private long state;

        Pattern(long seed) {
            this.state = seed == 0 ? 1 : seed;
        }

        /** Fills up to the limit; position ends at 0. */
        void fill(ByteBuffer chunk) {
            while (chunk.remaining() >= Long.BYTES) {
                chunk.putLong(next());
            }
            while (chunk.hasRemaining()) {
                chunk.put((byte) next());
            }
            chunk.rewind();
        }

        private long next() {
            state ^= state >>> 12;
            state ^= state << 25;
            state ^= state >>> 27;
            return state * 0x2545F4914F6CDD1DL;
        }
    }
}
