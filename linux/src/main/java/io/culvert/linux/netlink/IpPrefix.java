package io.culvert.linux.netlink;

import java.net.InetAddress;

/** A range of addresses, such as 10.1.2.0/24. Bits behind the prefix must be zero, as the kernel demands of routes. */
public record IpPrefix(InetAddress address, int length) {
    public IpPrefix {
        byte[] raw = address.getAddress();
        if (length < 0 || length > raw.length * 8) {
            throw new IllegalArgumentException("prefix length " + length + " of " + address.getHostAddress());
        }
        for (int bit = length; bit < raw.length * 8; bit++) {
            if ((raw[bit / 8] & (0x80 >> (bit % 8))) != 0) {
                throw new IllegalArgumentException(
                        address.getHostAddress() + "/" + length + " has bits behind its prefix");
            }
        }
    }

    /** Reads "10.1.2.0/24", "fd00::/64", or an address alone. Never asks a name server. */
    public static IpPrefix parse(String text) {
        int slash = text.indexOf('/');
        InetAddress address = InetAddress.ofLiteral(slash < 0 ? text : text.substring(0, slash));
        int length = slash < 0 ? address.getAddress().length * 8 : Integer.parseInt(text.substring(slash + 1));
        return new IpPrefix(address, length);
    }

    /** 0.0.0.0/0 or ::/0. */
    public static IpPrefix all(IpFamily family) {
        return new IpPrefix(family.any(), 0);
    }

    /** Just this address. */
    public static IpPrefix host(InetAddress address) {
        return new IpPrefix(address, address.getAddress().length * 8);
    }

    public IpFamily family() {
        return IpFamily.of(address);
    }

    @Override
    public String toString() {
        return address.getHostAddress() + "/" + length;
    }
}
