package io.culvert.proxy.admin;

import io.culvert.xds.identity.Identity;
import java.security.cert.X509Certificate;
import java.util.List;

/**
 * One identity in the dump.
 *
 * @param state Available, Initializing, or "Unavailable: why"
 * @param chain leaf, then intermediates; empty without a certificate
 */
public record CertificateEntry(
        Identity identity, String state, List<X509Certificate> chain, List<X509Certificate> roots) {
    public CertificateEntry {
        chain = List.copyOf(chain);
        roots = List.copyOf(roots);
    }
}
