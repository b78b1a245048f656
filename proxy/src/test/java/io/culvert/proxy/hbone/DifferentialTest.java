package io.culvert.proxy.hbone;

import static io.culvert.proxy.relay.LoopsForTests.on;
import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.proxy.hbone.RawFrames.Frame;
import io.culvert.proxy.relay.DataLoop;
import io.culvert.proxy.relay.EndReason;
import io.culvert.proxy.relay.LoopsForTests;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersEncoder;
import io.netty.handler.codec.http2.Http2Headers;
import java.util.ArrayList;
import java.util.Arrays;
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
 * The same random frames to our server and to Netty's codec: both have to see the same streams, bytes, ends and
 * resets, and to end the connection for the same reason. {@code -Dculvert.seed=N} repeats one run.
 */
@Tag("loop")
final class DifferentialTest {
    private static final int RUNS = 300;

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

    /** What one implementation made of a script: its streams' traces, how it ended, and which streams it reset. */
    record Seen(Map<Integer, String> traces, String end, List<String> resets) {}

    @Test
    void seesWhatNettySees() throws Exception {
        compare(false);
    }

    @Test
    void judgesWhatNettyJudges() throws Exception {
        compare(true);
    }

    private static void compare(boolean withMistake) throws Exception {
        Long one = Long.getLong("culvert.seed");
        long first = one != null ? one : new SplittableRandom().nextInt(1_000_000_000);
        for (int run = 0; run < (one != null ? 1 : RUNS); run++) {
            long seed = first + run;
            Script script = new Script(new SplittableRandom(seed));
            script.write(withMistake);
            byte[] bytes = script.out.toBytes();
            RandomGenerator cuts = new SplittableRandom(seed);
            Seen ours = on(loop, () -> ours(bytes, cuts));
            Seen netty = NettyServerForTests.see(bytes);
            assertThat(ours.traces())
                    .as("-Dculvert.seed=%d %s", seed, script.mistake)
                    .isEqualTo(netty.traces());
            assertThat(ours.end())
                    .as("-Dculvert.seed=%d %s", seed, script.mistake)
                    .isEqualTo(netty.end());
            assertThat(ours.resets())
                    .as("-Dculvert.seed=%d %s", seed, script.mistake)
                    .isEqualTo(netty.resets());
        }
    }

    // ---- the script

    /** Random frames of a client that keeps the rules; at the end, if wanted, one that does not. */
    private static final class Script {
        final RawFrames out = new RawFrames();
        String mistake = "";
        private final RandomGenerator random;
        private final DefaultHttp2HeadersEncoder encoder = new DefaultHttp2HeadersEncoder();
        private final List<Integer> open = new ArrayList<>();
        private int next = 1;

        Script(RandomGenerator random) {
            this.random = random;
        }

        void write(boolean withMistake) throws Exception {
            encoder.maxHeaderTableSize(0);
            out.preface().settings(Frames.SETTING_ENABLE_PUSH, 0).settingsAck();
            openStream();
            int steps = 5 + random.nextInt(60);
            for (int i = 0; i < steps; i++) {
                step();
            }
            if (withMistake) {
                mistake();
            }
        }

        private void step() throws Exception {
            switch (random.nextInt(12)) {
                case 0, 1 -> openStream();
                case 2, 3, 4, 5 -> data();
                case 6 -> reset();
                case 7 -> out.frame(Frames.PING, 0, 0, bytes(8));
                case 8 -> out.frame(Frames.PRIORITY, 0, 1 + random.nextInt(100), priority());
                case 9 ->
                    out.frame(
                            0x20 + random.nextInt(100),
                            random.nextInt(256),
                            random.nextInt(50),
                            bytes(random.nextInt(300)));
                case 10 ->
                    out.settings(
                            Frames.SETTING_INITIAL_WINDOW_SIZE,
                            random.nextInt(100_000),
                            0x99,
                            random.nextInt(),
                            Frames.SETTING_MAX_FRAME_SIZE,
                            16_384 + random.nextInt(100_000));
                default ->
                    out.frame(
                            Frames.WINDOW_UPDATE,
                            0,
                            open.isEmpty() ? 0 : anyOpen(),
                            RawFrames.int4(1 + random.nextInt(100_000)));
            }
        }

        private byte[] priority() {
            byte[] payload = bytes(5);
            payload[0] = 0;
            payload[1] = 0;
            payload[2] = 1;
            return payload;
        }

        private int anyOpen() {
            return open.get(random.nextInt(open.size()));
        }

        private void openStream() throws Exception {
            int stream = next;
            next += 2 * (1 + random.nextInt(2));
            Http2Headers headers =
                    new DefaultHttp2Headers().method("CONNECT").authority("host-" + random.nextInt(1000) + ":80");
            for (int i = random.nextInt(4); i > 0; i--) {
                headers.add("name-" + random.nextInt(10), "value " + random.nextLong());
            }
            ByteBuf encoded = Unpooled.buffer();
            encoder.encodeHeaders(stream, headers, encoded);
            byte[] block = ByteBufUtil.getBytes(encoded);
            boolean ends = random.nextInt(10) == 0;
            int pieces = random.nextInt(4) == 0 ? 1 + random.nextInt(5) : 1;
            int done = 0;
            for (int i = 0; i < pieces; i++) {
                int part = i == pieces - 1 ? block.length - done : random.nextInt(block.length - done + 1);
                byte[] fragment = Arrays.copyOfRange(block, done, done + part);
                done += part;
                int last = i == pieces - 1 ? Frames.END_HEADERS : 0;
                if (i == 0) {
                    headersFrame(stream, fragment, last | (ends ? Frames.END_STREAM : 0));
                } else {
                    out.frame(Frames.CONTINUATION, last, stream, fragment);
                }
            }
            if (!ends) {
                open.add(stream);
            }
        }

