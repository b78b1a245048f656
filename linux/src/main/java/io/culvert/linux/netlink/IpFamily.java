package io.culvert.linux.netlink;

import java.net.Inet4Address;
import java.net.InetAddress;

/** IPv4 or IPv6, with the kernel's number of the family. */
public enum IpFamily {
    V4(2, 4),
    V6(10, 16);

    private final int number;
    private final int addressBytes;

    IpFamily(int number, int addressBytes) {
        this.number = number;
        this.addressBytes = addressBytes;
    }

    public static IpFamily of(InetAddress address) {
        return address instanceof Inet4Address ? V4 : V6;
    }

    /** AF_INET or AF_INET6. */
    public int number() {
        return number;
    }

    public int addressBytes() {
        return addressBytes;
    }

    /** 0.0.0.0 or ::. */
    public InetAddress any() {
        return Addresses.of(new byte[addressBytes]);
    }
}
