package io.culvert.perf.micro;

import io.culvert.linux.Sockets;
import io.culvert.proxy.relay.ByteMeter;
import io.culvert.proxy.relay.LoopForBenchmarks;
import io.culvert.proxy.relay.LoopSocket;
import io.culvert.proxy.relay.SocketRelay;
import io.culvert.proxy.relay.TcpDial;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The plain relay between two sockets on the loopback: so many bytes written on one side until they are read on the
 * other, with nothing else on the way. The system calls of the benchmark and two wake-ups are in the figure.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class RelayBenchmark {
    private static final int DIAL_LIMIT_MS = 10_000;

    @Param({"64", "16384"})
    public int bytes = 64;

    private final LoopForBenchmarks loops = new LoopForBenchmarks();
    private final List<SocketChannel> ends = new ArrayList<>();
    private ByteBuffer buffer = ByteBuffer.allocateDirect(0);

    @Setup
    public void connect() throws IOException {
        buffer = ByteBuffer.allocateDirect(bytes);
        List<CompletableFuture<LoopSocket>> dialled = new ArrayList<>();
        try (ServerSocketChannel listener = ServerSocketChannel.open()) {
            listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            for (int i = 0; i < 2; i++) {
                dialled.add(dial((InetSocketAddress) listener.getLocalAddress()));
                SocketChannel end = listener.accept();
                end.setOption(StandardSocketOptions.TCP_NODELAY, true);
                ends.add(end);
            }
        }
        LoopSocket downstream = dialled.getFirst().join();
        LoopSocket upstream = dialled.getLast().join();
        loops.run(() -> SocketRelay.start(downstream, upstream, new NoMeter(), end -> {}));
    }

    private CompletableFuture<LoopSocket> dial(InetSocketAddress to) {
        CompletableFuture<LoopSocket> dialled = new CompletableFuture<>();
        loops.run(() -> {
            try {
                LoopSocket socket =
                        LoopSocket.adopt(loops.loop(), Sockets.tcp(false).release());
                TcpDial.start(socket, to, DIAL_LIMIT_MS, new TcpDial.DialListener() {
                    @Override
                    public void onConnected(LoopSocket connected) {
                        dialled.complete(connected);
                    }

                    @Override
                    public void onDialFailed(TcpDial.DialFailure failure) {
                        dialled.completeExceptionally(new IOException(failure.text()));
                    }
                });
            } catch (IOException broken) {
                throw new UncheckedIOException(broken);
            }
        });
        return dialled;
    }

    private static final class NoMeter implements ByteMeter {
        @Override
        public void toUpstream(int count) {}

        @Override
        public void toDownstream(int count) {}
    }

    @TearDown
    public void close() throws IOException {
        for (SocketChannel end : ends) {
            end.close();
        }
        loops.close();
    }

    @Benchmark
    public int pass() throws IOException {
        buffer.clear();
        while (buffer.hasRemaining()) {
            ends.getFirst().write(buffer);
        }
        buffer.clear();
        while (buffer.hasRemaining()) {
            ends.getLast().read(buffer);
        }
        return buffer.position();
    }
}
