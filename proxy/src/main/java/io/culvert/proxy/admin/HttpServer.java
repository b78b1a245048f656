package io.culvert.proxy.admin;

import io.culvert.proxy.address.IpPort;
import io.culvert.proxy.lifecycle.Drain;
import io.culvert.proxy.lifecycle.DrainMode;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A small HTTP/1.1 server in clear: one answer per request, keep-alive, no bodies read. Heads are limited to 8 KiB and
 * two seconds, connections to {@link #CONNECTIONS_MAX}; one beyond that is closed at once (ztunnel hyper_util.rs:
 * Server).
 */
final class HttpServer implements Drain.Participant {

    static final int CONNECTIONS_MAX = 256;
    private static final int HEAD_BYTES_MAX = 8192;
    private static final int LINE_BYTES_MAX = 4096;
    private static final int BACKLOG = 128;

    private static final Logger log = LoggerFactory.getLogger(HttpServer.class);

    private final String component;
    private final List<Channel> listeners = new ArrayList<>();
    private final ChannelGroup connections = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);

    private HttpServer(String component) {
        this.component = component;
    }

    /**
     * Listens on all of the addresses.
     *
     * @throws IOException if the first cannot be bound; the others are the same place in another family, which may be
     *     missing
     */
    static HttpServer start(
            String component,
            EventLoopGroup loops,
            List<InetSocketAddress> addresses,
            HttpEndpoint endpoint,
            InstantSource clock)
            throws IOException {
        HttpServer server = new HttpServer(component);
        for (InetSocketAddress address : addresses) {
            try {
                server.bind(loops, address, endpoint, clock);
            } catch (IOException e) {
                if (server.listeners.isEmpty()) {
                    throw e;
                }
                log.debug("{} does not listen on {}: {}", component, address, e.getMessage());
            }
        }
        return server;
    }

    private void bind(EventLoopGroup loops, InetSocketAddress address, HttpEndpoint endpoint, InstantSource clock)
            throws IOException {
        ServerBootstrap bootstrap = new ServerBootstrap()
                .group(loops)
                .channel(EpollServerSocketChannel.class)
                .option(ChannelOption.SO_BACKLOG, BACKLOG)
                .option(ChannelOption.SO_REUSEADDR, true)
                .childOption(ChannelOption.TCP_NODELAY, true)
                .childHandler(new ChannelInitializer<SocketChannel>() {
                    @Override
                    protected void initChannel(SocketChannel channel) {
                        accept(channel, endpoint, clock);
                    }
                });
        var bound = bootstrap.bind(address).awaitUninterruptibly();
        if (!bound.isSuccess()) {
            throw new IOException(
                    "failed to bind to address " + text(address) + " (" + component + "): "
                            + bound.cause().getMessage(),
                    bound.cause());
        }
        listeners.add(bound.channel());
        log.atInfo()
                .addKeyValue(
                        "address", IpPort.of((InetSocketAddress) bound.channel().localAddress()))
                .addKeyValue("component", component)
                .log("listener established");
    }

    private void accept(SocketChannel channel, HttpEndpoint endpoint, InstantSource clock) {
        if (connections.size() >= CONNECTIONS_MAX) {
            var _ = channel.close();
            return;
        }
        connections.add(channel);
        channel.pipeline()
                .addLast(new RequestTimeout())
                .addLast(new HttpServerCodec(LINE_BYTES_MAX, HEAD_BYTES_MAX, HEAD_BYTES_MAX))
                .addLast(new HttpConversation(endpoint, clock));
    }

    /** The ports that were bound. */
    List<InetSocketAddress> addresses() {
        return listeners.stream()
                .map(listener -> (InetSocketAddress) listener.localAddress())
                .toList();
    }

    @Override
    public void drain(DrainMode mode, Runnable finished) {
        listeners.forEach(listener -> {
            var _ = listener.close();
        });
        connections.forEach(channel -> channel.pipeline().fireUserEventTriggered(mode));
        connections.newCloseFuture().addListener(ignored -> {
            log.atInfo().addKeyValue("component", component).log("listener drained");
            finished.run();
        });
    }

    private static String text(InetSocketAddress address) {
        return IpPort.of(address).toString();
    }
}
