package io.culvert.perf.load;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;

/** Commands {@code hold} and {@code release}: connections that asked once and then do nothing. */
final class HeldConnections {
    private static final int MESSAGE_BYTES = 64;
    private static final int CLIENTS = 8;

    private final ConcurrentLinkedQueue<SocketChannel> held = new ConcurrentLinkedQueue<>();

    Line hold(Line command, Sockets sockets) throws IOException, InterruptedException {
        AtomicInteger left = new AtomicInteger(command.count("connections"));
        InetSocketAddress to = command.address("to");
        List<Future<?>> clients = new ArrayList<>();
        try (ExecutorService threads = Executors.newFixedThreadPool(CLIENTS)) {
            for (int i = 0; i < CLIENTS; i++) {
                clients.add(threads.submit(() -> {
                    while (left.getAndDecrement() > 0) {
                        held.add(asked(sockets, to));
                    }
                    return true;
                }));
            }
            for (Future<?> client : clients) {
                client.get();
            }
        } catch (ExecutionException failure) {
            throw new IOException("after " + held.size() + " connections: " + failure.getCause(), failure.getCause());
        }
        return Line.of("holding").with("connections", held.size());
    }

    private static SocketChannel asked(Sockets sockets, InetSocketAddress to) throws IOException {
        SocketChannel channel = sockets.connect(to);
        ByteBuffer buffer = ByteBuffer.allocate(MESSAGE_BYTES);
        Message.putHeader(buffer, MESSAGE_BYTES, MESSAGE_BYTES, 0);
        while (buffer.hasRemaining()) {
            channel.write(buffer);
        }
        buffer.clear();
        while (buffer.hasRemaining()) {
            if (channel.read(buffer) < 0) {
                throw new IOException("the server closed a connection before it had answered");
            }
        }
        return channel;
    }

    Line release() {
        int released = 0;
        for (SocketChannel channel = held.poll(); channel != null; channel = held.poll()) {
            SelectorLoop.quietly(channel);
            released++;
        }
        return Line.of("released").with("connections", released);
    }
}
