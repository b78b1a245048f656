package io.culvert.proxy.tls;

import static io.netty.internal.tcnative.CertificateVerifier.X509_V_ERR_CERT_HAS_EXPIRED;
import static io.netty.internal.tcnative.CertificateVerifier.X509_V_ERR_CERT_NOT_YET_VALID;
import static io.netty.internal.tcnative.CertificateVerifier.X509_V_ERR_CERT_REJECTED;
import static io.netty.internal.tcnative.CertificateVerifier.X509_V_ERR_CERT_REVOKED;

import io.culvert.proxy.tls.ChainVerifier.PeerRole;
import io.culvert.proxy.tls.ChainVerifier.Verified;
import io.culvert.xds.identity.Identity;
import io.netty.handler.ssl.OpenSsl;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Decides on every handshake whether the peer is acceptable: chain, key usage, time, revocation, identity.
 *
 * <p>Whether a chain leads to a root is remembered, for acceptance and refusal alike, under the chain as presented, the
 * roots and the peer's role: a certificate that comes again is not parsed again, and a peer that tries a bad one over
 * and over costs a look-up. The newest {@value #CHAINS_MAX} are kept. Time, revocation
 * and identity are checked every time.
 */
final class PeerVerifier {
    static final int CHAINS_MAX = 1024;
    /** Differing root sets that are told apart; a mesh has one, and two while its root rotates. */
    private static final int ROOTS_MAX = 16;

    private final InstantSource clock;
    private final Revocation revocation;
    private final Map<ChainKey, Object> answers = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<ChainKey, Object> eldest) {
            return size() > CHAINS_MAX;
        }
    };
    private final Map<List<X509Certificate>, TrustRoots> roots = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<List<X509Certificate>, TrustRoots> eldest) {
            return size() > ROOTS_MAX;
        }
    };
    private final PeerAdvice advice = new PeerAdvice();
    private long pathsBuilt;

    PeerVerifier(InstantSource clock, Revocation revocation) {
        // The verification results below are numbers that the native library gives.
        OpenSsl.ensureAvailability();
        this.clock = clock;
        this.revocation = revocation;
    }

    TrustRoots roots(List<X509Certificate> certificates) {
        return roots.computeIfAbsent(certificates, TrustRoots::new);
    }

    /** Chains that were not known and had to be worked on. */
    long pathsBuilt() {
        return pathsBuilt;
    }

    /** A line for the log, where this has not been said lately. */
    Optional<String> advice(PeerRejected rejected) {
        return advice.on(rejected.fault(), clock.instant());
    }

    VerifiedPeer verify(byte[][] presented, TrustRoots trusted, PeerRule rule) throws PeerRejected {
        PeerRole role = switch (rule) {
            case PeerRule.OneOf o -> PeerRole.SERVER;
            case PeerRule.OfTrustDomain t -> PeerRole.CLIENT;
        };
        Verified verified = path(new ChainKey(presented, trusted, role));
        Instant now = clock.instant();
        if (now.isBefore(verified.notBefore())) {
            throw new PeerRejected(
                    X509_V_ERR_CERT_NOT_YET_VALID, PeerFault.NOT_YET_VALID, "invalid peer certificate: NotValidYet");
        }
        if (now.isAfter(verified.notAfter())) {
            throw new PeerRejected(X509_V_ERR_CERT_HAS_EXPIRED, PeerFault.EXPIRED, "invalid peer certificate: Expired");
        }
        if (revocation.revokes(verified.peer())) {
            revocation.countRejected(role == PeerRole.CLIENT);
            throw new PeerRejected(X509_V_ERR_CERT_REVOKED, PeerFault.REVOKED, "invalid peer certificate: Revoked");
        }
        switch (rule) {
            case PeerRule.OneOf oneOf -> checkExpected(verified.peer(), oneOf.expected());
            case PeerRule.OfTrustDomain own -> checkTrustDomain(verified.peer(), own.trustDomain());
        }
        return verified.peer();
    }

    Revocation revocation() {
        return revocation;
    }

    private Verified path(ChainKey key) throws PeerRejected {
        Object known = answers.get(key);
        if (known == null) {
            pathsBuilt++;
            try {
                known = ChainVerifier.verify(key.presented, key.trusted, key.role);
            } catch (PeerRejected e) {
                known = e;
            }
            answers.put(key, known);
        }
        if (known instanceof PeerRejected rejected) {
            throw rejected;
        }
        return (Verified) known;
    }

    private static void checkExpected(VerifiedPeer peer, List<Identity> expected) throws PeerRejected {
        for (Identity one : expected) {
            if (peer.uris().contains(one.toString())) {
                return;
            }
        }
        throw new PeerRejected(
                X509_V_ERR_CERT_REJECTED,
                PeerFault.OTHER_IDENTITY,
                "identity verification error: peer did not present the expected SAN (" + expected + "), got "
                        + peer.uris());
    }

    private static void checkTrustDomain(VerifiedPeer peer, String own) throws PeerRejected {
        for (String uri : peer.uris()) {
            var identity = Identity.parse(uri);
            if (identity.isPresent() && identity.get().trustDomain().equals(own)) {
                return;
            }
        }
        throw new PeerRejected(
                X509_V_ERR_CERT_REJECTED,
                PeerFault.OTHER_TRUST_DOMAIN,
                "identity verification error: peer did not present the expected trustdomain (" + own + "), got "
                        + peer.uris());
    }

    private static final class ChainKey {
        private final byte[][] presented;
        private final TrustRoots trusted;
        private final PeerRole role;
        private final int hash;

        ChainKey(byte[][] presented, TrustRoots trusted, PeerRole role) {
            this.presented = presented;
            this.trusted = trusted;
            this.role = role;
            this.hash = Arrays.deepHashCode(presented) * 31 + role.hashCode();
        }

        @Override
        @SuppressWarnings("ReferenceEquality") // root sets are one object each
        public boolean equals(Object other) {
            return other instanceof ChainKey key
                    && trusted == key.trusted
                    && role == key.role
                    && Arrays.deepEquals(presented, key.presented);
        }

        @Override
        public int hashCode() {
            return hash;
        }
    }
}
