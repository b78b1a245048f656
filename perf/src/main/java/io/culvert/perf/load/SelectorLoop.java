package io.culvert.perf.load;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/** One thread's selector, and the two native buffers that all of its connections share. */
final class SelectorLoop implements Closeable {
    /** iperf3 writes so much at a time (its -l default for TCP). */
    private static final int OUT_BYTES = 128 * 1024;

    private static final int IN_BYTES = 512 * 1024;

    final ByteBuffer in = ByteBuffer.allocateDirect(IN_BYTES);
    final ByteBuffer out = ByteBuffer.allocateDirect(OUT_BYTES);
    private final Selector selector;
    private final LongSupplier nanoTicker;

    /** What is done when a channel is ready. */
    interface Handler {
        void ready(SelectionKey key) throws IOException;

        /** The channel failed or its handler did; it is closed already. */
        void failed(IOException cause);
    }

    SelectorLoop(LongSupplier nanoTicker) throws IOException {
        this.selector = Selector.open();
        this.nanoTicker = nanoTicker;
    }

    long nanoTime() {
        return nanoTicker.getAsLong();
    }

    SelectionKey register(SelectableChannel channel, int operations, Handler handler) throws IOException {
        channel.configureBlocking(false);
        return channel.register(selector, operations, handler);
    }

    /** Hands every connection that comes in to {@code taker}. */
    void accept(ServerSocketChannel listener, Taker taker) throws IOException {
        register(listener, SelectionKey.OP_ACCEPT, new Handler() {
            @Override
            public void ready(SelectionKey key) throws IOException {
                for (SocketChannel one = listener.accept(); one != null; one = listener.accept()) {
                    taker.take(one);
                }
            }

            @Override
            public void failed(IOException cause) {
                throw new IllegalStateException("a listener failed", cause);
            }
        });
    }

    /** Takes a connection over. */
    @FunctionalInterface
    interface Taker {
        void take(SocketChannel connection) throws IOException;
    }

    /** Serves until {@code deadlineNs} of the ticker, or until closed. */
    void runUntil(long deadlineNs) throws IOException {
        while (selector.isOpen()) {
            long leftNs = deadlineNs - nanoTime();
            if (leftNs <= 0) {
                return;
            }
            // Rounded up: a select of 0 would wait for ever.
            selector.select(this::handle, TimeUnit.NANOSECONDS.toMillis(leftNs) + 1);
        }
    }

    /** Serves until closed. */
    void run() throws IOException {
        while (selector.isOpen()) {
            selector.select(this::handle);
        }
    }

    private void handle(SelectionKey key) {
        if (!key.isValid()) {
            return; // Closed by the handler of another key of the same turn.
        }
        Handler handler = (Handler) key.attachment();
        try {
            handler.ready(key);
        } catch (IOException failure) {
            key.cancel();
            quietly(key.channel());
            handler.failed(failure);
        }
    }

    static void quietly(Closeable closing) {
        try {
            closing.close();
        } catch (IOException ignored) {
            // It is to be gone, and it is.
        }
    }

    @Override
    public void close() throws IOException {
        for (SelectionKey key : selector.keys()) {
            quietly(key.channel());
        }
        selector.close();
    }
}
