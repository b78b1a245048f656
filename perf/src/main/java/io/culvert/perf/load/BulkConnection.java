package io.culvert.perf.load;

import java.io.IOException;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.util.concurrent.atomic.AtomicLong;

/** A connection that sends, or takes, or both, as much as it can. One read and one write a turn. */
final class BulkConnection implements SelectorLoop.Handler {

    /** Bytes taken over all connections of one side; written by one thread, read by any. */
    static final class Received {
        private final AtomicLong bytes = new AtomicLong();

        void add(int count) {
            bytes.setRelease(bytes.getPlain() + count);
        }

        long bytes() {
            return bytes.getAcquire();
        }
    }

    private final SelectorLoop loop;
    private final SocketChannel channel;
    private final Received received;
    private final Runnable ended;

    private BulkConnection(SelectorLoop loop, SocketChannel channel, Received received, Runnable ended) {
        this.loop = loop;
        this.channel = channel;
        this.received = received;
        this.ended = ended;
    }

    /** @param ended told when the other side ends the connection, however it does */
    static void start(
            SelectorLoop loop, SocketChannel channel, boolean sends, boolean takes, Received received, Runnable ended)
            throws IOException {
        int operations = (sends ? SelectionKey.OP_WRITE : 0) | (takes ? SelectionKey.OP_READ : 0);
        loop.register(channel, operations, new BulkConnection(loop, channel, received, ended));
    }

    @Override
    public void ready(SelectionKey key) throws IOException {
        if (key.isReadable()) {
            int count = channel.read(loop.in.clear());
            if (count < 0) {
                key.cancel();
                channel.close();
                ended.run();
                return;
            }
            received.add(count);
        }
        if (key.isWritable()) {
            int _ = channel.write(loop.out.clear());
        }
    }

    @Override
    public void failed(IOException cause) {
        ended.run();
    }
}
