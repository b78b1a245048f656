package io.culvert.perf;

import io.culvert.testkit.process.Await;
import io.culvert.testkit.process.Stopwatch;
import io.culvert.testkit.workload.TcpClient;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Bulk over some connections, from one pod to another, measured where the bytes arrive. */
final class Transfer {

    private static final int CHUNK_BYTES = 128 * 1024;

    /** Long enough for windows to open; a JVM's first seconds are not steady, and are measured elsewhere. */
    private static final Duration WARM_UP = Duration.ofSeconds(2);

    private static final Duration FIRST_BYTES_LIMIT = Duration.ofSeconds(15);

    /** What was carried in the measured stretch. */
    record Result(long bytes, Duration took) {
        double gigabits() {
            return bytes * 8 / 1e9 / (took.toNanos() / 1e9);
        }

        double gigabytes() {
            return bytes / 1e9;
        }
    }

    /**
     * Called when warm-up is over, and again when the measured stretch is: for whoever counts something else meanwhile.
     */
    @FunctionalInterface
    interface Mark {
        void at() throws IOException;
    }

    private Transfer() {}

    /** Sends over {@code connections} for {@code length}; fails when nothing arrives, or when a sender is cut off. */
    static Result run(
            TcpClient client, InetSocketAddress to, Receiver receiver, int connections, Duration length, Mark mark)
            throws IOException, InterruptedException {
        CountDownLatch cut = new CountDownLatch(1);
        List<SocketChannel> channels = new ArrayList<>();
        try {
            long before = receiver.received();
            for (int i = 0; i < connections; i++) {
                SocketChannel channel = client.connect(to);
                channels.add(channel);
                Thread _ = Receiver.daemon("perf-send", () -> send(channel, cut));
            }
            Await.untilTrue("first bytes", FIRST_BYTES_LIMIT, () -> receiver.received() > before, () -> "");
            stretch(cut, WARM_UP);
            mark.at();
            Stopwatch watch = Stopwatch.start();
            long first = receiver.received();
            stretch(cut, length);
            Result result = new Result(receiver.received() - first, watch.elapsed());
            mark.at();
            return result;
        } finally {
            for (SocketChannel channel : channels) {
                channel.close();
            }
        }
    }

    private static void stretch(CountDownLatch cut, Duration length) throws IOException, InterruptedException {
        if (cut.await(length.toNanos(), TimeUnit.NANOSECONDS)) {
            throw new IOException("a connection was cut in the middle of the transfer; see the proxies' logs");
        }
    }

    private static void send(SocketChannel channel, CountDownLatch cut) {
        ByteBuffer chunk = ByteBuffer.allocateDirect(CHUNK_BYTES);
        try {
            while (channel.isOpen()) {
                chunk.clear();
                while (chunk.hasRemaining()) {
                    int _ = channel.write(chunk);
                }
            }
        } catch (IOException end) {
            // After the measured stretch this is how a transfer ends; before its end it is a failure.
            cut.countDown();
        }
    }
}
