package io.culvert.testkit.workload;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/** Servers that answer with what they got. */
public final class EchoServer {
    private static final int BUFFER_BYTES = 64 * 1024;

    private EchoServer() {}

    /** Sends every byte back as it comes, and ends when the client half-closes. */
    public static TcpService.Handler plain() {
        return connection -> echo(connection, 1);
    }

    /**
     * Sends everything back twice, piece by piece, as the test server of ztunnel does (src/test_helpers/tcp.rs): bytes
     * sent and received then differ, so that metrics and logs which swap them are caught.
     */
    public static TcpService.Handler twice() {
        return connection -> echo(connection, 2);
    }

    private static void echo(SocketChannel connection, int times) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES);
        while (connection.read(buffer) >= 0) {
            buffer.flip();
            for (int i = 0; i < times; i++) {
                writeFully(connection, buffer.duplicate());
            }
            buffer.clear();
        }
        connection.shutdownOutput();
    }

    static void writeFully(SocketChannel connection, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            connection.write(bytes);
        }
    }
}
