package io.culvert.proxy.relay;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.zip.CRC32C;

/** An application that listens, and things that applications do. */
public final class ApplicationForTests implements AutoCloseable {
    private final ServerSocket listener;
    private final List<Socket> served = new CopyOnWriteArrayList<>();

    public ApplicationForTests() throws IOException {
        listener = new ServerSocket(0, 1024, InetAddress.getLoopbackAddress());
        listener.setSoTimeout(20_000);
    }

    /** What it does with one connection. */
    public interface Service {
        void serve(Socket socket) throws IOException;
    }

    public InetSocketAddress address() {
        return (InetSocketAddress) listener.getLocalSocketAddress();
    }

    public Socket accept() throws IOException {
        Socket socket = listener.accept();
        socket.setSoTimeout(20_000);
        served.add(socket);
        return socket;
    }

    /** Serves every connection from now on, each on its own thread. */
    public void serveAll(Service service) {
        Thread.ofVirtual().start(() -> {
            while (!listener.isClosed()) {
                try {
                    Socket socket = accept();
                    Thread.ofVirtual().start(() -> serve(service, socket));
                } catch (IOException e) {
                    return;
                }
            }
        });
    }

    private static void serve(Service service, Socket socket) {
        try (socket) {
            service.serve(socket);
        } catch (IOException e) {
            // The test looks at what the other side saw.
        }
    }

    /** Sends back what it reads, to the end. */
    public static void echo(Socket socket) throws IOException {
        socket.getInputStream().transferTo(socket.getOutputStream());
        socket.shutdownOutput();
    }

    /** Sends {@code bytes} bytes made from {@code seed}; their checksum. */
    public static long send(OutputStream out, long seed, long bytes) throws IOException {
        CRC32C sum = new CRC32C();
        byte[] buffer = new byte[64 * 1024];
        long state = seed;
        for (long left = bytes; left > 0; ) {
            int some = (int) Math.min(left, buffer.length);
            for (int i = 0; i < some; i++) {
                state = state * 6364136223846793005L + 1442695040888963407L;
                buffer[i] = (byte) (state >>> 56);
            }
            sum.update(buffer, 0, some);
            out.write(buffer, 0, some);
            left -= some;
        }
        return sum.getValue();
    }

    /** Reads to the end; the checksum. */
    public static long checksum(InputStream in) throws IOException {
        CRC32C sum = new CRC32C();
        byte[] buffer = new byte[64 * 1024];
        for (int some = in.read(buffer); some >= 0; some = in.read(buffer)) {
            sum.update(buffer, 0, some);
        }
        return sum.getValue();
    }

    /** Closes with a reset. */
    public static void reset(Socket socket) throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }

    /** Reads until the connection ends: true if it ends with a reset, false if in order. */
    public static boolean endsWithReset(Socket socket) throws IOException {
        try {
            byte[] buffer = new byte[64 * 1024];
            while (socket.getInputStream().read(buffer) >= 0) {
                // Only the end matters.
            }
            return false;
        } catch (SocketException e) {
            return true;
        }
    }

    @Override
    public void close() throws IOException {
        listener.close();
        for (Socket socket : served) {
            socket.close();
        }
    }
}
