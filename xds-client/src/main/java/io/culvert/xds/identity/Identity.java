package io.culvert.xds.identity;

import java.util.Optional;

/** A SPIFFE identity as Istio forms it (ztunnel identity/manager.rs:Identity). */
public record Identity(String trustDomain, String namespace, String serviceAccount) implements Comparable<Identity> {
    private static final String SCHEME = "spiffe://";

    /**
     * {@code spiffe://<trust domain>/ns/<namespace>/sa/<service account>} and nothing else: exactly five parts, case
     * sensitive, no percent decoding.
     */
    public static Optional<Identity> parse(String text) {
        if (!text.startsWith(SCHEME)) {
            return Optional.empty();
        }
        String[] parts = text.substring(SCHEME.length()).split("/", -1);
        if (parts.length != 5 || !parts[1].equals("ns") || !parts[3].equals("sa")) {
            return Optional.empty();
        }
        return Optional.of(new Identity(parts[0], parts[2], parts[4]));
    }

    /** As policies name it: without the scheme. */
    public String principal() {
        return trustDomain + "/ns/" + namespace + "/sa/" + serviceAccount;
    }

    // Spelled out: what the compiler generates for records goes through method handles, which C1 does not inline.
    @Override
    public boolean equals(Object other) {
        return other instanceof Identity that
                && serviceAccount.equals(that.serviceAccount)
                && namespace.equals(that.namespace)
                && trustDomain.equals(that.trustDomain);
    }

    @Override
    public int hashCode() {
        return (trustDomain.hashCode() * 31 + namespace.hashCode()) * 31 + serviceAccount.hashCode();
    }

    @Override
    public int compareTo(Identity other) {
        return toString().compareTo(other.toString());
    }

    /** The SPIFFE URI. */
    @Override
    public String toString() {
        return SCHEME + principal();
    }
}
