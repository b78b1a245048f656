package io.culvert.proxy.tls;

import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A set of root certificates. Equal sets are one object per loop, so that a renewed certificate with the same roots
 * keeps the cache.
 */
final class TrustRoots {
    private final List<X509Certificate> certificates;
    private final Set<TrustAnchor> anchors;

    TrustRoots(List<X509Certificate> certificates) {
        this.certificates = List.copyOf(certificates);
        this.anchors =
                certificates.stream().map(root -> new TrustAnchor(root, null)).collect(Collectors.toUnmodifiableSet());
    }

    List<X509Certificate> certificates() {
        return certificates;
    }

    Set<TrustAnchor> anchors() {
        return anchors;
    }
}
