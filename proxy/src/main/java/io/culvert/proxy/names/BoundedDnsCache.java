package io.culvert.proxy.names;

import io.netty.channel.EventLoop;
import io.netty.handler.codec.dns.DnsRecord;
import io.netty.resolver.dns.DefaultDnsCache;
import io.netty.resolver.dns.DnsCache;
import io.netty.resolver.dns.DnsCacheEntry;
import java.net.InetAddress;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Netty's cache of answers, which has no bound of its own. Used by one thread. */
final class BoundedDnsCache implements DnsCache {
    private final int namesMax;
    private final DefaultDnsCache cache;
    /** The one that has been there longest comes first, and goes first. */
    private final Set<String> names = new LinkedHashSet<>();

    BoundedDnsCache(int namesMax, int negativeTtlSeconds) {
        this.namesMax = namesMax;
        this.cache = new DefaultDnsCache(0, Integer.MAX_VALUE, negativeTtlSeconds);
    }

    private void makeRoom(String hostname) {
        if (names.add(hostname) && names.size() > namesMax) {
            String oldest = names.iterator().next();
            names.remove(oldest);
            boolean _ = cache.clear(oldest);
        }
    }

    @Override
    public void clear() {
        names.clear();
        cache.clear();
    }

    @Override
    public boolean clear(String hostname) {
        names.remove(hostname);
        return cache.clear(hostname);
    }

    @Override
    public @Nullable List<? extends DnsCacheEntry> get(String hostname, DnsRecord @Nullable [] additionals) {
        return cache.get(hostname, additionals);
    }

    @Override
    public DnsCacheEntry cache(
            String hostname,
            DnsRecord @Nullable [] additionals,
            InetAddress address,
            long originalTtl,
            EventLoop loop) {
        makeRoom(hostname);
        return cache.cache(hostname, additionals, address, originalTtl, loop);
    }

    @Override
    public DnsCacheEntry cache(String hostname, DnsRecord @Nullable [] additionals, Throwable cause, EventLoop loop) {
        makeRoom(hostname);
        return cache.cache(hostname, additionals, cause, loop);
    }
}
