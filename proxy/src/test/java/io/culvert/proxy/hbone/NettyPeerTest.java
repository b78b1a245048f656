package io.culvert.proxy.hbone;

import static io.culvert.proxy.relay.LoopsForTests.run;
import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.proxy.relay.DataLoop;
import io.culvert.proxy.relay.EndReason;
import io.culvert.proxy.relay.LoopsForTests;
import io.culvert.proxy.relay.RawBuffer;
import io.culvert.proxy.relay.TunnelStream;
import io.culvert.proxy.relay.TunnelStream.Abort;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http2.DefaultHttp2DataFrame;
import io.netty.handler.codec.http2.DefaultHttp2Headers;
import io.netty.handler.codec.http2.DefaultHttp2HeadersFrame;
import io.netty.handler.codec.http2.DefaultHttp2ResetFrame;
import io.netty.handler.codec.http2.DefaultHttp2WindowUpdateFrame;
import io.netty.handler.codec.http2.Http2ChannelDuplexHandler;
import io.netty.handler.codec.http2.Http2DataFrame;
import io.netty.handler.codec.http2.Http2Error;
import io.netty.handler.codec.http2.Http2FrameCodec;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2FrameStream;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import io.netty.handler.codec.http2.Http2ResetFrame;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.util.ReferenceCountUtil;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Netty's codec at the other end of our connection, in either role: random streams, bytes, ends and resets from both
 * sides, with small windows, in random pieces. What one side sent, the other saw. {@code -Dculvert.seed=N} repeats.
 */
@Tag("loop")
final class NettyPeerTest {
    private static final int RUNS = 40;

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

    @Test
    void servesNettysClient() {
        repeat(true);
    }

    @Test
    void usesNettysServer() {
        repeat(false);
    }

    private static void repeat(boolean weServe) {
        Long one = Long.getLong("culvert.seed");
        long first = one != null ? one : new SplittableRandom().nextInt(1_000_000_000);
        for (int i = 0; i < (one != null ? 1 : RUNS); i++) {
            long seed = first + i;
            run(loop, () -> {
                Meeting meeting = new Meeting(new SplittableRandom(seed), weServe);
                try {
                    meeting.talk();
                    meeting.compare("-Dculvert.seed=" + seed);
                } finally {
                    meeting.end();
                }
            });
        }
    }

    /** Bytes and ends in one direction of one stream. */
    private static final class Flow {
        long count;
        long sum;
        boolean ended;

        void add(int value) {
            count++;
            sum = sum * 31 + value;
        }

        @Override
        public String toString() {
            return count + " bytes, sum " + sum + (ended ? ", ended" : "");
        }
    }

    /** One tunnel, as both sides know it. */
    private static final class Tunnel implements TunnelStream.TunnelEvents {
        final Flow oursSent = new Flow();
        final Flow oursSeen = new Flow();
        final Flow nettySent = new Flow();
        final Flow nettySeen = new Flow();

        @Nullable
        HboneStream ours;

        @Nullable
        Http2FrameStream netty;

        boolean reset;
        int uncredited;

        HboneStream ours() {
            if (ours == null) {
                throw new AssertionError("not open");
            }
            return ours;
        }

        Http2FrameStream netty() {
            if (netty == null) {
                throw new AssertionError("not open");
            }
            return netty;
        }

        @Override
        public void onData(RawBuffer buffer, int at, int bytes) {
            for (int i = 0; i < bytes; i++) {
                oursSeen.add(buffer.getByte(at + i));
            }
            uncredited += bytes;
        }

        @Override
        public void onEnd() {
            oursSeen.ended = true;
        }

        @Override
        public void onReset(int code) {
            reset = true;
        }

        @Override
        public void onLost(String why) {
            reset = true;
        }

        @Override
        public void onSendable() {}
    }

    /** Both ends and what is between them. */
    private static final class Meeting implements ConnectionOwner {
        private final RandomGenerator random;
        private final boolean weServe;
        private final MemoryTransport transport;
        private final HboneConnection connection;
        private final Reader reader = new Reader();
        private final EmbeddedChannel channel;
        private final List<Tunnel> tunnels = new ArrayList<>();
        private @Nullable ConnectionEnd end;

        Meeting(RandomGenerator random, boolean weServe) {
            this.random = random;
            this.weServe = weServe;
            Http2Settings settings = new Http2Settings()
                    .initialWindowSize(1 + random.nextInt(100_000))
                    .maxFrameSize(16_384 + random.nextInt(50_000));
            Http2FrameCodecBuilder builder =
                    weServe ? Http2FrameCodecBuilder.forClient() : Http2FrameCodecBuilder.forServer();
            Http2FrameCodec codec = builder.initialSettings(settings)
                    .decoderEnforceMaxRstFramesPerWindow(0, 0)
                    .encoderEnforceMaxRstFramesPerWindow(0, 0)
                    .build();
            this.channel = new EmbeddedChannel(codec, reader);
            this.transport = new MemoryTransport(loop);
            this.connection = new HboneConnection(transport, weServe, HboneConfig.defaults(), this);
            connection.start();
        }

