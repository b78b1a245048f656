package io.culvert.proxy.hbone;

import io.culvert.proxy.relay.DataLoop;
import io.culvert.proxy.relay.LoopForBenchmarks;
import io.culvert.proxy.relay.RawBuffer;
import io.culvert.proxy.relay.Transport;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The frame codec: one frame read, and one frame written up to the transport. In the codec's package, so that the proxy
 * needs to publish nothing for it.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class FramesBenchmark {
    /** As many as one read of the largest size brings. */
    private static final int FRAMES = 32;

    private static final int ROUNDS = 100;
    private static final int STREAM = 1;

    /** What the frames are. */
    public enum Content {
        /** DATA that fills a TLS record. */
        DATA_16K(16_384 - Frames.HEADER_BYTES),
        DATA_1K(1_024),
        DATA_64B(64),
        WINDOW_UPDATE(4);

        private final int payload;

        Content(int payload) {
            this.payload = payload;
        }
    }

    @Param
    public Content content = Content.DATA_16K;

    private final Counter counter = new Counter();
    private @Nullable LoopForBenchmarks loops;
    private @Nullable RawBuffer buffer;
    private @Nullable FrameReader reader;
    private @Nullable FrameWriter writer;
    private int bytes;

    @Setup
    public void open() {
        LoopForBenchmarks opened = new LoopForBenchmarks();
        loops = opened;
        opened.run(() -> {
            RawBuffer large = opened.loop().buffers().large();
            reader = greeted(large);
            buffer = fill(large);
            writer = new FrameWriter(new Nowhere(opened.loop()), fault -> {
                throw new IllegalStateException(fault);
            });
        });
    }

    /** A reader that has seen the SETTINGS which must be the first frame. */
    private FrameReader greeted(RawBuffer free) {
        free.putInt(0, Frames.SETTINGS);
        free.putByte(4, 0);
        free.putInt(5, 0);
        FrameReader made = new FrameReader(counter, false, 1 << 20, 1 << 16);
        try {
            made.read(free, 0, Frames.HEADER_BYTES);
            return made;
        } catch (Http2Error broken) {
            throw new IllegalStateException(broken);
        }
    }

    private RawBuffer fill(RawBuffer empty) {
        int type = content == Content.WINDOW_UPDATE ? Frames.WINDOW_UPDATE : Frames.DATA;
        for (int i = 0; i < FRAMES; i++) {
            empty.putInt(bytes, content.payload << 8 | type);
            empty.putByte(bytes + 4, 0);
            empty.putInt(bytes + 5, STREAM);
            empty.putInt(bytes + Frames.HEADER_BYTES, 1_000);
            bytes += Frames.HEADER_BYTES + content.payload;
        }
        return empty;
    }

    @TearDown
    public void close() {
        if (loops != null && buffer != null) {
            RawBuffer held = buffer;
            loops.run(held::release);
            loops.close();
        }
    }

    @Benchmark
    @OperationsPerInvocation(FRAMES * ROUNDS)
    public long read() {
        if (loops != null) {
            loops.run(this::readAll);
        }
        return counter.seen;
    }

    private void readAll() {
        if (reader == null || buffer == null) {
            throw new IllegalStateException("not set up");
        }
        try {
            for (int i = 0; i < ROUNDS; i++) {
                reader.read(buffer, 0, bytes);
            }
        } catch (Http2Error broken) {
            throw new IllegalStateException(broken);
        }
    }

    @Benchmark
    @OperationsPerInvocation(FRAMES * ROUNDS)
    public long write() {
        if (loops != null) {
            loops.run(this::writeAll);
        }
        return counter.seen;
    }

    private void writeAll() {
        if (writer == null || buffer == null) {
            throw new IllegalStateException("not set up");
        }
        for (int i = 0; i < ROUNDS; i++) {
            for (int frame = 0; frame < FRAMES; frame++) {
                if (content == Content.WINDOW_UPDATE) {
                    writer.windowUpdate(STREAM, 1_000);
                } else {
                    writer.data(STREAM, buffer, Frames.HEADER_BYTES, content.payload);
                }
            }
            writer.flush();
        }
    }

    /** What stands behind the reader: as little as can be. */
    private static final class Counter implements FrameSink {
        private long seen;

        @Override
        public void onDataFrame(int stream, int length) {
            seen++;
        }

        @Override
        public void onPadding(int stream, int bytes) {}

        @Override
        public void onData(int stream, RawBuffer buffer, int at, int bytes) {
            seen += bytes;
        }

        @Override
        public void onDataEnd(int stream, int length, boolean endsStream) {}

        @Override
        public void onHeaderBlock(int stream, byte[] block, int bytes, boolean endsStream) {}

        @Override
        public void onReset(int stream, int code) {}

        @Override
        public void onSetting(int id, int value) {}

        @Override
        public void onSettingsEnd() {}

        @Override
        public void onSettingsAck() {}

        @Override
        public void onPing(long payload, boolean ack) {}

        @Override
        public void onGoAway(int lastStream, int code, String text) {}

        @Override
        public void onWindowUpdate(int stream, int increment) {
            seen += increment;
        }
    }

    /** What stands behind the writer. */
    private final class Nowhere implements Transport {
        private final DataLoop loop;

        Nowhere(DataLoop loop) {
            this.loop = loop;
        }

        @Override
        public DataLoop loop() {
            return loop;
        }

        @Override
        public void attach(TransportEvents events) {}

        @Override
        public void write(RawBuffer from, int at, int count) {
            counter.seen += count;
        }

        @Override
        public void push() {}

        @Override
        public int backlogBytes() {
            return 0;
        }

        @Override
        public void close() {}

        @Override
        public void abort() {}
    }
}
