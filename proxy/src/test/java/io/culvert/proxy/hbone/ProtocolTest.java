package io.culvert.proxy.hbone;

import static io.culvert.proxy.relay.LoopsForTests.await;
import static io.culvert.proxy.relay.LoopsForTests.on;
import static io.culvert.proxy.relay.LoopsForTests.run;
import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.proxy.hbone.RawFrames.Frame;
import io.culvert.proxy.relay.DataLoop;
import io.culvert.proxy.relay.EndReason;
import io.culvert.proxy.relay.LoopsForTests;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * What the server says to right and wrong frames, one by one (RFC 9113; the samples of the original where they differ
 * in taste).
 */
@Tag("loop")
final class ProtocolTest {
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

    private static RawFrames hello() {
        return new RawFrames().clientHello();
    }

    private void with(Consumer<ServerForTests> body) {
        run(loop, () -> {
            ServerForTests server = new ServerForTests(loop);
            try {
                body.accept(server);
            } finally {
                server.connection.close(EndReason.FAULT);
            }
        });
    }

    private void expectGoAway(RawFrames frames, int code) {
        with(server -> {
            server.receive(frames.toBytes());
            List<Frame> sent = server.sent();
            Frame last = sent.getLast();
            assertThat(last.type()).isEqualTo(Frames.GOAWAY);
            assertThat(last.number(4)).isEqualTo(code);
            assertThat(server.transport.closed).isTrue();
            assertThat(server.ends).hasSize(1);
            assertThat(server.ends.getFirst().cause()).isEqualTo(ConnectionEnd.Cause.HTTP2);
        });
    }

    private void expectReset(RawFrames frames, int stream, int code) {
        with(server -> {
            server.receive(frames.toBytes());
            Frame last = server.sent().getLast();
            assertThat(last.type()).isEqualTo(Frames.RST_STREAM);
            assertThat(last.stream()).isEqualTo(stream);
            assertThat(last.number(0)).isEqualTo(code);
            assertThat(server.ends).isEmpty();
        });
    }

    @Test
    void saysWhatTheOriginalSaysFirst() {
        with(server -> {
            server.receive(hello().toBytes());
            List<Frame> sent = server.sent();
            assertThat(sent.get(0).type()).isEqualTo(Frames.SETTINGS);
            // 1=0 3=200 4=4194304 5=1048576 6=65536
            assertThat(sent.get(0).payload()).isEqualTo(new byte[] {
                0, 1, 0, 0, 0, 0, 0, 3, 0, 0, 0, (byte) 200, 0, 4, 0, 0x40, 0, 0, 0, 5, 0, 0x10, 0, 0, 0, 6, 0, 1, 0, 0
            });
            assertThat(sent.get(1).type()).isEqualTo(Frames.WINDOW_UPDATE);
            assertThat(sent.get(1).number(0)).isEqualTo(16_711_681);
            assertThat(sent.get(2).type()).isEqualTo(Frames.SETTINGS);
            assertThat(sent.get(2).flags()).isEqualTo(Frames.ACK);
        });
    }

    @Test
    void answersPing() {
        with(server -> {
            server.receive(hello().frame(
                            Frames.PING,
                            0,
                            0,
                            (byte) 1,
                            (byte) 2,
                            (byte) 3,
                            (byte) 4,
                            (byte) 5,
                            (byte) 6,
                            (byte) 7,
                            (byte) 8)
                    .toBytes());
            Frame pong = server.sent().getLast();
            assertThat(pong.type()).isEqualTo(Frames.PING);
            assertThat(pong.flags()).isEqualTo(Frames.ACK);
            assertThat(pong.payload()).containsExactly(1, 2, 3, 4, 5, 6, 7, 8);
        });
    }

