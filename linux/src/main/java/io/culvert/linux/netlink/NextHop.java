package io.culvert.linux.netlink;

import java.net.InetAddress;

/** Where a route sends a packet. */
public sealed interface NextHop {
    /** Straight out of an interface. */
    record Device(int linkIndex) implements NextHop {}

    /**
     * To a neighbour that forwards it.
     *
     * @param linkIndex the interface that leads there; 0 lets the kernel find it when a route is added
     */
    record Gateway(InetAddress address, int linkIndex) implements NextHop {}

    /** Nowhere, as for an unreachable route; or several hops, which this code does not tell apart. */
    record Other() implements NextHop {}
}
