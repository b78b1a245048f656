package io.culvert.perf.load;

import java.io.IOException;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import org.HdrHistogram.Histogram;

/**
 * Command {@code requests}: some connections, each of which sends its next request when the answer to the last is
 * there. As many requests as the other side can bear; latencies are those of that load, counted from the sending.
 */
final class RequestLoad {
    private final int requestBytes;
    private final int responseBytes;
    private final Histogram latencies = Latencies.empty();
    private boolean counting;
    private long answered;
    private String cut = "";

    private RequestLoad(Line command) {
        this.requestBytes = command.count("request");
        this.responseBytes = command.count("response");
    }

    static Line run(Line command, Stretch stretch, Sockets sockets) throws IOException {
        RequestLoad load = new RequestLoad(command);
        try (SelectorLoop loop = new SelectorLoop(stretch.nanoTicker())) {
            for (int i = 0; i < command.count("connections"); i++) {
                load.new Asking(loop, sockets.connect(command.address("to"))).start();
            }
            loop.runUntil(stretch.now() + stretch.warmUp().toNanos());
            stretch.started();
            load.counting = true;
            long startNs = stretch.now();
            loop.runUntil(startNs + stretch.length().toNanos());
            long tookNs = stretch.now() - startNs;
            if (!load.cut.isEmpty()) {
                throw new IOException("a connection was cut in the middle of the requests: " + load.cut);
            }
            return Line.of("done")
                    .with("answered", load.answered)
                    .with("nanos", tookNs)
                    .with("latencies", Latencies.encode(load.latencies));
        }
    }

    private final class Asking implements SelectorLoop.Handler {
        private final SelectorLoop loop;
        private final SocketChannel channel;
        private final Message.Outgoing outgoing = new Message.Outgoing();
        private long sentNs;
        private long awaited;

        Asking(SelectorLoop loop, SocketChannel channel) {
            this.loop = loop;
            this.channel = channel;
        }

        void start() throws IOException {
            SelectionKey key = loop.register(channel, SelectionKey.OP_READ, this);
            ask(key);
        }

        private void ask(SelectionKey key) throws IOException {
            sentNs = loop.nanoTime();
            awaited = responseBytes;
            outgoing.begin(requestBytes, responseBytes, sentNs, requestBytes);
            write(key);
        }

        private void write(SelectionKey key) throws IOException {
            while (!outgoing.isDone()) {
                outgoing.next(loop.out);
                int wanted = loop.out.remaining();
                int count = channel.write(loop.out);
                outgoing.sent(count);
                if (count < wanted) {
                    key.interestOps(SelectionKey.OP_READ | SelectionKey.OP_WRITE);
                    return;
                }
            }
            if (key.interestOps() != SelectionKey.OP_READ) {
                key.interestOps(SelectionKey.OP_READ);
            }
        }

        @Override
        public void ready(SelectionKey key) throws IOException {
            if (key.isWritable()) {
                write(key);
            }
            if (key.isReadable()) {
                int count = channel.read(loop.in.clear());
                if (count < 0) {
                    throw new IOException("the server closed it");
                }
                awaited -= count;
                if (awaited == 0) {
                    answered();
                    ask(key);
                }
            }
        }

        private void answered() {
            if (counting) {
                answered++;
                Latencies.record(latencies, loop.nanoTime() - sentNs);
            }
        }

        @Override
        public void failed(IOException cause) {
            cut = String.valueOf(cause.getMessage());
        }
    }
}
