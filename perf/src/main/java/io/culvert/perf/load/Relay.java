package io.culvert.perf.load;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.LongSupplier;

/**
 * A plain TCP relay, for a bound: what two hops through any program of the JVM cost, without TLS, frames, policy, or
 * redirection. One thread, a buffer for each direction that has bytes in hand.
 */
final class Relay {
    private static final int BUFFER_BYTES = 512 * 1024;

    private final SelectorLoop loop;
    private final Deque<ByteBuffer> spare = new ArrayDeque<>();

    private Relay(SelectorLoop loop) {
        this.loop = loop;
    }

    /** Relays the port of every {@link Service} at {@code from} to the same port at {@code to}, until the end. */
    static void run(InetAddress from, InetAddress to, LongSupplier nanoTicker, Runnable ready) throws IOException {
        Relay relay = new Relay(new SelectorLoop(nanoTicker));
        for (Service service : Service.values()) {
            ServerSocketChannel listener = ServerSocketChannel.open();
            listener.setOption(StandardSocketOptions.SO_REUSEADDR, true);
            listener.bind(new InetSocketAddress(from, service.port()), LoadServer.BACKLOG);
            InetSocketAddress next = new InetSocketAddress(to, service.port());
            relay.loop.accept(listener, one -> relay.take(one, next));
        }
        ready.run();
        relay.loop.run();
    }

    private void take(SocketChannel downstream, InetSocketAddress next) throws IOException {
        downstream.setOption(StandardSocketOptions.TCP_NODELAY, true);
        SocketChannel upstream = SocketChannel.open();
        upstream.setOption(StandardSocketOptions.TCP_NODELAY, true);
        upstream.configureBlocking(false);
        Side down = new Side(downstream);
        Side up = new Side(upstream);
        down.other = up;
        up.other = down;
        boolean connected = upstream.connect(next);
        up.key = loop.register(upstream, connected ? SelectionKey.OP_READ : SelectionKey.OP_CONNECT, up);
        down.key = loop.register(downstream, connected ? SelectionKey.OP_READ : 0, down);
    }

    /** One socket of a pair, and the bytes that are on their way to it. */
    private final class Side implements SelectorLoop.Handler {
        private final SocketChannel channel;
        private SelectionKey key;
        private Side other;
        /** To be written here; empty when there is nothing. */
        private final Deque<ByteBuffer> pending = new ArrayDeque<>(1);

        private boolean ended;

        @SuppressWarnings("NullAway.Init") // both are set before the selector can see either side
        Side(SocketChannel channel) {
            this.channel = channel;
        }

        @Override
        public void ready(SelectionKey ready) throws IOException {
            if (ready.isConnectable()) {
                channel.finishConnect();
                key.interestOps(SelectionKey.OP_READ);
                other.key.interestOps(SelectionKey.OP_READ);
                return;
            }
            if (ready.isWritable()) {
                write();
            }
            if (ready.isValid() && ready.isReadable()) {
                read();
            }
        }

        private void read() throws IOException {
            ByteBuffer buffer = spare.isEmpty() ? ByteBuffer.allocateDirect(BUFFER_BYTES) : spare.pop();
            int count = channel.read(buffer.clear());
            if (count <= 0) {
                spare.push(buffer);
                if (count < 0) {
                    end();
                }
                return;
            }
            other.pending.add(buffer.flip());
            other.write();
        }

        private void write() throws IOException {
            ByteBuffer buffer = pending.peek();
            if (buffer != null) {
                int _ = channel.write(buffer);
                if (buffer.hasRemaining()) {
                    key.interestOpsOr(SelectionKey.OP_WRITE);
                    other.key.interestOpsAnd(~SelectionKey.OP_READ);
                    return;
                }
                spare.push(pending.remove());
            }
            if ((key.interestOps() & SelectionKey.OP_WRITE) != 0) {
                key.interestOpsAnd(~SelectionKey.OP_WRITE);
                if (!other.ended) {
                    other.key.interestOpsOr(SelectionKey.OP_READ);
                }
            }
        }

        /** The end of what comes from here; the other way may go on. */
        private void end() throws IOException {
            ended = true;
            key.interestOpsAnd(~SelectionKey.OP_READ);
            other.channel.shutdownOutput();
            if (other.ended) {
                closeBoth();
            }
        }

        private void closeBoth() {
            for (Side side : new Side[] {this, other}) {
                side.key.cancel();
                SelectorLoop.quietly(side.channel);
                spare.addAll(side.pending);
                side.pending.clear();
            }
        }

        @Override
        public void failed(IOException cause) {
            closeBoth();
        }
    }
}