    @Test
    void acceptsAndRefuses() {
        with(server -> {
            server.acceptAtOnce = false;
            server.receive(
                    hello().connect(1, "10.0.0.1:80").connect(3, "10.0.0.1:81").toBytes());
            server.sent();
            server.stream(1).accept(List.of(new Header("baggage", "a=b")));
            server.stream(3).refuse(401);
            List<Frame> sent = server.sent();
            assertThat(sent.get(0).flags()).isEqualTo(Frames.END_HEADERS);
            assertThat(sent.get(0).payload()[0]).isEqualTo((byte) 0x88);
            assertThat(sent.get(1).flags()).isEqualTo(Frames.END_HEADERS | Frames.END_STREAM);
            assertThat(sent.get(2).type()).isEqualTo(Frames.RST_STREAM);
            assertThat(sent.get(2).stream()).isEqualTo(3);
            assertThat(sent.get(2).number(0)).isEqualTo(ErrorCode.NO_ERROR);
            assertThat(server.connection.openStreams()).isEqualTo(1);
        });
    }

    @Test
    void acknowledgesATableReductionInItsNextBlock() {
        with(server -> {
            server.receive(new RawFrames()
                    .preface()
                    .settings(Frames.SETTING_HEADER_TABLE_SIZE, 0)
                    .connect(1, "a:1")
                    .connect(3, "a:1")
                    .toBytes());
            List<Frame> headers = server.sent().stream()
                    .filter(frame -> frame.type() == Frames.HEADERS)
                    .toList();
            assertThat(headers.get(0).payload()).containsExactly(0x20, 0x88);
            assertThat(headers.get(1).payload()).containsExactly(0x88);
        });
    }

    @Test
    void expectsItsTableReductionToBeAcknowledgedInTheNextBlock() {
        // RFC 9113 section 4.3.1: the block behind the acknowledgement starts with a table size update.
        expectGoAway(hello().settingsAck().connect(1, "a:1"), ErrorCode.COMPRESSION_ERROR);
        byte[] plain = RawFrames.connectBlock("a:1");
        byte[] updated = new byte[plain.length + 1];
        updated[0] = 0x20;
        System.arraycopy(plain, 0, updated, 1, plain.length);
        with(server -> {
            server.receive(hello().settingsAck()
                    .frame(Frames.HEADERS, Frames.END_HEADERS, 1, updated)
                    .connect(3, "a:1")
                    .toBytes());
            assertThat(server.connection.openStreams()).isEqualTo(2);
        });
    }

    @Test
    void endsConnectionsThatBreakTheFrameLayer() {
        expectGoAway(
                new RawFrames().bytes("GET / HTTP/1.1\r\n".getBytes(StandardCharsets.US_ASCII)),
                ErrorCode.PROTOCOL_ERROR);
        expectGoAway(new RawFrames().preface().frame(Frames.PING, 0, 0, new byte[8]), ErrorCode.PROTOCOL_ERROR);
        expectGoAway(new RawFrames().preface().settingsAck(), ErrorCode.PROTOCOL_ERROR);
        expectGoAway(hello().frame(Frames.SETTINGS, 0, 0, new byte[5]), ErrorCode.FRAME_SIZE_ERROR);
        expectGoAway(hello().frame(Frames.SETTINGS, 0, 1, new byte[6]), ErrorCode.PROTOCOL_ERROR);
        expectGoAway(hello().frame(Frames.SETTINGS, Frames.ACK, 0, new byte[6]), ErrorCode.FRAME_SIZE_ERROR);
        expectGoAway(hello().frame(Frames.PING, 0, 0, new byte[7]), ErrorCode.FRAME_SIZE_ERROR);
        expectGoAway(hello().frame(Frames.PING, 0, 1, new byte[8]), ErrorCode.PROTOCOL_ERROR);
        expectGoAway(hello().frame(Frames.GOAWAY, 0, 0, new byte[7]), ErrorCode.FRAME_SIZE_ERROR);
        expectGoAway(hello().frame(Frames.GOAWAY, 0, 1, new byte[8]), ErrorCode.PROTOCOL_ERROR);
        expectGoAway(hello().frame(Frames.RST_STREAM, 0, 0, new byte[4]), ErrorCode.PROTOCOL_ERROR);
        expectGoAway(hello().connect(1, "a:1").frame(Frames.RST_STREAM, 0, 1, new byte[3]), ErrorCode.FRAME_SIZE_ERROR);
        expectGoAway(hello().frame(Frames.PRIORITY, 0, 0, new byte[5]), ErrorCode.PROTOCOL_ERROR);
        expectGoAway(hello().frame(Frames.PRIORITY, 0, 1, new byte[4]), ErrorCode.FRAME_SIZE_ERROR);
        expectGoAway(hello().frame(Frames.PUSH_PROMISE, Frames.END_HEADERS, 1, new byte[8]), ErrorCode.PROTOCOL_ERROR);
        expectGoAway(hello().frame(Frames.WINDOW_UPDATE, 0, 0, new byte[3]), ErrorCode.FRAME_SIZE_ERROR);
        expectGoAway(hello().header(1 << 20 | 1, Frames.DATA, 0, 1), ErrorCode.FRAME_SIZE_ERROR);
        expectGoAway(hello().frame(Frames.DATA, 0, 0, new byte[1]), ErrorCode.PROTOCOL_ERROR);
        expectGoAway(
                hello().frame(Frames.HEADERS, Frames.END_HEADERS, 0, RawFrames.connectBlock("a:1")),
                ErrorCode.PROTOCOL_ERROR);
    }

