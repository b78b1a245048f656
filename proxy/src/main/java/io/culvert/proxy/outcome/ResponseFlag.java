package io.culvert.proxy.outcome;

/**
 * Values of the {@code response_flags} metric label, as ztunnel's {@code proxy/metrics.rs:ResponseFlags} names them.
 */
public enum ResponseFlag {
    /** Nothing failed, or the connection was dropped by a drain. */
    NONE("-"),
    /** Refused or cut off by authorization policy. */
    DENY("DENY"),
    /** The next hop could not be reached; also every cause without a flag of its own. */
    CONNECT("CONNECT"),
    /** TLS could not be set up for reasons of our own configuration. */
    TLS_FAILURE("TLS_FAILURE"),
    /** The tunnel's HTTP/2 failed. */
    H2_HANDSHAKE_FAILURE("H2_HANDSHAKE_FAILURE"),
    /** A tunnel dial timed out: often a NetworkPolicy that does not admit port 15008. */
    NETWORK_POLICY("NETWORK_POLICY"),
    /** No certificate for the workload. */
    IDENTITY_ERROR("IDENTITY_ERROR"),
    /** The peer's certificate was revoked while the connection ran. */
    CERT_REVOKED("CERT_REVOKED");

    private final String label;

    ResponseFlag(String label) {
        this.label = label;
    }

    /** The label value. */
    public String label() {
        return label;
    }
}