        // ---- what they say

        void talk() {
            exchange();
            for (int i = 0; i < 150; i++) {
                act();
                if (random.nextInt(3) == 0) {
                    exchange();
                }
            }
            settle();
        }

        private void act() {
            if (tunnels.isEmpty() || random.nextInt(8) == 0) {
                openTunnel();
                exchange();
                return;
            }
            Tunnel tunnel = tunnels.get(random.nextInt(tunnels.size()));
            if (tunnel.reset || tunnel.ours == null || tunnel.netty == null) {
                return;
            }
            switch (random.nextInt(14)) {
                case 0 -> resetTunnel(tunnel);
                case 1 -> endOurs(tunnel);
                case 2 -> endNettys(tunnel);
                case 3, 4, 5 -> credit(tunnel);
                case 6, 7, 8, 9 -> sendOurs(tunnel, random.nextInt(random.nextBoolean() ? 200 : 200_000));
                default -> sendNettys(tunnel, random.nextInt(random.nextBoolean() ? 200 : 100_000));
            }
        }

        private void openTunnel() {
            Tunnel tunnel = new Tunnel();
            tunnels.add(tunnel);
            int number = tunnels.size() - 1;
            if (weServe) {
                Http2FrameStream stream = reader.newStream();
                tunnel.netty = stream;
                channel.writeOutbound(new DefaultHttp2HeadersFrame(
                                new DefaultHttp2Headers().method("CONNECT").authority(number + ":1"), false)
                        .stream(stream));
            } else {
                tunnel.ours = connection.open(
                        ConnectRequest.to(number + ":1", List.of(new Header("traceparent", "x"))),
                        new HboneStream.Answer() {
                            @Override
                            public void onResponse(HboneStream stream, ConnectResponse response) {
                                assertThat(response.status()).isEqualTo(200);
                                stream.attach(tunnel);
                            }

                            @Override
                            public void onFailed(OpenFailure failure, boolean refused) {
                                throw new AssertionError(failure);
                            }
                        });
            }
        }

        private void resetTunnel(Tunnel tunnel) {
            exchange();
            if (tunnel.reset || tunnel.ours().isClosed()) {
                return;
            }
            tunnel.reset = true;
            if (random.nextBoolean()) {
                tunnel.ours().abort(Abort.SOCKET_RESET);
                tunnel.ours().credit(tunnel.uncredited);
                tunnel.uncredited = 0;
            } else {
                channel.writeOutbound(new DefaultHttp2ResetFrame(Http2Error.CANCEL).stream(tunnel.netty()));
            }
            exchange();
        }

        private void endOurs(Tunnel tunnel) {
            if (!tunnel.oursSent.ended) {
                tunnel.oursSent.ended = true;
                tunnel.ours().sendEnd();
            }
        }

        private void endNettys(Tunnel tunnel) {
            if (!tunnel.nettySent.ended) {
                tunnel.nettySent.ended = true;
                channel.writeOutbound(new DefaultHttp2DataFrame(Unpooled.EMPTY_BUFFER, true).stream(tunnel.netty()));
            }
        }

        private static void credit(Tunnel tunnel) {
            int bytes = tunnel.uncredited;
            tunnel.uncredited = 0;
            tunnel.ours().credit(bytes);
        }

        private void sendOurs(Tunnel tunnel, int most) {
            int bytes = Math.min(most, tunnel.ours().sendRoom());
            if (tunnel.oursSent.ended || bytes <= 0) {
                return;
            }
            RawBuffer buffer = loop.buffers().large();
            for (int i = 0; i < bytes; i++) {
                int value = random.nextInt(256);
                buffer.putByte(TunnelStream.HEADROOM + i, value);
                tunnel.oursSent.add(value);
            }
            tunnel.ours().send(buffer, TunnelStream.HEADROOM, bytes);
            buffer.release();
        }

        private void sendNettys(Tunnel tunnel, int bytes) {
            if (tunnel.nettySent.ended) {
                return;
            }
            ByteBuf content = Unpooled.buffer(bytes);
            for (int i = 0; i < bytes; i++) {
                int value = random.nextInt(256);
                content.writeByte(value);
                tunnel.nettySent.add(value);
            }
            int padding = random.nextInt(3) == 0 ? random.nextInt(256) : 0;
            channel.writeOutbound(new DefaultHttp2DataFrame(content, false, padding).stream(tunnel.netty()));
        }

        // ---- bytes between them

