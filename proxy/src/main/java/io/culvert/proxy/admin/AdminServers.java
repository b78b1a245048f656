package io.culvert.proxy.admin;

import io.culvert.proxy.config.ProxyConfig;
import io.culvert.proxy.lifecycle.Drain;
import io.culvert.proxy.lifecycle.DrainMode;
import io.culvert.proxy.lifecycle.Readiness;
import io.culvert.proxy.telemetry.log.LogSink;
import io.culvert.proxy.telemetry.metrics.MetricsRegistry;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The three servers, on two threads: readiness has its own, so that a large dump or scrape never makes the kubelet
 * think that the proxy is gone.
 */
public final class AdminServers implements Drain.Participant, AutoCloseable {

    private final EventLoopGroup adminLoop = loop("culvert-admin");
    private final EventLoopGroup readinessLoop = loop("culvert-readiness");
    private final List<HttpServer> servers = new ArrayList<>();

    private AdminServers() {}

    /**
     * Begins to listen.
     *
     * @throws IOException naming the address that could not be bound; nothing is left open
     */
    public static AdminServers start(
            ProxyConfig.Ports ports,
            ConfigDump dump,
            LogSink sink,
            MetricsRegistry metrics,
            Readiness readiness,
            Drain drain,
            InstantSource clock)
            throws IOException {
        AdminServers started = new AdminServers();
        try {
            started.listen(
                    "readiness",
                    started.readinessLoop,
                    wildcard(ports.ipv6(), ports.readiness()),
                    new ReadinessEndpoint(readiness),
                    clock);
            started.listen(
                    "admin",
                    started.adminLoop,
                    localhost(ports.ipv6(), ports.admin()),
                    new AdminEndpoint(dump, sink, drain, clock),
                    clock);
            started.listen(
                    "stats",
                    started.adminLoop,
                    wildcard(ports.ipv6(), ports.stats()),
                    new MetricsEndpoint(metrics),
                    clock);
            return started;
        } catch (IOException e) {
            started.close();
            throw e;
        }
    }

    private void listen(
            String component,
            EventLoopGroup loop,
            List<InetSocketAddress> addresses,
            HttpEndpoint endpoint,
            InstantSource clock)
            throws IOException {
        servers.add(HttpServer.start(component, loop, addresses, endpoint, clock));
    }

    /** The IPv6 one takes IPv4 too; IPV6_ENABLED=false is for machines that have none. */
    private static List<InetSocketAddress> wildcard(boolean ipv6, int port) {
        return List.of(address(ipv6 ? "::" : "0.0.0.0", port));
    }

    private static List<InetSocketAddress> localhost(boolean ipv6, int port) {
        InetSocketAddress v4 = address("127.0.0.1", port);
        return ipv6 ? List.of(v4, address("::1", port)) : List.of(v4);
    }

    private static InetSocketAddress address(String literal, int port) {
        return new InetSocketAddress(InetAddress.ofLiteral(literal), port);
    }

    private static EventLoopGroup loop(String name) {
        return new MultiThreadIoEventLoopGroup(1, new DefaultThreadFactory(name, true), EpollIoHandler.newFactory());
    }

    /** Addresses of all listeners: readiness, admin (both families), stats. */
    public List<InetSocketAddress> addresses() {
        return servers.stream().flatMap(server -> server.addresses().stream()).toList();
    }

    /** Stops to listen at once; what is being answered is finished. */
    @Override
    public void drain(DrainMode mode, Runnable finished) {
        AtomicInteger left = new AtomicInteger(servers.size());
        for (HttpServer server : servers) {
            server.drain(mode, () -> {
                if (left.decrementAndGet() == 0) {
                    finished.run();
                }
            });
        }
    }

    /** Ends the threads; connections that are still open are closed. */
    @Override
    public void close() {
        drain(DrainMode.IMMEDIATE, () -> {});
        var _ = adminLoop.shutdownGracefully(0, 1, TimeUnit.SECONDS);
        var _ = readinessLoop.shutdownGracefully(0, 1, TimeUnit.SECONDS);
    }
}
