package io.culvert.proxy.tls;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.PublicKey;
import java.security.cert.CRLException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.security.auth.x500.X500Principal;

/**
 * The revocation lists of one file, by the name of who issued them. Immutable; any thread.
 *
 * <p>The whole chain of a peer is looked up, but for the root, which nobody revokes. A certificate of which no list
 * speaks is good, and a list that should have been replaced long ago still counts (ztunnel
 * tls/revocation.rs:verify_cert_chain).
 */
final class RevocationLists {
    /** Nothing is revoked. */
    static final RevocationLists NONE = new RevocationLists(Map.of(), 0);

    private static final String ANY_BEGIN = "-----BEGIN";
    private static final String BEGIN = "-----BEGIN X509 CRL-----";
    private static final String END = "-----END X509 CRL-----";

    private final Map<X500Principal, List<RevocationList>> byIssuer;
    private final int size;

    private RevocationLists(Map<X500Principal, List<RevocationList>> byIssuer, int size) {
        this.byIssuer = byIssuer;
        this.size = size;
    }

    /**
     * Reads PEM with any number of lists, among other things or not, or one list as DER. Nothing at all is no list.
     *
     * @throws InvalidRevocationList if anything that is to be a list is none: the rest is not used either
     */
    static RevocationLists parse(byte[] file) throws InvalidRevocationList {
        List<byte[]> ders = ders(file);
        Map<X500Principal, List<RevocationList>> byIssuer = new HashMap<>();
        for (int i = 0; i < ders.size(); i++) {
            X509CRL list = list(ders.get(i), i + 1);
            byIssuer.computeIfAbsent(list.getIssuerX500Principal(), unknown -> new ArrayList<>())
                    .add(new RevocationList(list));
        }
        return new RevocationLists(byIssuer, ders.size());
    }

    private static List<byte[]> ders(byte[] file) throws InvalidRevocationList {
        String text = new String(file, StandardCharsets.ISO_8859_1);
        if (!text.startsWith(ANY_BEGIN)) {
            return file.length == 0 ? List.of() : List.of(file);
        }
        List<byte[]> found = new ArrayList<>();
        for (int begin = text.indexOf(BEGIN); begin >= 0; begin = text.indexOf(BEGIN, begin + 1)) {
            int end = text.indexOf(END, begin);
            if (end < 0) {
                throw new InvalidRevocationList("failed to parse CRL: failed to parse PEM: a list without its end");
            }
            try {
                found.add(Base64.getMimeDecoder().decode(text.substring(begin + BEGIN.length(), end)));
            } catch (IllegalArgumentException e) {
                throw new InvalidRevocationList("failed to parse CRL: failed to parse PEM: " + e.getMessage());
            }
        }
        return found;
    }

    private static X509CRL list(byte[] der, int number) throws InvalidRevocationList {
        String what = "CRL error: failed to parse crl " + number + ": ";
        try {
            X509CRL list = (X509CRL) CertificateFactory.getInstance("X.509").generateCRL(new ByteArrayInputStream(der));
            if (list.hasUnsupportedCriticalExtension()) {
                throw new InvalidRevocationList(
                        what + "an unknown critical extension among " + list.getCriticalExtensionOIDs());
            }
            return list;
        } catch (CRLException e) {
            throw new InvalidRevocationList(what + e.getMessage());
        } catch (CertificateException e) {
            throw new IllegalStateException("the JDK's X.509 implementation", e);
        }
    }

    /** Lists of the file. */
    int size() {
        return size;
    }

    /** Whether the peer's certificate, or one between it and the root, was revoked by who issued it. */
    boolean revokes(VerifiedPeer peer) {
        if (byIssuer.isEmpty()) {
            return false;
        }
        List<X509Certificate> path = peer.path();
        for (int i = 0; i < path.size(); i++) {
            X509Certificate issuer = i + 1 < path.size() ? path.get(i + 1) : peer.root();
            if (isNamed(path.get(i), issuer.getPublicKey())) {
                return true;
            }
        }
        return false;
    }

    private boolean isNamed(X509Certificate certificate, PublicKey issuer) {
        for (RevocationList list : byIssuer.getOrDefault(certificate.getIssuerX500Principal(), List.of())) {
            if (list.names(certificate, issuer)) {
                return true;
            }
        }
        return false;
    }
}