    @Test
    void endsConnectionsWithBadPadding() {
        expectGoAway(
                hello().connect(1, "a:1").frame(Frames.DATA, Frames.PADDED, 1, (byte) 2, (byte) 0),
                ErrorCode.PROTOCOL_ERROR);
        expectGoAway(hello().connect(1, "a:1").frame(Frames.DATA, Frames.PADDED, 1), ErrorCode.FRAME_SIZE_ERROR);
        expectGoAway(
                hello().frame(Frames.HEADERS, Frames.PADDED | Frames.END_HEADERS, 1, (byte) 9, (byte) 0),
                ErrorCode.PROTOCOL_ERROR);
        expectGoAway(
                hello().frame(Frames.HEADERS, Frames.PRIORITY_FLAG | Frames.END_HEADERS, 1, new byte[4]),
                ErrorCode.FRAME_SIZE_ERROR);
    }

    @Test
    void endsConnectionsThatInterruptAHeaderBlock() {
        byte[] block = RawFrames.connectBlock("a:1");
        expectGoAway(
                hello().frame(Frames.HEADERS, 0, 1, block).frame(Frames.PING, 0, 0, new byte[8]),
                ErrorCode.PROTOCOL_ERROR);
        expectGoAway(
                hello().frame(Frames.HEADERS, 0, 1, block).frame(Frames.CONTINUATION, Frames.END_HEADERS, 3),
                ErrorCode.PROTOCOL_ERROR);
        expectGoAway(hello().frame(Frames.CONTINUATION, Frames.END_HEADERS, 1), ErrorCode.PROTOCOL_ERROR);
        expectGoAway(
                hello().frame(Frames.HEADERS, Frames.END_HEADERS, 1, (byte) 0xff, (byte) 0xff),
                ErrorCode.COMPRESSION_ERROR);
    }

    @Test
    void endsConnectionsThatBreakTheStateOfStreams() {
        expectGoAway(hello().frame(Frames.DATA, 0, 1, new byte[1]), ErrorCode.PROTOCOL_ERROR);
        expectGoAway(hello().frame(Frames.RST_STREAM, 0, 1, new byte[4]), ErrorCode.PROTOCOL_ERROR);
        expectGoAway(hello().frame(Frames.WINDOW_UPDATE, 0, 1, RawFrames.int4(1)), ErrorCode.PROTOCOL_ERROR);
        expectGoAway(hello().connect(2, "a:1"), ErrorCode.PROTOCOL_ERROR);
        expectGoAway(
                hello().connect(5, "a:1")
                        .frame(Frames.RST_STREAM, 0, 5, new byte[4])
                        .connect(3, "a:1"),
                ErrorCode.STREAM_CLOSED);
        expectGoAway(hello().frame(Frames.WINDOW_UPDATE, 0, 0, RawFrames.int4(0)), ErrorCode.PROTOCOL_ERROR);
        expectGoAway(
                hello().frame(Frames.WINDOW_UPDATE, 0, 0, RawFrames.int4(Integer.MAX_VALUE)),
                ErrorCode.FLOW_CONTROL_ERROR);
        expectGoAway(hello().settings(Frames.SETTING_INITIAL_WINDOW_SIZE, -1), ErrorCode.FLOW_CONTROL_ERROR);
        expectGoAway(hello().settings(Frames.SETTING_MAX_FRAME_SIZE, 16_383), ErrorCode.PROTOCOL_ERROR);
        expectGoAway(hello().settings(Frames.SETTING_MAX_FRAME_SIZE, 1 << 24), ErrorCode.PROTOCOL_ERROR);
        expectGoAway(hello().settings(Frames.SETTING_ENABLE_PUSH, 2), ErrorCode.PROTOCOL_ERROR);
        expectGoAway(
                hello().connect(1, "a:1")
                        .frame(Frames.WINDOW_UPDATE, 0, 1, RawFrames.int4(Integer.MAX_VALUE - 65_535))
                        .settings(Frames.SETTING_INITIAL_WINDOW_SIZE, 70_000),
                ErrorCode.FLOW_CONTROL_ERROR);
    }

