package io.culvert.linux.netlink;

/**
 * A network interface.
 *
 * @param index its number in its namespace, from 1
 * @param kind "veth", "bridge" and so on; empty for devices without, such as the loopback
 * @param mtu in bytes
 * @param masterIndex the bridge that it is a port of, or 0
 * @param up whether it is switched on (IFF_UP)
 * @param running whether it also has a carrier (IFF_RUNNING)
 */
public record Link(int index, String name, String kind, int mtu, int masterIndex, boolean up, boolean running) {}
