package io.culvert.proxy.relay;

import static io.culvert.proxy.relay.LoopsForTests.await;
import static io.culvert.proxy.relay.LoopsForTests.on;
import static io.culvert.proxy.relay.LoopsForTests.run;
import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.linux.Fd;
import io.culvert.linux.Pipe;
import io.culvert.linux.Sockets;
import io.culvert.proxy.relay.HalfEnd.Plain;
import io.netty.channel.epoll.Native;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Bulk of a plain relay that goes through pipes, and what becomes of the bytes in them. */
@Tag("direct")
final class SpliceTest {
    private static final int BYTES = 40_000_003;
    private static final int CHUNK = 100_000;

    private final BlockingQueue<RelayEnd> ends = new LinkedBlockingQueue<>();
    private final BlockingQueue<SocketRelay> relays = new LinkedBlockingQueue<>();
    private final AtomicLong up = new AtomicLong();
    private LoopsForTests loops;
    private DataLoop loop;
    private ApplicationForTests sender;
    private ApplicationForTests reader;
    private Socket in;
    private Socket out;

    /** Two connections that this test dials from the loop's side, joined by a relay. */
    @BeforeEach
    void open() throws Exception {
        loops = new LoopsForTests(1);
        loop = loops.get(0);
        sender = new ApplicationForTests();
        reader = new ApplicationForTests();
        Fd downstream = connectTo(sender);
        Fd upstream = connectTo(reader);
        in = sender.accept();
        out = reader.accept();
        run(loop, () -> {
            var meter = new ByteMeter() {
                @Override
                public void toUpstream(int bytes) {
                    up.addAndGet(bytes);
                }

                @Override
                public void toDownstream(int bytes) {}
            };
            relays.add(SocketRelay.start(
                    LoopSocket.adopt(loop, downstream.release()),
                    LoopSocket.adopt(loop, upstream.release()),
                    meter,
                    ends::add));
        });
    }

    private static Fd connectTo(ApplicationForTests application) throws IOException {
        Fd fd = Sockets.tcp(false);
        Sockets.connect(fd, application.address());
        return fd;
    }

    @AfterEach
    void close() throws Exception {
        sender.close();
        reader.close();
        loops.awaitNothingLeft(0);
        loops.close();
    }

    private CompletableFuture<Long> send(long bytes) {
        return CompletableFuture.supplyAsync(() -> {
            try {
                long sum = ApplicationForTests.send(in.getOutputStream(), 7, bytes);
                in.shutdownOutput();
                return sum;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    /** Reads slower than the sender sends, until bytes are held in a pipe; their checksum. */
    private CRC32C readUntilBytesWaitInAPipe() {
        CRC32C sum = new CRC32C();
        await("bytes wait in a pipe", () -> {
            if (on(loop, loop::pipesInUse) == 1) {
                return true;
            }
            read(sum);
            return false;
        });
        return sum;
    }

    private void read(CRC32C sum) {
        try {
            sum.update(out.getInputStream().readNBytes(CHUNK));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private RelayEnd end() throws InterruptedException {
        return ends.poll(30, TimeUnit.SECONDS);
    }

    @Test
    void losesNoByteThatWaitsInAPipeWhenItsSourceEnds() throws Exception {
        CompletableFuture<Long> sent = send(BYTES);
        CRC32C sum = readUntilBytesWaitInAPipe();
        byte[] rest = out.getInputStream().readAllBytes();
        sum.update(rest);
        assertThat(sum.getValue()).isEqualTo(sent.get());
        out.close();
        assertThat(end()).isEqualTo(new RelayEnd(Plain.FINISHED, Plain.FINISHED));
        assertThat(up).hasValue(BYTES);
        assertThat(on(loop, loop.pipes()::kept)).isPositive();
    }

    @Test
    void countsWhatWasDeliveredAndClosesThePipeWhenItIsStopped() throws Exception {
        CompletableFuture<Long> sent = send(Long.MAX_VALUE);
        readUntilBytesWaitInAPipe();
        int kept = on(loop, loop.pipes()::kept);
        run(loop, () -> relays.element().stop(EndReason.POLICY_CHANGE));
        assertThat(ApplicationForTests.endsWithReset(out)).isTrue();
        assertThat(sent).failsWithin(30, TimeUnit.SECONDS);
        assertThat(end().stopped()).contains(EndReason.POLICY_CHANGE);
        assertThat(up.get()).isPositive();
        assertThat(on(loop, loop::pipesInUse)).isZero();
        // A pipe with bytes of one connection in it never serves another.
        assertThat(on(loop, loop.pipes()::kept)).isEqualTo(kept);
    }

    @Test
    void passesTheResetOfAReaderOnWhileBytesWaitInAPipe() throws Exception {
        CompletableFuture<Long> sent = send(Long.MAX_VALUE);
        readUntilBytesWaitInAPipe();
        ApplicationForTests.reset(out);
        assertThat(sent).failsWithin(30, TimeUnit.SECONDS);
        assertThat(end()).isEqualTo(new RelayEnd(Plain.SOCKET_RESET, Plain.SOCKET_RESET));
        assertThat(on(loop, loop::pipesInUse)).isZero();
    }

    @Test
    void copiesWhenEveryPipeIsHeld() throws Exception {
        List<Pipe> taken = on(loop, () -> {
            List<Pipe> pipes = new ArrayList<>();
            for (Pipe pipe = loop.pipes().take();
                    pipe != null;
                    pipe = loop.pipes().take()) {
                pipes.add(pipe);
            }
            return pipes;
        });
        assertThat(taken).hasSize(PipePool.HELD_MOST);
        CompletableFuture<Long> sent = send(BYTES);
        assertThat(ApplicationForTests.checksum(out.getInputStream())).isEqualTo(sent.get());
        out.close();
        assertThat(end()).isEqualTo(new RelayEnd(Plain.FINISHED, Plain.FINISHED));
        run(loop, () -> taken.forEach(pipe -> loop.pipes().giveBack(pipe, true)));
        assertThat(on(loop, loop.pipes()::kept)).isLessThan(PipePool.HELD_MOST);
    }

    @Test
    void copiesFromThenOnWhereTheKernelRefusesToSplice() throws Exception {
        run(loop, () -> {
            // An epoll descriptor is readable, but no kind of file that splices.
            LoopSocket refusing = LoopSocket.adopt(loop, Native.newEpollCreate().intValue());
            try {
                assertThat(new SpliceQueue(loop.pipes()).fillFrom(refusing)).isEqualTo(SpliceQueue.NOT_POSSIBLE);
            } catch (IOException e) {
                throw new AssertionError(e);
            }
            refusing.close();
            assertThat(loop.pipes().take()).isNull();
        });
        CompletableFuture<Long> sent = send(BYTES);
        assertThat(ApplicationForTests.checksum(out.getInputStream())).isEqualTo(sent.get());
        out.close();
        assertThat(end()).isEqualTo(new RelayEnd(Plain.FINISHED, Plain.FINISHED));
    }
}