    @Test
    void resetsStreamsThatBreakTheirOwnRules() {
        expectReset(
                hello().connect(1, "a:1")
                        .frame(Frames.DATA, Frames.END_STREAM, 1, new byte[1])
                        .frame(Frames.DATA, 0, 1, new byte[1]),
                1,
                ErrorCode.STREAM_CLOSED);
        expectReset(
                hello().connect(1, "a:1").frame(Frames.WINDOW_UPDATE, 0, 1, RawFrames.int4(0)),
                1,
                ErrorCode.PROTOCOL_ERROR);
        expectReset(
                hello().connect(1, "a:1").frame(Frames.WINDOW_UPDATE, 0, 1, RawFrames.int4(Integer.MAX_VALUE)),
                1,
                ErrorCode.FLOW_CONTROL_ERROR);
        expectReset(hello().connect(1, "a:1").connect(1, "a:1"), 1, ErrorCode.PROTOCOL_ERROR);
        HeaderBlocks blocks = new HeaderBlocks(65_536);
        byte[] upperCase = blocks.encodeRequest(ConnectRequest.to("a:1", List.of(new Header("Upper", "x"))));
        expectReset(hello().frame(Frames.HEADERS, Frames.END_HEADERS, 1, upperCase), 1, ErrorCode.PROTOCOL_ERROR);
        byte[] pathless = blocks.encodeRequest(new ConnectRequest("GET", "a:1", List.of()));
        expectReset(hello().frame(Frames.HEADERS, Frames.END_HEADERS, 1, pathless), 1, ErrorCode.PROTOCOL_ERROR);
        byte[] pathed = blocks.encodeRequest(ConnectRequest.to("a:1", List.of(new Header(":path", "/"))));
        expectReset(hello().frame(Frames.HEADERS, Frames.END_HEADERS, 1, pathed), 1, ErrorCode.PROTOCOL_ERROR);
    }

    @Test
    void refusesMoreStreamsThanItAnnounced() {
        RawFrames frames = hello();
        for (int i = 0; i < 200; i++) {
            frames.connect(2 * i + 1, "a:1");
        }
        with(server -> {
            server.receive(frames.toBytes());
            assertThat(server.connection.openStreams()).isEqualTo(200);
        });
        expectReset(frames.connect(401, "a:1"), 401, ErrorCode.REFUSED_STREAM);
    }

    @Test
    void enforcesItsWindows() {
        RawFrames stream = hello().connect(1, "a:1");
        for (int i = 0; i < 4; i++) {
            stream.frame(Frames.DATA, 0, 1, new byte[1 << 20]);
        }
        byte[] allowed = stream.toBytes();
        byte[] beyond = new RawFrames().frame(Frames.DATA, 0, 1, new byte[1]).toBytes();
        with(server -> {
            server.creditAtOnce = false;
            receiveInParts(server, allowed);
            assertThat(server.connection.openStreams()).isEqualTo(1);
            server.sent();
            server.receive(beyond);
            Frame last = server.sent().getLast();
            assertThat(last.type()).isEqualTo(Frames.RST_STREAM);
            assertThat(last.number(0)).isEqualTo(ErrorCode.FLOW_CONTROL_ERROR);
            // The one byte went nowhere and was credited; the others are still with their reader.
            assertThat(server.connection.receiveWindow().held()).isEqualTo(4 << 20);
            server.stream(1).credit(server.owed);
            assertThat(server.connection.receiveWindow().held()).isZero();
        });
    }

