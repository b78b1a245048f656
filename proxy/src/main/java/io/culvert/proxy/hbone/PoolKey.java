package io.culvert.proxy.hbone;

import io.culvert.xds.identity.Identity;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;

/**
 * What two tunnels must have in common to share a connection (ztunnel proxy/pool.rs:WorkloadKey).
 *
 * @param source whose certificate we show
 * @param expected who the server may be, in order
 * @param destination where to connect to
 * @param sourceIp the address of the application: it is never mixed with another's
 */
public record PoolKey(Identity source, List<Identity> expected, InetSocketAddress destination, InetAddress sourceIp) {
    public PoolKey {
        expected = List.copyOf(expected);
    }
}
