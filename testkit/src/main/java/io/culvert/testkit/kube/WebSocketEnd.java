package io.culvert.testkit.kube;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PingWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PongWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketServerHandshaker;

/** What a client may still say on a watch by WebSocket: ping, and that it has enough. */
final class WebSocketEnd extends SimpleChannelInboundHandler<WebSocketFrame> {
    private final WebSocketServerHandshaker handshaker;

    WebSocketEnd(WebSocketServerHandshaker handshaker) {
        this.handshaker = handshaker;
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, WebSocketFrame frame) {
        switch (frame) {
            case PingWebSocketFrame ping -> {
                var _ = context.writeAndFlush(
                        new PongWebSocketFrame(ping.content().retain()));
            }
            case CloseWebSocketFrame close -> {
                var _ = handshaker.close(context.channel(), close.retain());
            }
            // Not sealed: a watch takes nothing else from its client.
            default -> {}
        }
    }
}
