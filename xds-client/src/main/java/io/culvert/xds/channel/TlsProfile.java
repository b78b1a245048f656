package io.culvert.xds.channel;

import java.util.List;

/**
 * What TLS we speak, with peers as with the control plane (ztunnel tls/lib.rs). Which of the two suites of TLS 1.3 is
 * preferred is BoringSSL's own affair.
 *
 * @param tls12 take TLS 1.2, too, where the other side has nothing better (TLS12_ENABLED)
 * @param postQuantumOnly agree on keys by X25519MLKEM768 or not at all (COMPLIANCE_POLICY=pqc)
 */
public record TlsProfile(boolean tls12, boolean postQuantumOnly) {

    /** TLS 1.3 alone, every group. */
    public static final TlsProfile DEFAULT = new TlsProfile(false, false);

    private static final String POST_QUANTUM = "X25519MLKEM768";

    /** Key exchange groups by BoringSSL's names, best first. */
    public List<String> groups() {
        return postQuantumOnly ? List.of(POST_QUANTUM) : List.of(POST_QUANTUM, "X25519", "P-256", "P-384");
    }

    /** The suites of TLS 1.2, should it come to that, by OpenSSL's names: forward secret, and AES-GCM alone. */
    public List<String> tls12Suites() {
        return List.of(
                "ECDHE-ECDSA-AES256-GCM-SHA384",
                "ECDHE-ECDSA-AES128-GCM-SHA256",
                "ECDHE-RSA-AES256-GCM-SHA384",
                "ECDHE-RSA-AES128-GCM-SHA256");
    }
}
