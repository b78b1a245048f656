package io.culvert.testkit.controlplane;

import io.culvert.testkit.listen.Listening;
import io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.NettyServerBuilder;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;

/** The loop, the sockets and the TLS below gRPC: BoringSSL on epoll. */
final class Transport implements AutoCloseable {
    /** Requests name everything that a proxy holds; istiod's own limit is 4 MiB. */
    private static final int REQUEST_BYTES_MAX = 4 * 1024 * 1024;
    /** ztunnel pings every 30 s. */
    private static final long PING_SECONDS_MIN = 5;

    private final EventLoopGroup loop = new MultiThreadIoEventLoopGroup(
            1, new DefaultThreadFactory("testkit-control-io", true), EpollIoHandler.newFactory());

    NettyServerBuilder serverBuilder(Listening listening, ServerIdentity identity) throws SSLException {
        return NettyServerBuilder.forAddress(listening.address())
                .channelFactory(listening.channels())
                .bossEventLoopGroup(loop)
                .workerEventLoopGroup(loop)
                .permitKeepAliveTime(PING_SECONDS_MIN, TimeUnit.SECONDS)
                .permitKeepAliveWithoutCalls(true)
                .maxInboundMessageSize(REQUEST_BYTES_MAX)
                .sslContext(GrpcSslContexts.configure(SslContextBuilder.forServer(identity), SslProvider.OPENSSL)
                        .protocols("TLSv1.3", "TLSv1.2")
                        .build());
    }

    @Override
    public void close() {
        loop.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
    }
}
