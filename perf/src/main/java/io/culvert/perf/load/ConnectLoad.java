package io.culvert.perf.load;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * Command {@code connects}: some clients, each of which opens a connection, asks once, and closes it, over and over. A
 * thread each and blocking sockets: fewer system calls a connection than with a selector.
 */
final class ConnectLoad {
    private static final int MESSAGE_BYTES = 64;

    private final InetSocketAddress to;
    private final Stretch stretch;
    private final List<Client> clients = new ArrayList<>();
    private volatile long countFromNs = Long.MAX_VALUE;
    private volatile boolean over;
    private volatile @Nullable IOException failure;

    private ConnectLoad(InetSocketAddress to, Stretch stretch) {
        this.to = to;
        this.stretch = stretch;
    }

    static Line run(Line command, Stretch stretch) throws IOException, InterruptedException {
        ConnectLoad load = new ConnectLoad(command.address("to"), stretch);
        for (int i = 0; i < command.count("clients"); i++) {
            load.clients.add(load.new Client("load-client-" + i));
        }
        load.clients.forEach(client -> client.thread.start());
        try {
            load.clients.getFirst().thread.join(stretch.warmUp());
            load.countFromNs = stretch.now();
            stretch.started();
            load.clients.getFirst().thread.join(stretch.length());
            stretch.ended();
        } finally {
            load.over = true;
        }
        long tookNs = stretch.now() - load.countFromNs;
        return load.result(tookNs);
    }

    private Line result(long tookNs) throws IOException, InterruptedException {
        Histogram all = Latencies.empty();
        for (Client client : clients) {
            client.thread.join();
            all.add(client.latencies);
        }
        IOException cause = failure;
        if (cause != null) {
            throw new IOException("a connection failed: " + cause.getMessage(), cause);
        }
        return Line.of("done")
                .with("answered", all.getTotalCount())
                .with("nanos", tookNs)
                .with("latencies", Latencies.encode(all));
    }

    private final class Client {
        private final Thread thread;
        private final Histogram latencies = Latencies.empty();
        private final ByteBuffer buffer = ByteBuffer.allocateDirect(MESSAGE_BYTES);

        Client(String name) {
            thread = Thread.ofPlatform().name(name).daemon().unstarted(this::run);
        }

        private void run() {
            try {
                while (!over) {
                    once();
                }
            } catch (IOException cause) {
                failure = cause;
                over = true;
            }
        }

        private void once() throws IOException {
            long startNs = stretch.now();
            try (SocketChannel channel = SocketChannel.open()) {
                channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
                channel.connect(to);
                buffer.clear();
                Message.putHeader(buffer, MESSAGE_BYTES, MESSAGE_BYTES, startNs);
                while (buffer.hasRemaining()) {
                    channel.write(buffer);
                }
                buffer.clear();
                while (buffer.hasRemaining()) {
                    if (channel.read(buffer) < 0) {
                        throw new IOException("the server closed it before it had answered");
                    }
                }
            }
            if (startNs >= countFromNs && !over) {
                Latencies.record(latencies, stretch.now() - startNs);
            }
        }
    }
}