    private static void receiveInParts(ServerForTests server, byte[] bytes) {
        for (int at = 0; at < bytes.length; at += 500_000) {
            server.transport.receive(bytes, at, Math.min(500_000, bytes.length - at));
        }
    }

    @Test
    void creditsAtHalfAWindowAndNotBefore() {
        with(server -> {
            server.receive(hello().connect(1, "a:1").toBytes());
            server.sent();
            receiveInParts(
                    server,
                    new RawFrames().frame(Frames.DATA, 0, 1, new byte[1 << 20]).toBytes());
            assertThat(server.sent()).isEmpty();
            receiveInParts(
                    server,
                    new RawFrames().frame(Frames.DATA, 0, 1, new byte[1 << 20]).toBytes());
            List<Frame> sent = server.sent();
            assertThat(sent).hasSize(1);
            assertThat(sent.getFirst().type()).isEqualTo(Frames.WINDOW_UPDATE);
            assertThat(sent.getFirst().stream()).isEqualTo(1);
            assertThat(sent.getFirst().number(0)).isEqualTo(2 << 20);
        });
    }

    @Test
    void creditsTheConnectionForWhatADeadStreamHeld() {
        with(server -> {
            server.acceptAtOnce = false;
            server.receive(hello().connect(1, "a:1")
                    .frame(Frames.DATA, 0, 1, new byte[100_000])
                    .toBytes());
            assertThat(server.connection.receiveWindow().held()).isEqualTo(100_000);
            server.receive(
                    new RawFrames().frame(Frames.RST_STREAM, 0, 1, new byte[4]).toBytes());
            assertThat(server.connection.receiveWindow().held()).isZero();
            server.receive(new RawFrames()
                    .connect(3, "a:1")
                    .frame(Frames.DATA, 0, 3, new byte[100_000])
                    .toBytes());
            server.stream(3).refuse(503);
            assertThat(server.connection.receiveWindow().held()).isZero();
            // What was on its way when we reset it is ignored, and credited.
            server.sent();
            server.receive(new RawFrames()
                    .frame(Frames.DATA, Frames.PADDED, 3, new byte[50_000])
                    .toBytes());
            assertThat(server.connection.receiveWindow().held()).isZero();
            assertThat(server.sent()).isEmpty();
        });
    }

    @Test
    void boundsFloods() {
        RawFrames pings = hello();
        RawFrames settings = hello();
        RawFrames empty = hello().connect(1, "a:1");
        RawFrames errors = hello();
        for (int i = 0; i < 1_100; i++) {
            pings.frame(Frames.PING, 0, 0, new byte[8]);
            settings.settings();
            empty.frame(Frames.DATA, 0, 1);
            errors.frame(Frames.HEADERS, Frames.END_HEADERS, 2 * i + 1, (byte) 0x84);
        }
        expectGoAway(pings, ErrorCode.ENHANCE_YOUR_CALM);
        expectGoAway(settings, ErrorCode.ENHANCE_YOUR_CALM);
        expectGoAway(empty, ErrorCode.ENHANCE_YOUR_CALM);
        expectGoAway(errors, ErrorCode.ENHANCE_YOUR_CALM);
    }

    @Test
    void boundsRequestsThatAreResetAtOnce() {
        with(server -> {
            server.acceptAtOnce = false;
            server.receive(hello().toBytes());
            int stream = 1;
            while (!server.transport.closed && stream < 100_000) {
                server.receive(new RawFrames()
                        .connect(stream, "a:1")
                        .frame(Frames.RST_STREAM, 0, stream, RawFrames.int4(8))
                        .toBytes());
                stream += 2;
            }
            assertThat(server.sent().getLast().number(4)).isEqualTo(ErrorCode.ENHANCE_YOUR_CALM);
            assertThat(stream).isGreaterThan(2 * 5_000);
        });
    }

