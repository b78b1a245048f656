package io.culvert.proxy;

import io.culvert.proxy.dns.DnsService;
import io.culvert.proxy.hbone.HboneConfig;
import io.culvert.proxy.socks5.SocksMetrics;
import io.culvert.proxy.socks5.SocksNames;

/**
 * What the roads of every pod need beside its services.
 *
 * @param tunnels of 15008
 * @param socks5 whether 15080 is served (UNSTABLE_ENABLE_SOCKS5)
 * @param names finds what applications name on 15080
 * @param dnsProxy whether 15053 is served (DNS_CAPTURE)
 */
record Roads(
        HboneConfig tunnels,
        boolean socks5,
        SocksNames names,
        SocksMetrics socksMetrics,
        boolean dnsProxy,
        DnsService dns) {}
