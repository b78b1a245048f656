package io.culvert.linux.netlink;

import java.net.InetAddress;

/**
 * An address of an interface.
 *
 * @param tentative an IPv6 address that the kernel does not let anyone use yet
 */
public record InterfaceAddress(int linkIndex, InetAddress address, int prefixLength, boolean tentative) {}