        private void exchange() {
            boolean moved = true;
            while (moved) {
                channel.runPendingTasks();
                moved = toOurs();
                moved |= toNetty();
            }
        }

        private boolean toOurs() {
            boolean moved = false;
            for (ByteBuf out = channel.readOutbound(); out != null; out = channel.readOutbound()) {
                byte[] bytes = ByteBufUtil.getBytes(out);
                out.release();
                for (int at = 0; at < bytes.length; ) {
                    int piece = Math.min(bytes.length - at, 1 + random.nextInt(50_000));
                    transport.receive(bytes, at, piece);
                    at += piece;
                }
                moved = true;
            }
            return moved;
        }

        private boolean toNetty() {
            connection.writer().flush();
            byte[] bytes = transport.taken();
            for (int at = 0; at < bytes.length; ) {
                int piece = Math.min(bytes.length - at, 1 + random.nextInt(50_000));
                channel.writeInbound(Unpooled.copiedBuffer(bytes, at, piece));
                at += piece;
            }
            return bytes.length > 0;
        }

        /** Until everything that was sent has come. */
        private void settle() {
            for (int i = 0; i < 1_000; i++) {
                exchange();
                for (Tunnel tunnel : tunnels) {
                    if (tunnel.ours != null) {
                        credit(tunnel);
                    }
                }
            }
        }

        void compare(String seed) {
            assertThat(end).as(seed).isNull();
            for (Tunnel tunnel : tunnels) {
                if (!tunnel.reset) {
                    assertThat(tunnel.oursSeen).as(seed).hasToString(tunnel.nettySent.toString());
                    assertThat(tunnel.nettySeen).as(seed).hasToString(tunnel.oursSent.toString());
                }
            }
            assertThat(connection.receiveWindow().held()).as(seed).isZero();
            long open = tunnels.stream()
                    .filter(tunnel -> !tunnel.reset && !(tunnel.oursSent.ended && tunnel.nettySent.ended))
                    .count();
            assertThat(connection.openStreams()).as(seed).isEqualTo((int) open);
        }

        void end() {
            connection.close(EndReason.FAULT);
            channel.finishAndReleaseAll();
        }

        /** Netty's side of the streams. */
        private final class Reader extends Http2ChannelDuplexHandler {
            @Override
            public void channelRead(ChannelHandlerContext context, Object frame) {
                switch (frame) {
                    case Http2HeadersFrame headers
                    when !weServe && headers.headers().method() != null -> accept(context, headers);
                    case Http2DataFrame data -> read(context, data);
                    case Http2ResetFrame reset -> find(reset.stream()).reset = true;
                    default -> {
                        // Answers to our requests, SETTINGS, PING.
                    }
                }
                ReferenceCountUtil.release(frame);
            }

            private void accept(ChannelHandlerContext context, Http2HeadersFrame headers) {
                String authority = String.valueOf(headers.headers().authority());
                Tunnel tunnel = tunnels.get(Integer.parseInt(authority.substring(0, authority.indexOf(':'))));
                tunnel.netty = headers.stream();
                say(
                        context,
                        new DefaultHttp2HeadersFrame(new DefaultHttp2Headers().status("200")).stream(headers.stream()));
            }

            private void read(ChannelHandlerContext context, Http2DataFrame data) {
                Tunnel tunnel = find(data.stream());
                ByteBuf content = data.content();
                while (content.isReadable()) {
                    tunnel.nettySeen.add(content.readUnsignedByte());
                }
                tunnel.nettySeen.ended |= data.isEndStream();
                int bytes = data.initialFlowControlledBytes();
                if (bytes > 0) {
                    say(context, new DefaultHttp2WindowUpdateFrame(bytes).stream(data.stream()));
                }
            }

            private void say(ChannelHandlerContext context, Object frame) {
                if (context.writeAndFlush(frame).cause() != null) {
                    throw new AssertionError("cannot write " + frame);
                }
            }

            private Tunnel find(Http2FrameStream stream) {
                return tunnels.stream()
                        .filter(tunnel -> stream.equals(tunnel.netty))
                        .findFirst()
                        .orElseThrow();
            }
        }

        // ---- our side

        @Override
        public void onConnect(HboneStream stream, ConnectRequest request) {
            int number = Integer.parseInt(
                    request.authority().substring(0, request.authority().indexOf(':')));
            Tunnel tunnel = tunnels.get(number);
            tunnel.ours = stream;
            stream.accept(List.of());
            stream.attach(tunnel);
        }

        @Override
        public void onEstablished() {}

        @Override
        public void onPeerSettings() {}

        @Override
        public void onAbandoned(HboneStream stream) {}

        @Override
        public void onStreamEnded() {}

        @Override
        public void onGoingAway() {}

        @Override
        public void onClosed(ConnectionEnd how) {
            end = how;
        }
    }
}
