package io.culvert.xds.identity;

import java.security.GeneralSecurityException;
import java.security.cert.CertPathBuilder;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertStore;
import java.security.cert.CollectionCertStoreParameters;
import java.security.cert.PKIXBuilderParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509CertSelector;
import java.security.cert.X509Certificate;
import java.util.Comparator;
import java.util.Date;
import java.util.List;
import java.util.stream.Collectors;

/** Whether a chain leads to the roots that came with it, as a peer that was given the same roots would look. */
final class IssuedPath {
    private IssuedPath() {}

    /** Judged at the moment when the youngest of the chain became valid: whether it has expired is another question. */
    static boolean leads(List<X509Certificate> chain, List<X509Certificate> roots) {
        try {
            X509CertSelector leaf = new X509CertSelector();
            leaf.setCertificate(chain.getFirst());
            var anchors =
                    roots.stream().map(root -> new TrustAnchor(root, null)).collect(Collectors.toSet());
            PKIXBuilderParameters parameters = new PKIXBuilderParameters(anchors, leaf);
            parameters.setRevocationEnabled(false);
            parameters.addCertStore(CertStore.getInstance("Collection", new CollectionCertStoreParameters(chain)));
            parameters.setDate(chain.stream()
                    .map(X509Certificate::getNotBefore)
                    .max(Comparator.naturalOrder())
                    .orElseGet(Date::new));
            var _ = CertPathBuilder.getInstance("PKIX").build(parameters);
            return true;
        } catch (CertPathBuilderException e) {
            return false;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("the JDK's PKIX implementation", e);
        }
    }
}
