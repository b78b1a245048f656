package io.culvert.linux.netlink;

import java.net.InetAddress;

/**
 * One entry of a routing table.
 *
 * @param table {@link #MAIN_TABLE}, {@link #LOCAL_TABLE} or a number of one's own
 * @param scope how far away the destination is (rtnetlink RT_SCOPE_*): {@link #UNIVERSE}, {@link #LINK}, {@link #HOST};
 *     the kernel reports {@link #UNIVERSE} for all of IPv6
 * @param metric lower wins; 0 lets the kernel choose (IPv6 then reports 1024)
 */
public record Route(IpPrefix destination, int table, RouteType type, int scope, NextHop hop, int metric) {
    public static final int MAIN_TABLE = 254;
    public static final int LOCAL_TABLE = 255;

    public static final int UNIVERSE = 0;
    public static final int LINK = 253;
    public static final int HOST = 254;

    /** Reaches the destination through a neighbour, in the main table. */
    public static Route via(IpPrefix destination, InetAddress gateway) {
        NextHop hop = new NextHop.Gateway(gateway, 0);
        return new Route(destination, MAIN_TABLE, RouteType.UNICAST, UNIVERSE, hop, 0);
    }

    /** Reaches the destination straight out of an interface, in the main table. */
    public static Route device(IpPrefix destination, int linkIndex) {
        return new Route(destination, MAIN_TABLE, RouteType.UNICAST, LINK, new NextHop.Device(linkIndex), 0);
    }

    /** Takes packets for the destination as this host's own ("local default dev lo"). */
    public static Route local(IpPrefix destination, int linkIndex) {
        return new Route(destination, LOCAL_TABLE, RouteType.LOCAL, HOST, new NextHop.Device(linkIndex), 0);
    }

    public Route inTable(int otherTable) {
        return new Route(destination, otherTable, type, scope, hop, metric);
    }
}
