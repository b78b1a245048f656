package io.culvert.proxy.telemetry;

/** Values of the {@code connection_security_policy} label. */
public enum SecurityPolicy {
    UNKNOWN("unknown"),
    MUTUAL_TLS("mutual_tls");

    private final String label;

    SecurityPolicy(String label) {
        this.label = label;
    }

    /** The label value. */
    public String label() {
        return label;
    }
}
