package io.culvert.proxy.routing;

import io.culvert.proxy.address.IpPort;
import java.util.Optional;

/** What an inbound CONNECT asks for. */
public sealed interface Authority {

    /** An address; the usual case. */
    record Ip(IpPort address) implements Authority {
        @Override
        public String toString() {
            return address.toString();
        }
    }

    /** A service by its host name: from another network. */
    record Host(String hostname, int port) implements Authority {
        @Override
        public String toString() {
            return hostname + ":" + port;
        }
    }

    /** Longest host name that a DNS name can be (RFC 1035 section 2.3.4). */
    int HOSTNAME_CHARS_MAX = 253;

    /** {@code ip:port} or {@code host:port}; the port is not optional. */
    static Optional<Authority> parse(CharSequence text) {
        String authority = text.toString();
        Optional<IpPort> address = IpPort.parse(authority);
        if (address.isPresent()) {
            return Optional.of(new Ip(address.get()));
        }
        int colon = authority.lastIndexOf(':');
        int port = colon <= 0 || colon > HOSTNAME_CHARS_MAX ? -1 : IpPort.parsePort(authority.substring(colon + 1));
        String host = port < 0 ? "" : authority.substring(0, colon);
        return isHostname(host) ? Optional.of(new Host(host, port)) : Optional.empty();
    }

    private static boolean isHostname(String text) {
        return !text.isEmpty() && text.chars().allMatch(Authority::isHostnameChar);
    }

    private static boolean isHostnameChar(int c) {
        return (c < 0x80 && Character.isLetterOrDigit(c)) || "-._*".indexOf(c) >= 0;
    }
}
