package io.culvert.perf.load;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * Command {@code paced}: requests at a fixed rate, whatever becomes of them. Each has its time by the clock, and its
 * latency counts from that time and not from when it was sent: a proxy that stands still for a while is charged for
 * every request that was due meanwhile (coordinated omission). Requests do not wait for each other's answers: a
 * connection may have several on their way.
 */
final class PacedLoad {
    /** How long after the end answers are waited for. */
    private static final Duration GRACE = Duration.ofSeconds(10);

    private final Stretch stretch;
    private final int requestBytes;
    private final int responseBytes;
    private final List<SocketChannel> channels = new ArrayList<>();
    private final Histogram latencies = Latencies.empty();
    private final ByteBuffer request;
    private long countFromNs = Long.MAX_VALUE;
    private long answered;
    private volatile @Nullable IOException cut;
    private final AtomicLong due = new AtomicLong();

    private PacedLoad(Line command, Stretch stretch) {
        this.stretch = stretch;
        this.requestBytes = command.count("request");
        this.responseBytes = command.count("response");
        this.request = ByteBuffer.allocateDirect(requestBytes);
    }

    static Line run(Line command, Stretch stretch, Sockets sockets) throws IOException {
        PacedLoad load = new PacedLoad(command, stretch);
        try (SelectorLoop loop = new SelectorLoop(stretch.nanoTicker())) {
            for (int i = 0; i < command.count("connections"); i++) {
                SocketChannel channel = sockets.connect(command.address("to"));
                load.channels.add(channel);
                loop.register(channel, SelectionKey.OP_READ, load.new Answers(loop, channel));
            }
            long intervalNs = TimeUnit.SECONDS.toNanos(1) / command.count("rate");
            long startNs = stretch.now() + intervalNs;
            load.countFromNs = startNs + stretch.warmUp().toNanos();
            long endNs = load.countFromNs + stretch.length().toNanos();
            Thread pacer =
                    Thread.ofPlatform().name("load-pacer").daemon().start(() -> load.pace(startNs, intervalNs, endNs));
            loop.runUntil(load.countFromNs);
            stretch.started();
            loop.runUntil(endNs);
            stretch.ended();
            load.awaitRest(loop, pacer);
            return Line.of("done")
                    .with("answered", load.answered)
                    .with("nanos", stretch.length().toNanos())
                    .with("latencies", Latencies.encode(load.latencies));
        }
    }

    private void awaitRest(SelectorLoop loop, Thread pacer) throws IOException {
        long lastNs = stretch.now() + GRACE.toNanos();
        while ((pacer.isAlive() || answered < due.get()) && cut == null && stretch.now() < lastNs) {
            loop.runUntil(stretch.now() + TimeUnit.MILLISECONDS.toNanos(1));
        }
        IOException failure = cut;
        if (failure != null) {
            throw new IOException(
                    "a connection was cut in the middle of the requests: " + failure.getMessage(), failure);
        }
        if (answered < due.get()) {
            throw new IOException(due.get() - answered + " of " + due + " requests had no answer " + GRACE.toSeconds()
                    + " s after the end");
        }
    }

    private void pace(long startNs, long intervalNs, long endNs) {
        try {
            int turn = 0;
            for (long dueNs = startNs; dueNs < endNs && cut == null; dueNs += intervalNs) {
                for (long leftNs = dueNs - stretch.now(); leftNs > 0; leftNs = dueNs - stretch.now()) {
                    LockSupport.parkNanos(leftNs);
                }
                send(channels.get(turn), dueNs);
                turn = (turn + 1) % channels.size();
                if (dueNs >= countFromNs) {
                    due.incrementAndGet();
                }
            }
        } catch (IOException failure) {
            cut = failure;
        }
    }

    /** Whole: where the connection takes no more, the schedule waits, and the latencies tell. */
    private void send(SocketChannel channel, long dueNs) throws IOException {
        request.clear();
        Message.putHeader(request, requestBytes, responseBytes, dueNs);
        while (request.hasRemaining()) {
            if (channel.write(request) == 0) {
                LockSupport.parkNanos(TimeUnit.MICROSECONDS.toNanos(100));
            }
        }
    }

    private final class Answers implements SelectorLoop.Handler, Message.Sink {
        private final SelectorLoop loop;
        private final SocketChannel channel;
        private final Message.Scanner scanner = new Message.Scanner(true, this);

        Answers(SelectorLoop loop, SocketChannel channel) {
            this.loop = loop;
            this.channel = channel;
        }

        @Override
        public void ready(SelectionKey key) throws IOException {
            if (channel.read(loop.in.clear()) < 0) {
                throw new IOException("the server closed it");
            }
            scanner.scan(loop.in.flip());
        }

        @Override
        public void onMessage(int ignoredRequest, int ignoredResponse, long dueNs) {
            if (dueNs >= countFromNs) {
                answered++;
                Latencies.record(latencies, loop.nanoTime() - dueNs);
            }
        }

        @Override
        public void failed(IOException cause) {
            cut = cause;
        }
    }
}
