package io.culvert.testkit.kube;

import com.google.gson.JsonObject;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http.QueryStringDecoder;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketServerHandshaker;
import io.netty.handler.codec.http.websocketx.WebSocketServerHandshakerFactory;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;

/** One HTTP connection. */
final class KubeHandler extends SimpleChannelInboundHandler<FullHttpRequest> {
    private static final String JSON = "application/json";

    private final KubeState state;
    private final KubeRoutes routes;

    KubeHandler(KubeState state) {
        this.state = state;
        this.routes = new KubeRoutes(state.store());
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, FullHttpRequest request) {
        String body = request.content().toString(StandardCharsets.UTF_8);
        state.seen(new KubeRequest(request.method().name(), request.uri(), body));
        QueryStringDecoder uri = new QueryStringDecoder(request.uri());
        String contentType = request.headers().get(HttpHeaderNames.CONTENT_TYPE, "");
        KubeRoutes.Reply reply = routes.handle(request.method().name(), uri, contentType, body);
        switch (reply) {
            case KubeRoutes.Reply.Body answer -> answer(context, request, answer.code(), answer.json());
            case KubeRoutes.Reply.Watching watching -> watch(context, request, watching);
        }
    }

    private static void answer(ChannelHandlerContext context, FullHttpRequest request, int code, JsonObject json) {
        FullHttpResponse response = new DefaultFullHttpResponse(
                HttpVersion.HTTP_1_1,
                HttpResponseStatus.valueOf(code),
                Unpooled.copiedBuffer(json.toString(), StandardCharsets.UTF_8));
        response.headers().set(HttpHeaderNames.CONTENT_TYPE, JSON);
        boolean keep = HttpUtil.isKeepAlive(request);
        HttpUtil.setContentLength(response, response.content().readableBytes());
        HttpUtil.setKeepAlive(response, keep);
        var written = context.writeAndFlush(response);
        if (!keep) {
            var _ = written.addListener(ChannelFutureListener.CLOSE);
        }
    }

    private void watch(ChannelHandlerContext context, FullHttpRequest request, KubeRoutes.Reply.Watching asked) {
        String upgrade = request.headers().get(HttpHeaderNames.UPGRADE, "");
        Watch.WatchSink sink = upgrade.equalsIgnoreCase("websocket")
                ? webSocket(context.channel(), request)
                : chunked(context.channel());
        Watch watch = new Watch(state, asked.kind(), asked.selector(), asked.bookmarks(), sink);
        watch.begin(asked.fromNow() ? null : asked.since());
        if (asked.timeoutSeconds() > 0) {
            var timer = context.executor().schedule(watch::end, asked.timeoutSeconds(), TimeUnit.SECONDS);
            var _ = context.channel().closeFuture().addListener(closed -> timer.cancel(false));
        }
    }

    private static Watch.WatchSink chunked(Channel channel) {
        HttpResponse response = new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.OK);
        response.headers().set(HttpHeaderNames.CONTENT_TYPE, JSON);
        response.headers().set(HttpHeaderNames.TRANSFER_ENCODING, HttpHeaderValues.CHUNKED);
        var _ = channel.writeAndFlush(response);
        return new ChunkedSink(channel);
    }

    private static Watch.WatchSink webSocket(Channel channel, FullHttpRequest request) {
        WebSocketServerHandshaker handshaker =
                new WebSocketServerHandshakerFactory(request.uri(), null, false).newHandshaker(request);
        channel.pipeline().addLast(new WebSocketEnd(handshaker));
        var _ = handshaker.handshake(channel, request);
        return new WebSocketSink(channel);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        var _ = context.close(); // a client that went away in mid-sentence
    }

    private record ChunkedSink(Channel channel) implements Watch.WatchSink {
        @Override
        public void event(String json) {
            var _ = channel.writeAndFlush(new DefaultHttpContent(Unpooled.copiedBuffer(json, StandardCharsets.UTF_8)));
        }

        @Override
        public void end() {
            var _ = channel.writeAndFlush(LastHttpContent.EMPTY_LAST_CONTENT);
        }
    }

    private record WebSocketSink(Channel channel) implements Watch.WatchSink {
        @Override
        public void event(String json) {
            var _ = channel.writeAndFlush(new TextWebSocketFrame(json));
        }

        @Override
        public void end() {
            var _ = channel.writeAndFlush(new CloseWebSocketFrame(1000, "timeout"))
                    .addListener(ChannelFutureListener.CLOSE);
        }
    }
}
