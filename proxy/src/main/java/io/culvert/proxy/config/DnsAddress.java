package io.culvert.proxy.config;

import io.culvert.proxy.address.IpPort;

/** Where the DNS proxy listens in a pod (metadata DNS_PROXY_ADDR). */
public sealed interface DnsAddress {

    int port();

    /** On 127.0.0.1 and, in pods that have it, on ::1. */
    record Localhost(int port) implements DnsAddress {
        /** As the setting spells it. */
        @Override
        public String toString() {
            return "localhost:" + port;
        }
    }

    /** On this address alone. */
    record Explicit(IpPort at) implements DnsAddress {
        @Override
        public int port() {
            return at.port();
        }

        @Override
        public String toString() {
            return at.toString();
        }
    }

    /** Reads the setting: "localhost:port" or "ip:port". */
    static DnsAddress parse(String text) throws ConfigException {
        String host = "localhost:";
        if (text.startsWith(host)) {
            int port = IpPort.parsePort(text.substring(host.length()));
            if (port >= 0) {
                return new Localhost(port);
            }
            throw unreadable(text, "invalid port");
        }
        return IpPort.parse(text)
                .<DnsAddress>map(Explicit::new)
                .orElseThrow(() -> unreadable(text, "invalid socket address syntax"));
    }

    private static ConfigException unreadable(String text, String why) {
        return new ConfigException("invalid configuration: failed to parse DNS_PROXY_ADDR: " + text + " (" + why
                + "; write localhost:15053 or ip:port)");
    }
}
