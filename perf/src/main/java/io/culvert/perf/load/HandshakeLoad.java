package io.culvert.perf.load;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * Command {@code handshakes}: some clients, each of which connects, makes a full mutual TLS handshake, waits until the
 * server speaks, and closes, over and over. With {@code rate} above 0 they keep to so many a second together, and each
 * latency counts from when the handshake was due. A thread each and blocking sockets, as in {@link ConnectLoad}.
 */
final class HandshakeLoad {
    private final InetSocketAddress to;
    private final Path chain;
    private final Path key;
    private final String[] groups;
    private final long intervalNs;
    private final Stretch stretch;
    private final AtomicLong next = new AtomicLong();
    private final Set<String> agreed = new ConcurrentSkipListSet<>();
    private final List<Client> clients = new ArrayList<>();
    private volatile long startNs;
    private volatile long countFromNs = Long.MAX_VALUE;
    private volatile boolean over;
    private volatile @Nullable IOException failure;

    private HandshakeLoad(Line command, Stretch stretch) {
        this.to = command.address("to");
        this.chain = Path.of(command.text("chain"));
        this.key = Path.of(command.text("key"));
        this.groups = command.text("groups").split(",", -1);
        long rate = command.number("rate");
        this.intervalNs = rate == 0 ? 0 : TimeUnit.SECONDS.toNanos(1) / rate;
        this.stretch = stretch;
    }

    static Line run(Line command, Stretch stretch) throws IOException, InterruptedException {
        HandshakeLoad load = new HandshakeLoad(command, stretch);
        try {
            for (int i = 0; i < command.count("clients"); i++) {
                load.clients.add(load.new Client("load-handshakes-" + i));
            }
            return load.run();
        } finally {
            load.clients.forEach(client -> client.tls.close());
        }
    }

    private Line run() throws IOException, InterruptedException {
        // The first handshake of all loads BoringSSL, which may take longer than a warm-up.
        for (Client client : clients) {
            client.handshake();
        }
        startNs = stretch.now();
        clients.forEach(client -> client.thread.start());
        try {
            clients.getFirst().thread.join(stretch.warmUp());
            countFromNs = stretch.now();
            stretch.started();
            clients.getFirst().thread.join(stretch.length());
            stretch.ended();
        } finally {
            over = true;
        }
        return result(stretch.now() - countFromNs);
    }

    private Line result(long tookNs) throws IOException, InterruptedException {
        Histogram all = Latencies.empty();
        for (Client client : clients) {
            client.thread.join();
            all.add(client.latencies);
        }
        IOException cause = failure;
        if (cause != null) {
            throw new IOException("a handshake failed: " + cause.getMessage(), cause);
        }
        return Line.of("done")
                .with("answered", all.getTotalCount())
                .with("nanos", tookNs)
                .with("agreed", String.join(",", agreed))
                .with("latencies", Latencies.encode(all));
    }

    private final class Client {
        private final Thread thread;
        private final TlsClient tls;
        private final Histogram latencies = Latencies.empty();

        Client(String name) throws IOException {
            tls = new TlsClient(chain, key, groups);
            thread = Thread.ofPlatform().name(name).daemon().unstarted(this::run);
        }

        private void run() {
            try {
                while (!over) {
                    once(dueNs());
                }
            } catch (IOException cause) {
                failure = cause;
                over = true;
            }
        }

        /** When the next handshake is to begin; now, where there is no rate. */
        private long dueNs() {
            if (intervalNs == 0) {
                return stretch.now();
            }
            long dueNs = startNs + next.getAndIncrement() * intervalNs;
            for (long left = dueNs - stretch.now(); left > 0 && !over; left = dueNs - stretch.now()) {
                LockSupport.parkNanos(
                        this, Math.min(left, Duration.ofMillis(100).toNanos()));
            }
            return dueNs;
        }

        private void once(long dueNs) throws IOException {
            if (over) {
                return;
            }
            handshake();
            if (dueNs >= countFromNs && !over) {
                Latencies.record(latencies, stretch.now() - dueNs);
            }
        }

        private void handshake() throws IOException {
            try (SocketChannel channel = SocketChannel.open()) {
                channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
                channel.connect(to);
                agreed.add(tls.handshake(channel));
            }
        }
    }
}
