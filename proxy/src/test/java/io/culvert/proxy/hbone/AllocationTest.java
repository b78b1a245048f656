package io.culvert.proxy.hbone;

import static io.culvert.proxy.relay.LoopsForTests.on;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.culvert.proxy.relay.ApplicationForTests;
import io.culvert.proxy.relay.DataLoop;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.net.Socket;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A connection that runs allocates nothing per read or write: the bands hold what the event loop's own queue takes. */
@Tag("direct")
final class AllocationTest {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    @Test
    void allocatesNothingPerRequest() throws Exception {
        int requests = 20_000;
        try (TunnelForTests tunnel = new TunnelForTests();
                ApplicationForTests application = new ApplicationForTests()) {
            tunnel.application = application.address();
            application.serveAll(ApplicationForTests::echo);
            try (Socket socket = tunnel.connect()) {
                socket.setTcpNoDelay(true);
                pingPong(socket, 3_000);
                long before = allocated(tunnel);
                pingPong(socket, requests);
                long perRequest = (allocated(tunnel) - before) / requests;
                // Four turns at each of the two loops: one reference each in a queue made of arrays.
                assertThat(perRequest).isBetween(0L, 400L);
            }
        }
    }

    private static void pingPong(Socket socket, int times) throws IOException {
        byte[] message = new byte[200];
        for (int i = 0; i < times; i++) {
            socket.getOutputStream().write(message);
            assertThat(socket.getInputStream().readNBytes(message, 0, message.length))
                    .isEqualTo(message.length);
        }
    }

    @Test
    void allocatesNothingPerByte() throws Exception {
        try (TunnelForTests tunnel = new TunnelForTests();
                ApplicationForTests application = new ApplicationForTests()) {
            tunnel.application = application.address();
            application.serveAll(socket -> {
                byte[] bytes = new byte[256 * 1024];
                while (socket.getInputStream().read() >= 0) {
                    for (int i = 0; i < 400; i++) {
                        socket.getOutputStream().write(bytes);
                    }
                }
            });
            try (Socket socket = tunnel.connect()) {
                download(socket);
                long before = allocated(tunnel);
                long bytes = download(socket);
                long per16KiB = (allocated(tunnel) - before) * 16_384 / bytes;
                assertThat(per16KiB).isBetween(0L, 200L);
            }
        }
    }

    private static long download(Socket socket) throws IOException {
        socket.getOutputStream().write(1);
        byte[] buffer = new byte[256 * 1024];
        long left = 400L * buffer.length;
        InputStream in = socket.getInputStream();
        while (left > 0) {
            int some = in.read(buffer);
            assertThat(some).isPositive();
            left -= some;
        }
        return 400L * buffer.length;
    }

    private static long allocated(TunnelForTests tunnel) {
        return allocated(tunnel.clientLoop) + allocated(tunnel.serverLoop);
    }

    private static long allocated(DataLoop loop) {
        long thread = on(loop, () -> Thread.currentThread().threadId());
        return THREADS.getThreadAllocatedBytes(thread);
    }
}
