package io.culvert.proxy.socks5;

import io.culvert.proxy.address.IpPort;

/** Where an application wants to go. */
sealed interface SocksTarget {

    /** By address. */
    record Address(IpPort address) implements SocksTarget {}

    /**
     * By name, which somebody has to resolve.
     *
     * @param name 1 to 255 bytes of UTF-8
     */
    record Name(String name, int port) implements SocksTarget {}
}
