package io.culvert.testkit.controlplane;

import java.util.Optional;

/**
 * {@code spiffe://trust-domain/ns/namespace/sa/account}: exactly five segments (istio: pkg/spiffe/spiffe.go
 * ParseIdentity).
 */
record SpiffeId(String trustDomain, String namespace, String serviceAccount) {
    private static final String SCHEME = "spiffe://";

    static Optional<SpiffeId> parse(String text) {
        if (!text.startsWith(SCHEME)) {
            return Optional.empty();
        }
        String[] parts = text.substring(SCHEME.length()).split("/", -1);
        return parts.length == 5 && parts[1].equals("ns") && parts[3].equals("sa")
                ? Optional.of(new SpiffeId(parts[0], parts[2], parts[4]))
                : Optional.empty();
    }

    static String text(String trustDomain, String namespace, String serviceAccount) {
        return SCHEME + trustDomain + "/ns/" + namespace + "/sa/" + serviceAccount;
    }
}
