package io.culvert.xds.channel;

import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyChannelBuilder;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollDomainSocketChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.unix.DomainSocketAddress;
import io.netty.handler.ssl.OpenSslContextOption;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;

/**
 * Makes gRPC channels over epoll and BoringSSL, all on one event loop thread of its own ({@code culvert-grpc}); the
 * calls' listeners run on the control loop. HTTP/2 alone, no client certificate, no proxy from the environment.
 */
public final class GrpcTransport implements AutoCloseable {
    /** What istiod may send in one message (ztunnel xds/client.rs). */
    static final int MESSAGE_BYTES_MAX = 200 * 1024 * 1024;

    /** A mesh takes up to twice as much as the message that it comes in: what would not fit ends the process. */
    private static final int HEAPS_PER_MESSAGE = 2;

    /** There are two or three channels, each of which ends within milliseconds if anything works at all. */
    private static final int CLOSE_MILLIS_MAX = 500;

    private static final int PING_SECONDS = 30;
    private static final int PING_TIMEOUT_SECONDS = 10;
    private static final Metadata.Key<String> AUTHORIZATION = ControlPlaneEndpoint.key("authorization");
    private static final Metadata.Key<String> CLUSTER_ID = ControlPlaneEndpoint.key("clusterid");

    private final EventLoopGroup eventLoop = new MultiThreadIoEventLoopGroup(
            1, new DefaultThreadFactory("culvert-grpc", true, Thread.MIN_PRIORITY), EpollIoHandler.newFactory());
    private final ControlLoop control;
    /** Those that are not at their end yet, and some that are. */
    private final Set<ManagedChannel> channels = ConcurrentHashMap.newKeySet();

    private volatile boolean closed;

    public GrpcTransport(ControlLoop control) {
        this.control = control;
    }

    /**
     * A channel that trusts the roots given; nothing is connected yet.
     *
     * @param rootsPem as read from the endpoint's roots; empty: the system's own
     * @throws IOException if the roots cannot be used
     */
    public ManagedChannel open(ControlPlaneEndpoint endpoint, Optional<String> rootsPem) throws IOException {
        var builder = NettyChannelBuilder.forTarget("dns:///" + endpoint.authority())
                .eventLoopGroup(eventLoop)
                .channelType(EpollSocketChannel.class)
                .sslContext(sslContext(endpoint, rootsPem))
                .executor(control)
                .proxyDetector(target -> null)
                .disableRetry()
                .disableServiceConfigLookUp()
                .keepAliveTime(PING_SECONDS, TimeUnit.SECONDS)
                .keepAliveTimeout(PING_TIMEOUT_SECONDS, TimeUnit.SECONDS)
                .maxInboundMessageSize(messageBytesMax(Runtime.getRuntime().maxMemory()));
        var keepAlive = endpoint.keepAlive();
        builder.withOption(ChannelOption.SO_KEEPALIVE, keepAlive.enabled());
        if (keepAlive.enabled()) {
            builder.withOption(EpollChannelOption.TCP_KEEPIDLE, (int)
                            keepAlive.idle().toSeconds())
                    .withOption(EpollChannelOption.TCP_KEEPINTVL, (int)
                            keepAlive.interval().toSeconds())
                    .withOption(EpollChannelOption.TCP_KEEPCNT, keepAlive.count());
        }
        return tracked(builder.build());
    }

    private ManagedChannel tracked(ManagedChannel channel) {
        channels.removeIf(ManagedChannel::isTerminated);
        channels.add(channel);
        if (closed) {
            channel.shutdownNow();
        }
        return channel;
    }

    /**
     * The longest message that is taken: refusing one leaves what is known in use, running out of memory does not.
     *
     * @param heapBytesMax of this process
     */
    static int messageBytesMax(long heapBytesMax) {
        return (int) Math.min(MESSAGE_BYTES_MAX, heapBytesMax / HEAPS_PER_MESSAGE);
    }

    /** A channel to a server on this node, by its socket: no TLS and no pings, for the kernel tells who is there. */
    public ManagedChannel openSocket(Path socket) {
        return tracked(NettyChannelBuilder.forAddress(new DomainSocketAddress(socket.toString()))
                .eventLoopGroup(eventLoop)
                .channelType(EpollDomainSocketChannel.class)
                .usePlaintext()
                // There is no name; some servers refuse a path in its place.
                .overrideAuthority("localhost")
                .executor(control)
                .proxyDetector(target -> null)
                .disableRetry()
                .disableServiceConfigLookUp()
                .build());
    }

    private static SslContext sslContext(ControlPlaneEndpoint endpoint, Optional<String> rootsPem) throws IOException {
        String origin = endpoint.roots().origin();
        var chains = RootCertificates.trustManager(rootsPem.orElse(null), origin);
        var trust = new ServerTrust(chains, origin, endpoint.host(), endpoint.alternativeHost());
        try {
            var context = SslContextBuilder.forClient().trustManager(trust);
            TlsProfile profile = endpoint.tls();
            GrpcSslContexts.configure(context, SslProvider.OPENSSL)
                    .option(OpenSslContextOption.GROUPS, profile.groups().toArray(new String[0]));
            if (profile.tls12()) {
                List<String> suites = new ArrayList<>(profile.tls12Suites());
                suites.add("TLS_AES_256_GCM_SHA384");
                suites.add("TLS_AES_128_GCM_SHA256");
                context.protocols("TLSv1.3", "TLSv1.2").ciphers(suites);
            } else {
                context.protocols("TLSv1.3");
            }
            return context.build();
        } catch (SSLException e) {
            throw new IOException("TLS cannot be set up: " + e.getMessage(), e);
        }
    }

    /**
     * The headers of one stream or call; the token is read now.
     *
     * @throws IOException if there is no token where one should be
     */
    public static Metadata headers(ControlPlaneEndpoint endpoint) throws IOException {
        Metadata headers = new Metadata();
        endpoint.headers().forEach((name, value) -> headers.put(ControlPlaneEndpoint.key(name), value));
        endpoint.token().read().ifPresent(token -> {
            headers.put(AUTHORIZATION, "Bearer " + token);
            headers.put(CLUSTER_ID, endpoint.clusterId());
        });
        return headers;
    }

    /**
     * Ends all channels, and the thread behind them: a channel that outlives it complains of each thing that it would
     * still do. A channel that is opened later can do nothing.
     */
    @Override
    public void close() {
        closed = true;
        channels.forEach(ManagedChannel::shutdownNow);
        try {
            for (ManagedChannel channel : channels) {
                var _ = channel.awaitTermination(CLOSE_MILLIS_MAX, TimeUnit.MILLISECONDS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        var _ = eventLoop.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    }
}
