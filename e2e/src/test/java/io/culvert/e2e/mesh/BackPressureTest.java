package io.culvert.e2e.mesh;

import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.testkit.mesh.Mesh;
import io.culvert.testkit.mesh.MeshNode;
import io.culvert.testkit.mesh.MeshPod;
import io.culvert.testkit.spec.MeshSpec;
import io.culvert.testkit.spec.WorkloadPort.Kind;
import io.culvert.testkit.workload.TcpService;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Readers that do not read, on every road at once: each sender is held up after what windows and sockets hold, the
 * proxies' memory stops growing there, and neighbours on the same tunnels go on.
 */
@Tag("e2e")
final class BackPressureTest {
    private static final Duration LIMIT = Duration.ofSeconds(60);

    private static final int SINK = 6005;
    private static final int SOURCE = 6006;
    private static final int ECHO = 7;

    /** The proxy deals connections to its loops in turn, and each loop has a tunnel of its own. */
    private static final int TUNNELS = 2;

    /** On each tunnel: five fill more than its window, 4 of 16 MiB each, and their neighbours live on what is lent. */
    private static final int STALLED_STREAMS = 5;

    private static final long STREAM_WINDOW = 4 << 20;

    /** What a proxy may have in its hands on top: one turn's buffer in each. */
    private static final long IN_HAND = 2 << 20;

    /** Looks without a byte taken, ten milliseconds apart, that make a plateau. */
    private static final int QUIET_LOOKS = 100;

    /** Looks after it, during which the senders go on pushing: about eight seconds. */
    private static final int WATCHED_LOOKS = 800;

    /**
     * What two JVMs may do anyway in that time: their young generations fill up to their size, and C2 compiles. What a
     * proxy reads for nobody shows in its buffers and at its senders, to the byte; this is for what neither counts.
     */
    private static final long RESIDENT_GROWTH_KIB_MAX = 64 << 10;

    private static Mesh mesh;
    private static MeshPod client;
    private static MeshPod guest;
    private static MeshPod server;

    private final CountDownLatch done = new CountDownLatch(1);
    private final AtomicLong downloaded = new AtomicLong();
    private final List<SocketChannel> open = new ArrayList<>();
    private final ByteBuffer chunk = ByteBuffer.allocateDirect(64 << 10);

    @BeforeAll
    static void start() {
        Programs.assumeMeshesCanRun();
        mesh = Mesh.start(
                MeshSpec.mesh("pressure")
                        .namespace("default", namespace -> namespace.mesh(true))
                        .node("one", node -> node.pod("client", pod -> {}).pod("guest", pod -> pod.mesh(false)))
                        .node("two", node -> node.pod("server", pod -> pod.serves(Kind.ECHO, ECHO)))
                        .build(),
                Programs.options()
                        .proxyEnvironment("ZTUNNEL_WORKER_THREADS", Integer.toString(TUNNELS))
                        .build());
        client = mesh.pod("client");
        guest = mesh.pod("guest");
        server = mesh.pod("server");
    }

    @AfterAll
    static void stop() {
        if (mesh != null) {
            mesh.close();
        }
    }

    @Test
    void stalledReadersHoldUpTheirSendersAndNobodyElse() throws IOException {
        long atRest = bufferBytes();
        try (TcpService _ = server.serve(SINK, connection -> await(done));
                TcpService _ = server.serve(SOURCE, this::push)) {
            List<Sender> uploads = new ArrayList<>();
            for (int i = 0; i < TUNNELS * STALLED_STREAMS; i++) {
                uploads.add(new Sender("stream " + i, connect(client, SINK), tunnelled()));
            }
            uploads.add(new Sender("plain text", connect(guest, SINK), plain()));
            SocketChannel _ = connect(client, SOURCE);
            SocketChannel _ = connect(guest, SOURCE);
            List<SocketChannel> neighbours = List.of(connect(client, ECHO), connect(client, ECHO));

            fillUp(uploads);
            long heldBytes = bufferBytes() - atRest;
            long resident = residentKib();
            assertThat(heldBytes)
                    .as("what the proxies hold for the stalled ones")
                    // The uploads and a download by tunnel, and one of each in plain text, which has no window.
                    .isLessThan((TUNNELS * STALLED_STREAMS + 1) * (STREAM_WINDOW + IN_HAND) + 2 * IN_HAND);
            long most = watch(uploads, neighbours);
            for (Sender upload : uploads) {
                assertThat(upload.taken).as("bytes taken of %s", upload.name).isLessThan(upload.most);
            }
            assertThat(downloaded.get()).as("bytes of both downloads").isLessThan(tunnelled() + plain());
            assertThat(bufferBytes() - atRest).as("buffers after that").isLessThan(heldBytes + IN_HAND);
            assertThat(most - resident)
                    .as("KiB that both proxies grew by, from %d", resident)
                    .isLessThan(RESIDENT_GROWTH_KIB_MAX);
        } finally {
            done.countDown();
            for (SocketChannel channel : open) {
                channel.close();
            }
        }
    }

