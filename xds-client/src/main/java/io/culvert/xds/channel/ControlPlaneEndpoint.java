package io.culvert.xds.channel;

import io.grpc.Metadata;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * A server of the control plane and how to speak to it.
 *
 * @param host name or address, without brackets
 * @param alternativeHost another name that its certificate may bear
 * @param clusterId goes with the token, as a header
 * @param headers more headers, by lower-case name
 * @param tls how both sides agree on keys and ciphers
 */
public record ControlPlaneEndpoint(
        String host,
        int port,
        RootCertificates roots,
        Optional<String> alternativeHost,
        Token token,
        String clusterId,
        Map<String, String> headers,
        KeepAlive keepAlive,
        TlsProfile tls) {
    private static final int HTTPS = 443;

    public ControlPlaneEndpoint {
        headers = Map.copyOf(headers);
        headers.keySet().forEach(ControlPlaneEndpoint::key);
    }

    /**
     * "https://host:port"; the scheme may be left out, the port is 443 by default.
     *
     * @throws IllegalArgumentException if it is not such an address, or a header's name is none
     */
    public static ControlPlaneEndpoint of(String address, RootCertificates roots, Token token, String clusterId) {
        URI uri;
        try {
            uri = URI.create(address.contains("://") ? address : "https://" + address);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("invalid uri: " + address, e);
        }
        if (!"https".equals(uri.getScheme()) || uri.getHost() == null) {
            throw new IllegalArgumentException("invalid uri: " + address + ": expected https://host:port");
        }
        String host = uri.getHost().startsWith("[")
                ? uri.getHost().substring(1, uri.getHost().length() - 1)
                : uri.getHost();
        int port = uri.getPort() < 0 ? HTTPS : uri.getPort();
        return new ControlPlaneEndpoint(
                host, port, roots, Optional.empty(), token, clusterId, Map.of(), KeepAlive.DEFAULT, TlsProfile.DEFAULT);
    }

    public ControlPlaneEndpoint withAlternativeHost(String name) {
        return new ControlPlaneEndpoint(
                host, port, roots, Optional.of(name), token, clusterId, headers, keepAlive, tls);
    }

    /** Names are lower-cased. */
    public ControlPlaneEndpoint withHeaders(Map<String, String> more) {
        return new ControlPlaneEndpoint(host, port, roots, alternativeHost, token, clusterId, more, keepAlive, tls);
    }

    public ControlPlaneEndpoint withKeepAlive(KeepAlive socket) {
        return new ControlPlaneEndpoint(host, port, roots, alternativeHost, token, clusterId, headers, socket, tls);
    }

    public ControlPlaneEndpoint withTls(TlsProfile profile) {
        return new ControlPlaneEndpoint(
                host, port, roots, alternativeHost, token, clusterId, headers, keepAlive, profile);
    }

    /** "host:port", brackets around an IPv6 address. */
    public String authority() {
        return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
    }

    static Metadata.Key<String> key(String name) {
        try {
            return Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("failed to parse header key: " + name, e);
        }
    }

    /** TCP keepalive of the connection. */
    public record KeepAlive(boolean enabled, Duration idle, Duration interval, int count) {
        public static final KeepAlive DEFAULT = new KeepAlive(true, Duration.ofMinutes(3), Duration.ofMinutes(3), 9);
    }
}
