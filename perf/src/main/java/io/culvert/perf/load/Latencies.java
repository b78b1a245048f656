package io.culvert.perf.load;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Base64;
import java.util.concurrent.TimeUnit;
import java.util.zip.DataFormatException;
import org.HdrHistogram.Histogram;

/** Durations in a histogram, and its way over a pipe. */
public final class Latencies {
    private static final long LOWEST_NS = 1_000;
    private static final long HIGHEST_NS = TimeUnit.SECONDS.toNanos(100);
    /** Three digits: an error of a thousandth. */
    private static final int DIGITS = 3;

    private Latencies() {}

    public static Histogram empty() {
        return new Histogram(LOWEST_NS, HIGHEST_NS, DIGITS);
    }

    static void record(Histogram histogram, long ns) {
        histogram.recordValue(Math.max(0, Math.min(ns, HIGHEST_NS)));
    }

    static String encode(Histogram histogram) {
        ByteBuffer buffer = ByteBuffer.allocate(histogram.getNeededByteBufferCapacity());
        int bytes = histogram.encodeIntoCompressedByteBuffer(buffer);
        return Base64.getEncoder().encodeToString(Arrays.copyOf(buffer.array(), bytes));
    }

    /**
     * What was encoded.
     *
     * @throws IllegalArgumentException if {@code text} is none of ours
     */
    public static Histogram decode(String text) {
        try {
            return Histogram.decodeFromCompressedByteBuffer(
                    ByteBuffer.wrap(Base64.getDecoder().decode(text)), HIGHEST_NS);
        } catch (DataFormatException | RuntimeException broken) {
            throw new IllegalArgumentException("not a histogram: " + broken.getMessage(), broken);
        }
    }
}
