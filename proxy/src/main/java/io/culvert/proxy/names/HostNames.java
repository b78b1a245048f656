package io.culvert.proxy.names;

import io.culvert.xds.mesh.IpAddress;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.EpollDatagramChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.resolver.ResolvedAddressTypes;
import io.netty.resolver.dns.DnsNameResolver;
import io.netty.resolver.dns.DnsNameResolverBuilder;
import io.netty.resolver.dns.DnsServerAddressStreamProvider;
import io.netty.resolver.dns.DnsServerAddressStreamProviders;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.Future;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds the addresses of workloads that the control plane knows by host name only, by the name servers, search domains
 * and hosts file of the proxy's own machine or container (ztunnel state.rs:resolve_on_demand_dns).
 *
 * <p>Both families are asked for, as far as the machine has them; answers are kept for as long as they say, of at most
 * {@value #CACHED_MAX} names. One thread, which is not there before the first question.
 */
public final class HostNames implements AutoCloseable {

    /** As many as the original's library keeps. */
    static final int CACHED_MAX = 4_096;

    private static final Logger LOG = LoggerFactory.getLogger(HostNames.class);
    /** For one server's answer; the next is asked then, or the same again. */
    static final long QUERY_TIMEOUT_MS = TimeUnit.SECONDS.toMillis(5);

    /** That there is no such name is believed so long: a name server in trouble should not get every connection. */
    private static final int NEGATIVE_TTL_S = 1;

    private final boolean ipv6;
    private final Supplier<DnsServerAddressStreamProvider> servers;
    private final long queryTimeoutMs;
    private @Nullable EventLoopGroup group;
    private boolean closed;

    /** Made on its own thread, when first needed. */
    private @Nullable DnsNameResolver resolver;

    /** Takes the answer to one question. */
    public interface Listener {
        /** Never empty. */
        void found(List<IpAddress> addresses);

        /** No name server knew it, or none answered. */
        void unknown();
    }

    HostNames(boolean ipv6, Supplier<DnsServerAddressStreamProvider> servers, long queryTimeoutMs) {
        this.ipv6 = ipv6;
        this.servers = servers;
        this.queryTimeoutMs = queryTimeoutMs;
    }

    /** By the machine's configuration, which is read with the first question. */
    public static HostNames ofMachine(boolean ipv6) {
        return new HostNames(ipv6, DnsServerAddressStreamProviders::platformDefault, QUERY_TIMEOUT_MS);
    }

    /** Asks for {@code hostname}; the answer comes by {@code executor}. */
    public void resolve(String hostname, Executor executor, Listener listener) {
        EventLoop loop = loop();
        loop.execute(() -> {
            Future<List<InetAddress>> asked;
            try {
                asked = resolver(loop).resolveAll(hostname);
            } catch (IllegalArgumentException e) {
                LOG.debug("{} is no host name: {}", hostname, e.getMessage());
                executor.execute(listener::unknown);
                return;
            }
            var _ = asked.addListener(answer -> tell(hostname, asked, executor, listener));
        });
    }

    private static void tell(String hostname, Future<List<InetAddress>> answer, Executor executor, Listener listener) {
        if (!answer.isSuccess() || answer.getNow().isEmpty()) {
            LOG.debug("dns lookup of {} failed", hostname, answer.cause());
            executor.execute(listener::unknown);
            return;
        }
        List<IpAddress> addresses = new ArrayList<>();
        answer.getNow().forEach(address -> addresses.add(IpAddress.of(address)));
        executor.execute(() -> listener.found(addresses));
    }

    /** The thread; made when first needed, for most nodes have no such workload. */
    private synchronized EventLoop loop() {
        if (closed) {
            throw new IllegalStateException("asked after the end");
        }
        EventLoopGroup made = group;
        if (made == null) {
            made = new MultiThreadIoEventLoopGroup(
                    1, new DefaultThreadFactory("culvert-names", true), EpollIoHandler.newFactory());
            group = made;
        }
        return made.next();
    }

    private DnsNameResolver resolver(EventLoop loop) {
        if (resolver == null) {
            resolver = new DnsNameResolverBuilder(loop)
                    .datagramChannelType(EpollDatagramChannel.class)
                    .socketChannelType(EpollSocketChannel.class)
                    .nameServerProvider(servers.get())
                    .resolvedAddressTypes(ipv6 ? ResolvedAddressTypes.IPV4_PREFERRED : ResolvedAddressTypes.IPV4_ONLY)
                    .completeOncePreferredResolved(false)
                    .queryTimeoutMillis(queryTimeoutMs)
                    .resolveCache(new BoundedDnsCache(CACHED_MAX, NEGATIVE_TTL_S))
                    .consolidateCacheSize(CACHED_MAX)
                    .build();
        }
        return resolver;
    }

    @Override
    public synchronized void close() {
        closed = true;
        if (group != null) {
            var _ = group.shutdownGracefully(0, 1, TimeUnit.SECONDS);
        }
    }
}
