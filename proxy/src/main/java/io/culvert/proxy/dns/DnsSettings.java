package io.culvert.proxy.dns;

import io.culvert.proxy.config.DnsAddress;
import java.nio.file.Path;

/**
 * What the DNS proxy is told.
 *
 * @param clusterDomain of Kubernetes names
 * @param preferredNamespace whose service is meant where several have one host name and none is the client's; or empty
 * @param ipv6 whether there are AAAA records, and a listener on ::1
 * @param address where it listens in each pod
 * @param resolvConf where the name servers are written
 */
public record DnsSettings(
        String clusterDomain, String preferredNamespace, boolean ipv6, DnsAddress address, Path resolvConf) {}