        private void headersFrame(int stream, byte[] fragment, int flags) {
            boolean padded = random.nextInt(3) == 0;
            boolean prioritised = random.nextInt(4) == 0;
            int padding = padded ? random.nextInt(200) : 0;
            RawFrames payload = new RawFrames();
            if (padded) {
                payload.bytes((byte) padding);
            }
            if (prioritised) {
                payload.bytes(priority());
            }
            payload.bytes(fragment).bytes(new byte[padding]);
            int more = (padded ? Frames.PADDED : 0) | (prioritised ? Frames.PRIORITY_FLAG : 0);
            out.frame(Frames.HEADERS, flags | more, stream, payload.toBytes());
        }

        private void data() {
            if (open.isEmpty()) {
                return;
            }
            int stream = anyOpen();
            int size = new int[] {0, 1, 9, 500, 16_384, 40_000}[random.nextInt(6)];
            boolean ends = random.nextInt(6) == 0;
            boolean padded = random.nextInt(3) == 0;
            int padding = padded ? random.nextInt(256) : 0;
            RawFrames payload = new RawFrames();
            if (padded) {
                payload.bytes((byte) padding);
            }
            payload.bytes(bytes(size)).bytes(new byte[padding]);
            out.frame(
                    Frames.DATA,
                    (padded ? Frames.PADDED : 0) | (ends ? Frames.END_STREAM : 0),
                    stream,
                    payload.toBytes());
            if (ends) {
                open.remove(Integer.valueOf(stream));
            }
        }

        private void reset() {
            if (!open.isEmpty()) {
                int stream = anyOpen();
                open.remove(Integer.valueOf(stream));
                out.frame(Frames.RST_STREAM, 0, stream, RawFrames.int4(random.nextInt(14)));
            }
        }

        private byte[] bytes(int count) {
            byte[] bytes = new byte[count];
            random.nextBytes(bytes);
            return bytes;
        }

        /** One broken rule; those where Netty does otherwise than RFC 9113 asks are not here but in ProtocolTest. */
        private void mistake() {
            switch (random.nextInt(16)) {
                case 0 -> wrong("DATA on stream 0").frame(Frames.DATA, 0, 0, bytes(10));
                case 1 -> wrong("DATA on idle stream").frame(Frames.DATA, 0, next + 10, bytes(10));
                case 2 -> wrong("short PING").frame(Frames.PING, 0, 0, bytes(7));
                case 3 -> wrong("PING on a stream").frame(Frames.PING, 0, 1, bytes(8));
                case 4 -> wrong("odd SETTINGS").frame(Frames.SETTINGS, 0, 0, bytes(7));
                case 5 -> wrong("SETTINGS on a stream").frame(Frames.SETTINGS, 0, 1);
                case 6 -> wrong("SETTINGS ack with payload").frame(Frames.SETTINGS, Frames.ACK, 0, bytes(6));
                case 7 -> wrong("stray CONTINUATION").frame(Frames.CONTINUATION, Frames.END_HEADERS, 1);
                case 8 ->
                    wrong("interrupted block")
                            .frame(Frames.HEADERS, 0, next, RawFrames.connectBlock("a:1"))
                            .frame(Frames.PING, 0, 0, bytes(8));
                case 9 -> wrong("RST_STREAM on stream 0").frame(Frames.RST_STREAM, 0, 0, bytes(4));
                case 10 -> wrong("RST_STREAM on idle stream").frame(Frames.RST_STREAM, 0, next + 10, bytes(4));
                case 11 -> wrong("short RST_STREAM").frame(Frames.RST_STREAM, 0, 1, bytes(3));
                case 12 ->
                    wrong("window overflow").frame(Frames.WINDOW_UPDATE, 0, 0, RawFrames.int4(Integer.MAX_VALUE));
                case 13 -> wrong("GOAWAY on a stream").frame(Frames.GOAWAY, 0, 1, bytes(8));
                case 14 -> wrong("frame too long").header(1 << 20 | 1, Frames.DATA, 0, 1);
                default ->
                    wrong("even stream").frame(Frames.HEADERS, Frames.END_HEADERS, 2, RawFrames.connectBlock("a:1"));
            }
        }

        private RawFrames wrong(String what) {
            mistake = what;
            return out;
        }
    }

    // ---- ours

    private static Seen ours(byte[] bytes, RandomGenerator cuts) {
        ServerForTests server = new ServerForTests(loop);
        // Every byte by itself, or pieces of a few, or of many frames.
        int pieceMax = new int[] {1, 20, 100_000}[cuts.nextInt(3)];
        for (int at = 0; at < bytes.length; ) {
            int piece = Math.min(bytes.length - at, 1 + cuts.nextInt(pieceMax));
            server.transport.receive(bytes, at, piece);
            at += piece;
        }
        boolean ended = server.transport.closed;
        List<Frame> sent = server.sent();
        String end = ended ? lastGoAway(sent) : "open";
        Map<Integer, String> traces = new TreeMap<>();
        server.flush();
        server.traces.forEach(
                (stream, trace) -> traces.put(stream, trace.toString().replace(" lost", "")));
        assertThat(ended || server.connection.receiveWindow().held() == 0).isTrue();
        server.connection.close(EndReason.FAULT);
        return new Seen(traces, end, NettyServerForTests.resets(sent));
    }

    private static String lastGoAway(List<Frame> sent) {
        Frame last = sent.getLast();
        assertThat(last.type()).isEqualTo(Frames.GOAWAY);
        return ErrorCode.name(last.number(4));
    }
}
