package io.culvert.proxy.hbone;

import static io.culvert.proxy.relay.LoopsForTests.on;
import static io.culvert.proxy.relay.LoopsForTests.run;
import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.proxy.hbone.DifferentialTest.Seen;
import io.culvert.proxy.hbone.RawFrames.Frame;
import io.culvert.proxy.relay.DataLoop;
import io.culvert.proxy.relay.EndReason;
import io.culvert.proxy.relay.LoopsForTests;
import io.culvert.proxy.relay.RawBuffer;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersEncoder;
import io.netty.handler.codec.http2.Http2Exception;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The last byte that a window allows, and the first that it does not: our server and Netty's codec say the same of
 * random frames of every length, to the longest, on interleaved streams whose readers take nothing. {@code
 * -Dculvert.seed=N} repeats one run.
 */
@Tag("loop")
final class WindowEdgeTest {
    private static final int RUNS = 4;
    private static final HboneConfig CONFIG = HboneConfig.defaults();
    private static final int STREAMS = CONFIG.connectionWindow() / CONFIG.streamWindow();
    /** Half a megabyte: as much as one read brings. */
    private static final int PIECE_MAX = 500_000;

    private static LoopsForTests loops;
    private static DataLoop loop;

    @BeforeAll
    static void open() {
        loops = new LoopsForTests(1);
        loop = loops.get(0);
    }

    @AfterEach
    void nothingLeft() {
        loops.awaitNothingLeft(0);
    }

    @AfterAll
    static void close() {
        loops.close();
    }

    private interface Check {
        void of(Seen ours, Seen netty, String replay);
    }

    /** Fills the windows of so many streams to the last byte, adds what is beyond, and shows both what comes of it. */
    private static void compare(int filled, byte[] beyond, Check check) throws Exception {
        List<RawBuffer> held = on(loop, WindowEdgeTest::holdSoMuchThatNothingIsLent);
        try {
            compareSome(filled, beyond, check);
        } finally {
            run(loop, () -> held.forEach(RawBuffer::release));
        }
    }

    /** The connection's window has an edge only while a loop that holds much lends nothing. */
    private static List<RawBuffer> holdSoMuchThatNothingIsLent() {
        List<RawBuffer> held = new ArrayList<>();
        while (loop.buffers().outstandingBytes() < ConnectionWindow.HELD_MAX) {
            held.add(loop.buffers().large());
        }
        return held;
    }

    private static void compareSome(int filled, byte[] beyond, Check check) throws Exception {
        Long one = Long.getLong("culvert.seed");
        long first = one != null ? one : new SplittableRandom().nextInt(1_000_000_000);
        for (int i = 0; i < (one != null ? 1 : RUNS); i++) {
            RandomGenerator random = new SplittableRandom(first + i);
            byte[] bytes = script(random, filled).bytes(beyond).toBytes();
            Seen ours = on(loop, () -> ours(bytes, random));
            String replay = "-Dculvert.seed=" + (first + i);
            Seen netty = NettyServerForTests.see(bytes);
            assertThat(ours.traces()).as(replay).isEqualTo(netty.traces());
            check.of(ours, netty, replay);
        }
    }

    private static RawFrames script(RandomGenerator random, int filled) throws Http2Exception {
        DefaultHttp2HeadersEncoder encoder = new DefaultHttp2HeadersEncoder();
        encoder.maxHeaderTableSize(0);
        RawFrames out = new RawFrames()
                .preface()
                .settings(Frames.SETTING_ENABLE_PUSH, 0)
                .settingsAck();
        List<Integer> open = new ArrayList<>();
        int[] left = new int[STREAMS + 1];
        for (int i = 0; i <= STREAMS; i++) {
            int stream = 1 + 2 * i;
            ByteBuf block = Unpooled.buffer();
            encoder.encodeHeaders(
                    stream, new DefaultHttp2Headers().method("CONNECT").authority("a:" + stream), block);
            out.frame(Frames.HEADERS, Frames.END_HEADERS, stream, ByteBufUtil.getBytes(block));
            left[i] = CONFIG.streamWindow();
            if (i < filled) {
                open.add(stream);
            }
        }
        while (!open.isEmpty()) {
            int stream = open.get(random.nextInt(open.size()));
            int[] sizes = {0, 1, 16_384, CONFIG.frameMax() - 1, CONFIG.frameMax(), random.nextInt(CONFIG.frameMax())};
            byte[] payload = new byte[Math.min(left[stream / 2], sizes[random.nextInt(sizes.length)])];
            random.nextBytes(payload);
            out.frame(Frames.DATA, 0, stream, payload);
            left[stream / 2] -= payload.length;
            if (left[stream / 2] == 0) {
                open.remove(Integer.valueOf(stream));
            }
        }
        return out;
    }

    private static Seen ours(byte[] bytes, RandomGenerator cuts) {
        ServerForTests server = new ServerForTests(loop, CONFIG);
        server.creditAtOnce = false;
        for (int at = 0; at < bytes.length; ) {
            int piece = Math.min(bytes.length - at, 1 + cuts.nextInt(PIECE_MAX));
            server.transport.receive(bytes, at, piece);
            at += piece;
        }
        List<Frame> sent = server.sent();
        String end = sent.stream()
                .filter(frame -> frame.type() == Frames.GOAWAY)
                .map(frame -> ErrorCode.name(frame.number(4)))
                .findFirst()
                .orElse("open");
        server.flush();
        Map<Integer, String> traces = new TreeMap<>();
        server.traces.forEach((stream, trace) -> traces.put(stream, ended(trace.toString())));
        server.connection.close(EndReason.FAULT);
        return new Seen(traces, end, NettyServerForTests.resets(sent));
    }

    /** What an application is told of the ends that its own side makes; Netty tells it elsewhere. */
    private static String ended(String trace) {
        return trace.replace(" lost", "").replace(" reset " + ErrorCode.FLOW_CONTROL_ERROR, "");
    }

    private static byte[] data(int stream, int bytes) {
        return new RawFrames().frame(Frames.DATA, 0, stream, new byte[bytes]).toBytes();
    }

    @Test
    void takesTheLastByteOfEveryWindow() throws Exception {
        compare(STREAMS, data(1 + 2 * STREAMS, 0), (ours, netty, replay) -> {
            assertThat(ours.end()).as(replay).isEqualTo("open").isEqualTo(netty.end());
            assertThat(ours.resets()).as(replay).isEmpty();
        });
    }

    @Test
    void resetsAStreamForOneByteBeyondItsWindow() throws Exception {
        compare(STREAMS - 1, data(1, 1), (ours, netty, replay) -> {
            assertThat(ours.resets()).as(replay).containsExactly("1 FLOW_CONTROL_ERROR");
            // Netty's codec leaves the RST_STREAM to its user.
            assertThat(netty.end()).as(replay).contains("Http2FrameStreamException");
            assertThat(ours.end()).as(replay).isEqualTo("open");
        });
    }

    @Test
    void endsTheConnectionForOneByteBeyondItsWindow() throws Exception {
        compare(STREAMS, data(1 + 2 * STREAMS, 1), (ours, netty, replay) -> {
            assertThat(ours.end()).as(replay).isEqualTo("FLOW_CONTROL_ERROR");
            // Netty's codec trips over its own refusal before it has said GOAWAY.
            assertThat(netty.end()).as(replay).startsWith("failed");
        });
    }
}