    @Test
    void doesNotCountResetsOfAnsweredStreams() {
        with(server -> {
            server.receive(hello().toBytes());
            for (int stream = 1; stream < 20_000; stream += 2) {
                server.receive(new RawFrames()
                        .connect(stream, "a:1")
                        .frame(Frames.RST_STREAM, 0, stream, RawFrames.int4(8))
                        .toBytes());
            }
            assertThat(server.transport.closed).isFalse();
            assertThat(server.connection.openStreams()).isZero();
        });
    }

    @Test
    void boundsHeaderBlocks() {
        byte[] block = RawFrames.connectBlock("a:1");
        RawFrames many = hello().frame(Frames.HEADERS, 0, 1, block);
        for (int i = 0; i <= FrameReader.CONTINUATIONS_MAX; i++) {
            many.frame(Frames.CONTINUATION, 0, 1);
        }
        expectGoAway(many, ErrorCode.ENHANCE_YOUR_CALM);
        expectGoAway(hello().header(70_000, Frames.HEADERS, 0, 1), ErrorCode.ENHANCE_YOUR_CALM);
        // Small on the wire, large when counted as RFC 9113 section 10.5.1 does.
        byte[] large = new HeaderBlocks(65_536)
                .encodeRequest(ConnectRequest.to("a:1", Collections.nCopies(2_200, new Header("a", "b"))));
        with(server -> {
            server.receive(
                    hello().frame(Frames.HEADERS, Frames.END_HEADERS, 1, large).toBytes());
            List<Frame> sent = server.sent();
            assertThat(sent.get(sent.size() - 2).type()).isEqualTo(Frames.HEADERS);
            assertThat(sent.getLast().type()).isEqualTo(Frames.RST_STREAM);
            assertThat(server.traces).isEmpty();
            assertThat(server.transport.closed).isFalse();
        });
    }

    @Test
    void stopsServingAPeerThatAsksAndDoesNotRead() {
        with(server -> {
            server.receive(hello().toBytes());
            server.transport.backlog = 10_000_000;
            server.receive(new RawFrames().frame(Frames.PING, 0, 0, new byte[8]).toBytes());
            assertThat(server.transport.closed).isTrue();
        });
    }

    @Test
    void drainsInTwoSteps() {
        with(server -> {
            server.receive(hello().connect(1, "a:1").toBytes());
            server.sent();
            server.connection.drain();
            List<Frame> first = server.sent();
            assertThat(first.get(0).type()).isEqualTo(Frames.GOAWAY);
            assertThat(first.get(0).number(0)).isEqualTo(Integer.MAX_VALUE);
            assertThat(first.get(1).type()).isEqualTo(Frames.PING);
            // A request that crossed the GOAWAY is served.
            server.receive(new RawFrames().connect(3, "a:1").toBytes());
            assertThat(server.streams).hasSize(2);
            server.receive(new RawFrames()
                    .frame(Frames.PING, Frames.ACK, 0, first.get(1).payload())
                    .toBytes());
            Frame second = server.sent().getLast();
            assertThat(second.type()).isEqualTo(Frames.GOAWAY);
            assertThat(second.number(0)).isEqualTo(3);
            server.receive(new RawFrames().connect(5, "a:1").toBytes());
            assertThat(server.streams).hasSize(2);
            server.receive(
                    new RawFrames().frame(Frames.RST_STREAM, 0, 1, new byte[4]).toBytes());
            assertThat(server.transport.closed).isFalse();
            server.receive(
                    new RawFrames().frame(Frames.RST_STREAM, 0, 3, new byte[4]).toBytes());
            assertThat(server.transport.closed).isTrue();
        });
    }

