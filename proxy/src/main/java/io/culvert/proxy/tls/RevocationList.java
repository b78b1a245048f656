package io.culvert.proxy.tls;

import java.security.GeneralSecurityException;
import java.security.PublicKey;
import java.security.cert.CRLReason;
import java.security.cert.X509CRL;
import java.security.cert.X509CRLEntry;
import java.security.cert.X509Certificate;
import java.util.concurrent.ConcurrentHashMap;

/**
 * One revocation list (RFC 5280 section 5). It counts for what the key that signed it has issued: an authority of the
 * same name with another key, as after a rotation of its root, has lists of its own. Its age does not matter. Any
 * thread.
 */
final class RevocationList {
    /** Authorities of one name whose keys are remembered; a mesh has one, and two while it rotates. */
    private static final int SIGNERS_MAX = 64;

    private final X509CRL list;
    private final ConcurrentHashMap<PublicKey, Boolean> signers = new ConcurrentHashMap<>();

    RevocationList(X509CRL list) {
        this.list = list;
    }

    /** Whether it names this certificate, which that key has signed. The look-up is cheap, the signature is not. */
    boolean names(X509Certificate certificate, PublicKey issuer) {
        X509CRLEntry entry = list.getRevokedCertificate(certificate);
        return entry != null && entry.getRevocationReason() != CRLReason.REMOVE_FROM_CRL && isSignedBy(issuer);
    }

    private boolean isSignedBy(PublicKey key) {
        Boolean known = signers.get(key);
        if (known == null) {
            known = verifies(key);
            if (signers.size() < SIGNERS_MAX) {
                signers.put(key, known);
            }
        }
        return known;
    }

    private boolean verifies(PublicKey key) {
        try {
            list.verify(key);
            return true;
        } catch (GeneralSecurityException e) {
            return false;
        }
    }
}
