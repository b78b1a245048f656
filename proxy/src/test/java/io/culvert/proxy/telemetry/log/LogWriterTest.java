package io.culvert.proxy.telemetry.log;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class LogWriterTest {

    private static byte[] line(String text) {
        return (text + "\n").getBytes(StandardCharsets.UTF_8);
    }

    /** Takes nothing until it is opened, like a pipe that nobody reads. */
    private static final class StuckOutput extends OutputStream {
        final CountDownLatch opened = new CountDownLatch(1);
        final ByteArrayOutputStream taken = new ByteArrayOutputStream();

        @Override
        public void write(int b) {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) {
            try {
                opened.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            taken.write(bytes, offset, length);
        }
    }

    @Test
    void writesLinesInOrderAndAllOfThemBeforeItCloses() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (LogWriter writer = LogWriter.start(out, System::nanoTime)) {
            for (int i = 0; i < 1000; i++) {
                writer.write(line("line " + i));
            }
        }
        assertThat(out.toString(StandardCharsets.UTF_8).lines())
                .hasSize(1000)
                .startsWith("line 0")
                .endsWith("line 999");
    }

    /** Has a line come, and the end behind it, when the thread has just found its queue empty. */
    private static final class LateLine extends ByteArrayOutputStream {
        private final AtomicReference<LogWriter> writer = new AtomicReference<>();
        private final CompletableFuture<Thread> closing = new CompletableFuture<>();

        @Override
        public void flush() {
            LogWriter late = writer.getAndSet(null);
            if (late != null) {
                late.offer(line("the last"));
                Thread closer = Thread.ofPlatform().start(late::close);
                while (closer.getState() != Thread.State.TIMED_WAITING) {
                    Thread.onSpinWait();
                }
                closing.complete(closer);
            }
        }
    }

    @Test
    void losesNoLineThatComesRightBeforeTheEnd() throws Exception {
        LateLine out = new LateLine();
        LogWriter writer = LogWriter.start(out, System::nanoTime);
        out.writer.set(writer);
        out.closing.get().join();
        assertThat(out.toString(StandardCharsets.UTF_8)).isEqualTo("the last\n");
    }

    @Test
    void aLineLargerThanTheBatchGoesOutWhole() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (LogWriter writer = LogWriter.start(out, System::nanoTime)) {
            writer.write(line("small"));
            writer.write(line("x".repeat(200_000)));
        }
        assertThat(out.size()).isEqualTo(6 + 200_001);
    }

    @Test
    void dropsAndCountsLinesOfLoopsWhenNobodyReads() {
        StuckOutput out = new StuckOutput();
        try (LogWriter writer = LogWriter.start(out, System::nanoTime)) {
            new LogSink(LogFormat.JSON, LogFilter.startup("off"), writer, () -> Instant.EPOCH);
            int offered = LogWriter.LINES_MAX * 3;
            for (int i = 0; i < offered; i++) {
                writer.offer(line("line"));
            }
            assertThat(writer.droppedLines()).isBetween(1L, (long) offered - LogWriter.LINES_MAX);
            out.opened.countDown();
        }
        assertThat(out.taken.toString(StandardCharsets.UTF_8))
                .contains(
                        "{\"level\":\"warn\",\"time\":\"1970-01-01T00:00:00.000000Z\",\"scope\":\"ztunnel::telemetry\","
                                + "\"message\":\"log lines were dropped: standard output is not being read\","
                                + "\"lines\":");
    }

    @Test
    void controlThreadsWaitAndLoseNothing() throws Exception {
        StuckOutput out = new StuckOutput();
        int lines = LogWriter.LINES_MAX * 2;
        try (LogWriter writer = LogWriter.start(out, System::nanoTime)) {
            CountDownLatch done = new CountDownLatch(1);
            Thread control = Thread.ofPlatform().start(() -> {
                for (int i = 0; i < lines; i++) {
                    writer.write(line("line"));
                }
                done.countDown();
            });
            assertThat(done.await(50, TimeUnit.MILLISECONDS)).isFalse();
            out.opened.countDown();
            control.join();
            assertThat(writer.droppedLines()).isZero();
        }
        assertThat(out.taken.toString(StandardCharsets.UTF_8).lines()).hasSize(lines);
    }
}
