package io.culvert.proxy.address;

import io.culvert.xds.mesh.IpAddress;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Optional;

/**
 * An address and a port. IPv4-mapped IPv6 addresses are IPv4 here, because {@link IpAddress} makes them so: what a
 * dual-stack socket reports equals what the control plane sent.
 *
 * @param port 0 to 65535
 */
public record IpPort(IpAddress ip, int port) {

    private static final int PORT_MAX = 65_535;

    public IpPort {
        if (port < 0 || port > PORT_MAX) {
            throw new IllegalArgumentException("port out of range: " + port);
        }
    }

    /**
     * From a socket's address.
     *
     * @throws IllegalArgumentException if it holds a name that was not resolved
     */
    public static IpPort of(InetSocketAddress address) {
        InetAddress ip = address.getAddress();
        if (ip == null) {
            throw new IllegalArgumentException("not resolved: " + address.getHostString());
        }
        return new IpPort(IpAddress.of(ip), address.getPort());
    }

    /** "10.0.0.1:80" or "[::1]:80"; a name is not an address. */
    public static Optional<IpPort> parse(String text) {
        int colon = text.lastIndexOf(':');
        if (colon <= 0) {
            return Optional.empty();
        }
        String host = text.substring(0, colon);
        boolean bracketed = host.startsWith("[") && host.endsWith("]");
        String bare = bracketed ? host.substring(1, host.length() - 1) : host;
        if (bracketed != bare.indexOf(':') >= 0) {
            return Optional.empty();
        }
        int port = parsePort(text.substring(colon + 1));
        return port < 0 ? Optional.empty() : IpAddress.tryParse(bare).map(ip -> new IpPort(ip, port));
    }

    /** A port in decimal, or -1. */
    public static int parsePort(String text) {
        if (text.isEmpty() || text.length() > 5) {
            return -1;
        }
        int port = 0;
        for (int i = 0; i < text.length(); i++) {
            char digit = text.charAt(i);
            if (digit < '0' || digit > '9') {
                return -1;
            }
            port = port * 10 + digit - '0';
        }
        return port <= PORT_MAX ? port : -1;
    }

    /** For the socket layer. Does not resolve anything. */
    public InetSocketAddress toInetSocketAddress() {
        return new InetSocketAddress(ip.toInetAddress(), port);
    }

    /** As logs and authorities spell it: IPv6 in brackets. */
    @Override
    public String toString() {
        return ip.isV4() ? ip + ":" + port : "[" + ip + "]:" + port;
    }
}
