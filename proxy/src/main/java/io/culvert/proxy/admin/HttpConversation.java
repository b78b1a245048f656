package io.culvert.proxy.admin;

import io.culvert.proxy.lifecycle.DrainMode;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One connection of an {@link HttpServer}: a request, its answer, the next. */
final class HttpConversation extends SimpleChannelInboundHandler<HttpObject> {

    /** RFC 9110 section 5.6.7, with two digits for the day always. */
    private static final DateTimeFormatter HTTP_DATE =
            DateTimeFormatter.ofPattern("EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.ENGLISH);

    /** Nobody has a reason to send a body here; what comes is dropped, and more than this ends the connection. */
    private static final int BODY_BYTES_MAX = 8192;

    private static final Logger log = LoggerFactory.getLogger(HttpConversation.class);

    private final HttpEndpoint endpoint;
    private final InstantSource clock;
    private @Nullable HttpRequest current;
    private int bodyBytes;
    private boolean draining;

    HttpConversation(HttpEndpoint endpoint, InstantSource clock) {
        this.endpoint = endpoint;
        this.clock = clock;
    }

    @Override
    protected void channelRead0(ChannelHandlerContext context, HttpObject part) {
        if (part.decoderResult().isFailure()) {
            send(context, HttpAnswer.empty(HttpResponseStatus.BAD_REQUEST.code()), false);
            return;
        }
        if (part instanceof HttpRequest request) {
            current = request;
            bodyBytes = 0;
            tell(context, RequestTimeout.Event.HEAD_COMPLETE);
        }
        if (part instanceof HttpContent content) {
            bodyBytes += content.content().readableBytes();
            if (bodyBytes > BODY_BYTES_MAX) {
                send(context, HttpAnswer.empty(HttpResponseStatus.REQUEST_ENTITY_TOO_LARGE.code()), false);
                return;
            }
        }
        HttpRequest complete = current;
        if (part instanceof LastHttpContent && complete != null) {
            current = null;
            boolean keepAlive = HttpUtil.isKeepAlive(complete) && !draining;
            send(context, answer(complete), keepAlive);
        }
    }

    private HttpAnswer answer(HttpRequest request) {
        try {
            return endpoint.answer(HttpQuestion.of(
                    request.method().name(),
                    request.uri(),
                    request.headers().get(HttpHeaderNames.ACCEPT, ""),
                    request.headers().get(HttpHeaderNames.ACCEPT_ENCODING, "")));
        } catch (RuntimeException e) {
            log.error("failed to answer {} {}", request.method(), request.uri(), e);
            byte[] text = String.valueOf(e.getMessage()).getBytes(StandardCharsets.UTF_8);
            return new HttpAnswer(HttpResponseStatus.INTERNAL_SERVER_ERROR.code(), Map.of(), text);
        }
    }

    private void send(ChannelHandlerContext context, HttpAnswer answer, boolean keepAlive) {
        FullHttpResponse response = new DefaultFullHttpResponse(
                HttpVersion.HTTP_1_1,
                HttpResponseStatus.valueOf(answer.status()),
                Unpooled.wrappedBuffer(answer.body()));
        answer.headers().forEach((name, value) -> response.headers().set(name, value));
        response.headers().set(HttpHeaderNames.CONTENT_LENGTH, answer.body().length);
        response.headers()
                .set(HttpHeaderNames.DATE, HTTP_DATE.format(clock.instant().atOffset(ZoneOffset.UTC)));
        if (!keepAlive) {
            response.headers().set(HttpHeaderNames.CONNECTION, "close");
        }
        var written = context.writeAndFlush(response);
        if (keepAlive) {
            tell(context, RequestTimeout.Event.ANSWERED);
        } else {
            var _ = written.addListener(ChannelFutureListener.CLOSE);
        }
    }

    private static void tell(ChannelHandlerContext context, RequestTimeout.Event event) {
        RequestTimeout timeout = context.pipeline().get(RequestTimeout.class);
        if (timeout != null) {
            timeout.onEvent(context, event);
        }
    }

    /** A drain: what is being answered is finished, what rests is closed. */
    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event) {
        if (event instanceof DrainMode mode) {
            draining = true;
            if (current == null || mode == DrainMode.IMMEDIATE) {
                var _ = context.close();
            }
            return;
        }
        context.fireUserEventTriggered(event);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        log.debug("connection ended: {}", cause.toString());
        var _ = context.close();
    }
}
