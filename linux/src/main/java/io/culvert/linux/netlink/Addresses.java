package io.culvert.linux.netlink;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;

/** Bytes of the kernel as Java addresses. */
final class Addresses {
    private Addresses() {}

    /** An address of 4 or 16 bytes; 16 stay IPv6 even if v4-mapped, so that families never mix. */
    static InetAddress of(byte[] raw) {
        try {
            return raw.length == 16 ? Inet6Address.getByAddress(null, raw, -1) : InetAddress.getByAddress(raw);
        } catch (UnknownHostException e) {
            throw new IllegalArgumentException("an address of " + raw.length + " bytes", e);
        }
    }
}
