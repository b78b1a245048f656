package io.culvert.proxy.admin;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Closes a connection whose request head does not come, or does not end, within two seconds; between requests it may
 * rest a minute. Stands before the codec and is told by {@link HttpConversation} when a head was complete.
 */
final class RequestTimeout extends ChannelInboundHandlerAdapter {

    private static final long HEAD_SECONDS_MAX = 2;
    private static final long IDLE_SECONDS_MAX = 60;

    /** A head is complete: its two seconds are over. */
    enum Event {
        HEAD_COMPLETE,
        ANSWERED
    }

    private @Nullable Future<?> timer;
    private boolean resting;

    @Override
    public void channelActive(ChannelHandlerContext context) {
        arm(context, HEAD_SECONDS_MAX);
        context.fireChannelActive();
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        if (resting) {
            resting = false;
            arm(context, HEAD_SECONDS_MAX);
        }
        context.fireChannelRead(message);
    }

    void onEvent(ChannelHandlerContext context, Event event) {
        switch (event) {
            case HEAD_COMPLETE -> disarm();
            case ANSWERED -> {
                resting = true;
                arm(context, IDLE_SECONDS_MAX);
            }
        }
    }

    private void arm(ChannelHandlerContext context, long seconds) {
        disarm();
        timer = context.executor().schedule(() -> expire(context), seconds, TimeUnit.SECONDS);
    }

    private static void expire(ChannelHandlerContext context) {
        var _ = context.close();
    }

    private void disarm() {
        if (timer != null) {
            timer.cancel(false);
            timer = null;
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        disarm();
        context.fireChannelInactive();
    }
}
