package io.culvert.proxy.tls;

import static io.netty.internal.tcnative.CertificateVerifier.X509_V_ERR_CERT_REJECTED;
import static io.netty.internal.tcnative.CertificateVerifier.X509_V_ERR_INVALID_PURPOSE;
import static io.netty.internal.tcnative.CertificateVerifier.X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY;

import io.culvert.xds.identity.Identity;
import java.io.ByteArrayInputStream;
import java.security.GeneralSecurityException;
import java.security.cert.CertPathBuilder;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.CertificateParsingException;
import java.security.cert.CollectionCertStoreParameters;
import java.security.cert.PKIXBuilderParameters;
import java.security.cert.PKIXCertPathBuilderResult;
import java.security.cert.X509CertSelector;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;

/**
 * Looks for a path from a presented leaf to a root (RFC 5280 section 6, by the JDK's PKIX implementation), whatever the
 * time: the path is judged at a moment when all its certificates are valid, and the time span is part of the answer.
 * Revocation lists are not consulted here, but by {@link PeerVerifier}. Costs about a millisecond; that one remembers
 * the answers.
 */
final class ChainVerifier {
    /** RFC 5280 section 4.2.1.12. */
    private static final String EKU_SERVER = "1.3.6.1.5.5.7.3.1";

    private static final String EKU_CLIENT = "1.3.6.1.5.5.7.3.2";
    /** subjectAltName's tag of a URI (RFC 5280 section 4.2.1.6). */
    private static final int SAN_URI = 6;

    private ChainVerifier() {}

    /** What the peer is in this connection: decides which extended key usage its certificate needs. */
    enum PeerRole {
        SERVER,
        CLIENT
    }

    /** A path, good from {@code notBefore} to {@code notAfter}. */
    record Verified(VerifiedPeer peer, Instant notBefore, Instant notAfter) {}

    /**
     * Verifies DER certificates as presented: the leaf first, then others in any order, of which useless ones are
     * ignored.
     */
    static Verified verify(byte[][] presented, TrustRoots roots, PeerRole role) throws PeerRejected {
        List<X509Certificate> certificates = decode(presented);
        X509Certificate leaf = certificates.getFirst();
        PKIXCertPathBuilderResult built = buildPath(leaf, certificates, roots);
        List<X509Certificate> path = path(built);
        Instant notBefore = Instant.MIN;
        Instant notAfter = Instant.MAX;
        for (X509Certificate certificate : path) {
            checkUsage(certificate, role);
            notBefore = later(notBefore, certificate.getNotBefore().toInstant());
            notAfter = earlier(notAfter, certificate.getNotAfter().toInstant());
        }
        List<String> uris = uris(leaf);
        var identity =
                uris.stream().flatMap(uri -> Identity.parse(uri).stream()).findFirst();
        return new Verified(
                new VerifiedPeer(identity, uris, path, built.getTrustAnchor().getTrustedCert()), notBefore, notAfter);
    }

    private static List<X509Certificate> decode(byte[][] presented) throws PeerRejected {
        if (presented.length == 0) {
            throw new PeerRejected(X509_V_ERR_CERT_REJECTED, PeerFault.UNUSABLE, "peer sent no certificates");
        }
        try {
            CertificateFactory factory = CertificateFactory.getInstance("X.509");
            List<X509Certificate> certificates = new ArrayList<>(presented.length);
            for (byte[] der : presented) {
                certificates.add((X509Certificate) factory.generateCertificate(new ByteArrayInputStream(der)));
            }
            return certificates;
        } catch (CertificateException e) {
            throw new PeerRejected(
                    X509_V_ERR_CERT_REJECTED, PeerFault.UNUSABLE, "invalid peer certificate: BadEncoding");
        }
    }

    private static PKIXCertPathBuilderResult buildPath(
            X509Certificate leaf, List<X509Certificate> presented, TrustRoots roots) throws PeerRejected {
        if (roots.certificates().isEmpty()) {
            throw unknownIssuer();
        }
        try {
            X509CertSelector target = new X509CertSelector();
            target.setCertificate(leaf);
            PKIXBuilderParameters parameters = new PKIXBuilderParameters(roots.anchors(), target);
            parameters.setRevocationEnabled(false);
            parameters.addCertStore(CertStore.getInstance("Collection", new CollectionCertStoreParameters(presented)));
            parameters.setDate(Date.from(commonMoment(presented)));
            return (PKIXCertPathBuilderResult)
                    CertPathBuilder.getInstance("PKIX").build(parameters);
        } catch (CertPathBuilderException e) {
            throw unknownIssuer();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("the JDK's PKIX implementation", e);
        }
    }

    private static List<X509Certificate> path(PKIXCertPathBuilderResult built) throws PeerRejected {
        List<X509Certificate> path = new ArrayList<>();
        for (Certificate certificate : built.getCertPath().getCertificates()) {
            path.add((X509Certificate) certificate);
        }
        if (path.isEmpty()) {
            // The leaf is itself one of the roots: nobody issued it.
            throw unknownIssuer();
        }
        return List.copyOf(path);
    }

    /** A moment when the leaf is valid, and as many of the others as one moment allows: the latest beginning. */
    private static Instant commonMoment(List<X509Certificate> presented) {
        Instant leafEnd = presented.getFirst().getNotAfter().toInstant();
        Instant moment = presented.getFirst().getNotBefore().toInstant();
        for (X509Certificate certificate : presented) {
            Instant begin = certificate.getNotBefore().toInstant();
            if (begin.isAfter(moment) && begin.isBefore(leafEnd)) {
                moment = begin;
            }
        }
        return moment;
    }

    private static PeerRejected unknownIssuer() {
        return new PeerRejected(
                X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
                PeerFault.FOREIGN,
                "invalid peer certificate: UnknownIssuer");
    }

    private static void checkUsage(X509Certificate certificate, PeerRole role) throws PeerRejected {
        String needed = switch (role) {
            case SERVER -> EKU_SERVER;
            case CLIENT -> EKU_CLIENT;
        };
        try {
            List<String> allowed = certificate.getExtendedKeyUsage();
            if (allowed != null && !allowed.contains(needed)) {
                throw new PeerRejected(
                        X509_V_ERR_INVALID_PURPOSE, PeerFault.UNUSABLE, "invalid peer certificate: InvalidPurpose");
            }
        } catch (CertificateParsingException e) {
            throw new PeerRejected(
                    X509_V_ERR_CERT_REJECTED, PeerFault.UNUSABLE, "invalid peer certificate: BadEncoding");
        }
    }

    private static List<String> uris(X509Certificate leaf) throws PeerRejected {
        try {
            var names = leaf.getSubjectAlternativeNames();
            if (names == null) {
                return List.of();
            }
            List<String> uris = new ArrayList<>();
            for (List<?> name : names) {
                if (name.getFirst().equals(SAN_URI)) {
                    uris.add((String) name.getLast());
                }
            }
            return List.copyOf(uris);
        } catch (CertificateParsingException e) {
            throw new PeerRejected(
                    X509_V_ERR_CERT_REJECTED, PeerFault.UNUSABLE, "invalid peer certificate: BadEncoding");
        }
    }

    private static Instant later(Instant a, Instant b) {
        return a.isAfter(b) ? a : b;
    }

    private static Instant earlier(Instant a, Instant b) {
        return a.isBefore(b) ? a : b;
    }
}
