package io.culvert.perf;

import io.culvert.testkit.workload.PodSockets;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/**
 * Takes bytes in a pod and counts them. A platform thread a connection: a virtual one would wait by a poller, and cost
 * the machine what the proxies are to have.
 */
final class Receiver implements AutoCloseable {

    private static final int BUFFER_BYTES = 512 * 1024;

    private final ServerSocketChannel listener;
    private final Set<SocketChannel> open = ConcurrentHashMap.newKeySet();
    private final LongAdder received = new LongAdder();

    private Receiver(ServerSocketChannel listener) {
        this.listener = listener;
    }

    static Receiver listen(PodSockets sockets, InetSocketAddress address) throws IOException {
        Receiver receiver = new Receiver(sockets.listenerOn(address));
        daemon("perf-accept", receiver::accept);
        return receiver;
    }

    /** Bytes taken so far, over all connections. */
    long received() {
        return received.sum();
    }

    private void accept() {
        try {
            while (true) {
                SocketChannel connection = listener.accept();
                open.add(connection);
                daemon("perf-receive", () -> drain(connection));
            }
        } catch (IOException closed) {
            // The end of listening; close() is its only cause.
        }
    }

    private void drain(SocketChannel connection) {
        ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);
        try (connection) {
            for (int count = 0; count >= 0; count = connection.read(buffer.clear())) {
                received.add(count);
            }
        } catch (IOException end) {
            // A transfer ends by closing; what counts was counted.
        } finally {
            open.remove(connection);
        }
    }

    static Thread daemon(String name, Runnable body) {
        return Thread.ofPlatform().name(name).daemon().start(body);
    }

    @Override
    public void close() throws IOException {
        listener.close();
        for (SocketChannel connection : open) {
            connection.close();
        }
    }
}
