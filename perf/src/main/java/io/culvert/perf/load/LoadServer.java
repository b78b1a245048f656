package io.culvert.perf.load;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.SelectionKey;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.LongSupplier;

/**
 * The side of the load that is called: every {@link Service}, on all addresses of its namespace. Bulk and requests have
 * a thread each, so that small requests do not wait behind bulk in the application where the proxy is to be measured.
 */
final class LoadServer {
    static final int BACKLOG = 4_096;

    private final BulkConnection.Received received = new BulkConnection.Received();
    private final SelectorLoop bulk;
    private final SelectorLoop requests;

    private LoadServer(SelectorLoop bulk, SelectorLoop requests) {
        this.bulk = bulk;
        this.requests = requests;
    }

    static LoadServer start(LongSupplier nanoTicker) throws IOException {
        LoadServer server = new LoadServer(new SelectorLoop(nanoTicker), new SelectorLoop(nanoTicker));
        server.serveBulk(Service.SINK, false, true);
        server.serveBulk(Service.SOURCE, true, false);
        server.serveBulk(Service.DUPLEX, true, true);
        server.requests.accept(listener(Service.REQUESTS), server::answer);
        thread("load-bulk", server.bulk);
        thread("load-requests", server.requests);
        return server;
    }

    private void serveBulk(Service service, boolean sends, boolean takes) throws IOException {
        bulk.accept(listener(service), one -> BulkConnection.start(bulk, one, sends, takes, received, () -> {}));
    }

    private static ServerSocketChannel listener(Service service) throws IOException {
        ServerSocketChannel listener = ServerSocketChannel.open();
        listener.setOption(StandardSocketOptions.SO_REUSEADDR, true);
        listener.bind(new InetSocketAddress(InetAddress.ofLiteral("::"), service.port()), BACKLOG);
        return listener;
    }

    private static void thread(String name, SelectorLoop loop) {
        Thread.ofPlatform().name(name).daemon().start(() -> {
            try {
                loop.run();
            } catch (IOException failure) {
                throw new UncheckedIOException(failure);
            }
        });
    }

    /** Bytes of bulk that have come, since the start. */
    long received() {
        return received.bytes();
    }

    private void answer(SocketChannel connection) throws IOException {
        connection.setOption(StandardSocketOptions.TCP_NODELAY, true);
        Answering answering = new Answering(requests, connection);
        answering.key = requests.register(connection, SelectionKey.OP_READ, answering);
    }

    /** A response that waits for the ones before it. */
    private record Waiting(int requestBytes, int responseBytes, long stamp) {}

    /** One connection of {@link Service#REQUESTS}. Reads no more while a response is not out. */
    private static final class Answering implements SelectorLoop.Handler, Message.Sink {
        private final SelectorLoop loop;
        private final SocketChannel channel;
        private final Message.Scanner scanner = new Message.Scanner(false, this);
        private final Message.Outgoing outgoing = new Message.Outgoing();
        private final Deque<Waiting> waiting = new ArrayDeque<>();
        private SelectionKey key;

        @SuppressWarnings("NullAway.Init") // the key is set as soon as the connection is registered
        Answering(SelectorLoop loop, SocketChannel channel) {
            this.loop = loop;
            this.channel = channel;
        }

        @Override
        public void ready(SelectionKey ready) throws IOException {
            if (ready.isWritable()) {
                write();
            }
            if (ready.isReadable()) {
                int count = channel.read(loop.in.clear());
                if (count < 0) {
                    ready.cancel();
                    channel.close();
                    return;
                }
                scanner.scan(loop.in.flip());
                write();
            }
        }

        @Override
        public void onMessage(int requestBytes, int responseBytes, long stamp) {
            if (outgoing.isDone()) {
                outgoing.begin(requestBytes, responseBytes, stamp, responseBytes);
            } else {
                waiting.addLast(new Waiting(requestBytes, responseBytes, stamp));
            }
        }

        private void write() throws IOException {
            while (!outgoing.isDone()) {
                outgoing.next(loop.out);
                int wanted = loop.out.remaining();
                int count = channel.write(loop.out);
                outgoing.sent(count);
                if (count < wanted) {
                    key.interestOps(SelectionKey.OP_WRITE);
                    return;
                }
                Waiting next = outgoing.isDone() ? waiting.pollFirst() : null;
                if (next != null) {
                    outgoing.begin(next.requestBytes, next.responseBytes, next.stamp, next.responseBytes);
                }
            }
            if (key.interestOps() != SelectionKey.OP_READ) {
                key.interestOps(SelectionKey.OP_READ);
            }
        }

        @Override
        public void failed(IOException cause) {
            // The client is gone; it knows why.
        }
    }
}
