/**
 * The DNS proxy on port 15053 of each pod (ztunnel: src/dns): names of the mesh are answered from the mesh state,
 * everything else goes to the resolvers of {@code /etc/resolv.conf}, from inside the pod's namespace.
 *
 * <p>All of a pod's DNS lives on one data loop. {@link io.culvert.proxy.dns.MeshNames} decides, and is a function of a
 * snapshot, a workload and a name; {@link io.culvert.proxy.dns.DnsServer} takes queries and sends answers,
 * {@link io.culvert.proxy.dns.Forward} asks a resolver. A pod that asks nothing has its listening sockets and nothing
 * else. Must not know the roads, {@code outbound} and {@code inbound}.
 */
@NullMarked
package io.culvert.proxy.dns;

import org.jspecify.annotations.NullMarked;