    /** Pushes until nobody has taken a byte for a while. */
    private void fillUp(List<Sender> uploads) throws IOException {
        long before = -1;
        for (int quiet = 0; quiet < QUIET_LOOKS; LockSupport.parkNanos(10_000_000)) {
            long now = downloaded.get();
            for (Sender upload : uploads) {
                upload.push(chunk);
                now += upload.taken;
            }
            quiet = now == before ? quiet + 1 : 0;
            before = now;
        }
    }

    /** Goes on pushing, and has the neighbours talk; the most that both proxies had in memory meanwhile, in KiB. */
    private long watch(List<Sender> uploads, List<SocketChannel> neighbours) throws IOException {
        long most = 0;
        for (int look = 0; look < WATCHED_LOOKS; look++) {
            for (Sender upload : uploads) {
                upload.push(chunk);
            }
            for (SocketChannel neighbour : neighbours) {
                echo(neighbour, look);
            }
            most = Math.max(most, residentKib());
            LockSupport.parkNanos(10_000_000);
        }
        return most;
    }

    /** A neighbour's answer comes; its read gives up by itself if it does not. */
    private static void echo(SocketChannel neighbour, int look) throws IOException {
        neighbour.write(ByteBuffer.allocate(Integer.BYTES).putInt(look).flip());
        byte[] answer = neighbour.socket().getInputStream().readNBytes(Integer.BYTES);
        assertThat(ByteBuffer.wrap(answer).getInt())
                .as("what a neighbour got back")
                .isEqualTo(look);
    }

    private SocketChannel connect(MeshPod from, int port) throws IOException {
        SocketChannel channel = from.tcp(LIMIT).connect(server.at(port));
        open.add(channel);
        return channel;
    }

    /** A server that talks to one who does not listen. */
    private void push(SocketChannel connection) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocateDirect(64 << 10);
        while (done.getCount() > 0) {
            downloaded.addAndGet(connection.write(bytes.clear()));
        }
    }

    private static void await(CountDownLatch latch) throws IOException {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    /** The most that a sender through both proxies can be rid of: three TCP legs, and a window in each proxy. */
    private static long tunnelled() throws IOException {
        return 3 * socketBuffers() + 2 * (STREAM_WINDOW + IN_HAND);
    }

    /** The same through one proxy. */
    private static long plain() throws IOException {
        return 2 * socketBuffers() + IN_HAND;
    }

    /** What the kernel lets the two ends of one connection keep, at most (tcp(7)). */
    private static long socketBuffers() throws IOException {
        long sum = 0;
        for (String name : List.of("tcp_rmem", "tcp_wmem")) {
            // In one read: such a file is at its end for the second, and readString begins with a byte.
            byte[] text = new byte[128];
            try (InputStream in = Files.newInputStream(Path.of("/proc/sys/net/ipv4", name))) {
                int length = in.read(text);
                String most = new String(text, 0, length, StandardCharsets.US_ASCII).strip();
                sum += Long.parseLong(most.substring(most.lastIndexOf('\t') + 1));
            }
        }
        return sum;
    }

    private static long bufferBytes() throws IOException {
        long sum = 0;
        for (MeshNode node : mesh.nodes()) {
            sum += Metrics.ofProxy(node.proxy(), "culvert_buffer_bytes");
        }
        return sum;
    }

    private static long residentKib() throws IOException {
        long sum = 0;
        for (MeshNode node : mesh.nodes()) {
            sum += Metrics.residentKib(node.proxy());
        }
        return sum;
    }

    /** Somebody who has more to say than is heard. */
    private static final class Sender {
        private final String name;
        private final SocketChannel channel;
        private final long most;
        private long taken;

        Sender(String name, SocketChannel channel, long most) throws IOException {
            this.name = name;
            this.channel = channel;
            this.most = most;
            channel.configureBlocking(false);
        }

        void push(ByteBuffer bytes) throws IOException {
            for (int count = 1; count > 0 && taken < 2 * most; taken += count) {
                count = channel.write(bytes.clear());
            }
        }
    }
}
