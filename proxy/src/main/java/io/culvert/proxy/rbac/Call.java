package io.culvert.proxy.rbac;

import io.culvert.proxy.address.IpPort;

/**
 * The connection that policy is asked about.
 *
 * @param source the TCP peer: behind a waypoint, the waypoint
 * @param destination the final target: the pod's address and resolved port, never 15008
 */
public record Call(IpPort source, IpPort destination, Peer peer) {}
