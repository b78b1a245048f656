package io.culvert.proxy.hbone;

import io.culvert.proxy.hbone.DifferentialTest.Seen;
import io.culvert.proxy.hbone.RawFrames.Frame;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http2.Http2DataFrame;
import io.netty.handler.codec.http2.Http2Exception;
import io.netty.handler.codec.http2.Http2FrameCodec;
import io.netty.handler.codec.http2.Http2FrameCodecBuilder;
import io.netty.handler.codec.http2.Http2Headers;
import io.netty.handler.codec.http2.Http2HeadersFrame;
import io.netty.handler.codec.http2.Http2LocalFlowController;
import io.netty.handler.codec.http2.Http2ResetFrame;
import io.netty.handler.codec.http2.Http2Settings;
import io.netty.handler.codec.http2.Http2Stream;
import io.netty.util.ReferenceCountUtil;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Netty's codec as a server with our settings, and what it sees; the yardstick of differential tests. */
final class NettyServerForTests {
    private NettyServerForTests() {}

    /** What it makes of a client's bytes, which nobody consumes: its windows stay as they were announced. */
    static Seen see(byte[] bytes) throws Http2Exception {
        Http2FrameCodec codec = Http2FrameCodecBuilder.forServer()
                .initialSettings(new Http2Settings()
                        .initialWindowSize(4 << 20)
                        .maxFrameSize(1 << 20)
                        .maxConcurrentStreams(200)
                        .maxHeaderListSize(65_536))
                .decoderEnforceMaxConsecutiveEmptyDataFrames(0)
                .decoderEnforceMaxRstFramesPerWindow(0, 0)
                .encoderEnforceMaxRstFramesPerWindow(0, 0)
                .build();
        EmbeddedChannel channel = new EmbeddedChannel(codec);
        // The codec itself widens the connection's window by a stream's; ours is to be met, not exceeded.
        Http2LocalFlowController windows = codec.connection().local().flowController();
        Http2Stream connection = codec.connection().connectionStream();
        windows.incrementWindowSize(connection, (16 << 20) - windows.windowSize(connection));
        Map<Integer, NettyTrace> traces = new TreeMap<>();
        String end = "open";
        try {
            channel.writeInbound(Unpooled.wrappedBuffer(bytes));
        } catch (Exception e) {
            end = "failed " + e;
        }
        for (Object frame = channel.readInbound(); frame != null; frame = channel.readInbound()) {
            record(frame, traces);
            ReferenceCountUtil.release(frame);
        }
        RawFrames written = new RawFrames();
        for (ByteBuf out = channel.readOutbound(); out != null; out = channel.readOutbound()) {
            written.bytes(ByteBufUtil.getBytes(out));
            out.release();
        }
        List<Frame> frames = RawFrames.parse(written.toBytes());
        for (Frame frame : frames) {
            if (frame.type() == Frames.GOAWAY && frame.number(4) != 0) {
                end = ErrorCode.name(frame.number(4));
            }
        }
        channel.finishAndReleaseAll();
        Map<Integer, String> texts = new TreeMap<>();
        traces.forEach((stream, trace) -> texts.put(stream, trace.text()));
        return new Seen(texts, end, resets(frames));
    }

    /** Streams that were reset, with the code. */
    static List<String> resets(List<Frame> frames) {
        return frames.stream()
                .filter(frame -> frame.type() == Frames.RST_STREAM)
                .map(frame -> frame.stream() + " " + ErrorCode.name(frame.number(0)))
                .toList();
    }

    private static void record(Object frame, Map<Integer, NettyTrace> traces) {
        switch (frame) {
            case Http2HeadersFrame headers -> {
                NettyTrace trace = new NettyTrace(headers.headers());
                traces.put(headers.stream().id(), trace);
                if (headers.isEndStream()) {
                    trace.add(" end");
                }
            }
            case Http2DataFrame data -> {
                NettyTrace trace = traces.get(data.stream().id());
                if (trace != null) {
                    trace.data(data.content());
                    if (data.isEndStream()) {
                        trace.add(" end");
                    }
                }
            }
            case Http2ResetFrame reset -> {
                NettyTrace trace = traces.get(reset.stream().id());
                if (trace != null) {
                    trace.add(" reset " + reset.errorCode());
                }
            }
            default -> {
                // PING, SETTINGS and the like have no stream.
            }
        }
    }

    /** Written as {@link ServerForTests} writes. */
    private static final class NettyTrace {
        private final StringBuilder text;
        private long sum;
        private long count;

        NettyTrace(Http2Headers headers) {
            text = new StringBuilder(headers.method() + " " + headers.authority());
            headers.forEach(field -> {
                if (field.getKey().charAt(0) != ':') {
                    text.append(' ').append(field.getKey()).append('=').append(field.getValue());
                }
            });
        }

        void data(ByteBuf content) {
            count += content.readableBytes();
            while (content.isReadable()) {
                sum = sum * 31 + content.readUnsignedByte();
            }
        }

        void add(String what) {
            flush();
            text.append(what);
        }

        private void flush() {
            if (count > 0) {
                text.append(" data ").append(count).append(' ').append(sum);
                count = 0;
                sum = 0;
            }
        }

        String text() {
            flush();
            return text.toString();
        }
    }
}