    @Test
    void asksAPeerThatRestsAndGivesUpOneThatIsSilent() {
        HboneConfig d = HboneConfig.defaults();
        HboneConfig hurried = new HboneConfig(
                d.streamWindow(), d.connectionWindow(), d.frameMax(), 100, d.poolIdleMs(), 10_000, 20, 200);
        ServerForTests server = on(loop, () -> new ServerForTests(loop, hurried));
        run(loop, () -> server.receive(hello().toBytes()));
        for (int round = 0; round < 3; round++) {
            List<Frame> asked = new ArrayList<>();
            await("it asks", () -> asked.addAll(on(loop, server::sent)) && hasPing(asked));
            Frame ping = asked.getLast();
            assertThat(ping.number(0)).isEqualTo(0x3b7cdb7a);
            assertThat(ping.number(4)).isEqualTo(0x0b8716b4);
            run(
                    loop,
                    () -> server.receive(new RawFrames()
                            .frame(Frames.PING, Frames.ACK, 0, ping.payload())
                            .toBytes()));
        }
        await("it gives up", () -> on(loop, () -> server.transport.closed));
        Frame last = on(loop, server::sent).getLast();
        assertThat(last.type()).isEqualTo(Frames.GOAWAY);
        assertThat(last.number(4)).isEqualTo(ErrorCode.NO_ERROR);
        assertThat(server.ends.getFirst().cause()).isEqualTo(ConnectionEnd.Cause.SOCKET);
    }

    private static boolean hasPing(List<Frame> frames) {
        return !frames.isEmpty() && frames.getLast().type() == Frames.PING;
    }

    @Test
    void sendsNoMoreThanThePeerAllows() {
        with(server -> {
            server.receive(new RawFrames()
                    .preface()
                    .settings(Frames.SETTING_INITIAL_WINDOW_SIZE, 10)
                    .connect(1, "a:1")
                    .toBytes());
            HboneStream stream = server.stream(1);
            assertThat(stream.sendRoom()).isEqualTo(10);
            server.receive(new RawFrames()
                    .frame(Frames.WINDOW_UPDATE, 0, 1, RawFrames.int4(90))
                    .toBytes());
            assertThat(stream.sendRoom()).isEqualTo(100);
            server.receive(new RawFrames()
                    .settings(Frames.SETTING_INITIAL_WINDOW_SIZE, 0)
                    .toBytes());
            assertThat(stream.sendRoom()).isEqualTo(90);
            server.transport.backlog = 1;
            assertThat(stream.sendRoom()).isZero();
            server.transport.backlog = 0;
            server.receive(new RawFrames()
                    .settings(Frames.SETTING_INITIAL_WINDOW_SIZE, 1_000_000)
                    .toBytes());
            assertThat(stream.sendRoom()).isEqualTo(65_535);
        });
    }

    @Test
    void readsFramesCutAtEveryByte() {
        byte[] frames = hello().frame(
                        Frames.HEADERS, Frames.PADDED | Frames.PRIORITY_FLAG, 1, padded(RawFrames.connectBlock("a:1")))
                .frame(Frames.CONTINUATION, Frames.END_HEADERS, 1)
                .frame(0x77, 0xff, 9, (byte) 1, (byte) 2)
                .frame(Frames.DATA, Frames.PADDED, 1, (byte) 2, (byte) 'x', (byte) 'y', (byte) 0, (byte) 0)
                .frame(
                        Frames.GOAWAY,
                        0,
                        0,
                        (byte) 0,
                        (byte) 0,
                        (byte) 0,
                        (byte) 0,
                        (byte) 0,
                        (byte) 0,
                        (byte) 0,
                        (byte) 0,
                        (byte) 'b')
                .frame(Frames.DATA, Frames.END_STREAM, 1, (byte) 'z')
                .toBytes();
        for (int cut = 1; cut <= frames.length; cut++) {
            int piece = cut;
            String trace = on(loop, () -> {
                ServerForTests server = new ServerForTests(loop);
                for (int at = 0; at < frames.length; at += piece) {
                    server.transport.receive(frames, at, Math.min(piece, frames.length - at));
                }
                server.connection.close(EndReason.FAULT);
                return server.trace(1);
            });
            assertThat(trace).isEqualTo("CONNECT a:1 data 3 " + (('x' * 31 + 'y') * 31 + 'z') + " end lost");
        }
    }

    private static byte[] padded(byte[] block) {
        byte[] payload = new byte[1 + 5 + block.length + 3];
        payload[0] = 3;
        System.arraycopy(block, 0, payload, 6, block.length);
        return payload;
    }
}
