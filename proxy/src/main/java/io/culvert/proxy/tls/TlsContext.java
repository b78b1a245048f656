package io.culvert.proxy.tls;

import io.culvert.xds.channel.TlsProfile;
import io.culvert.xds.identity.WorkloadCertificate;
import io.netty.internal.tcnative.CertificateVerifier;
import io.netty.internal.tcnative.SSL;
import io.netty.internal.tcnative.SSLContext;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * BoringSSL's context for one certificate and one role, on one loop; making one parses nothing. Counted references: the
 * cache holds one while the certificate is current, every session another; the last to go frees it.
 *
 * <p>No session is ever resumed: with TLS 1.3 a resumed handshake shows no certificate, and verification would be
 * skipped. The server issues no tickets, the client stores none.
 */
final class TlsContext {
    private static final Logger LOG = LoggerFactory.getLogger(TlsContext.class);

    private static final String[] ALPN = {"h2"};
    /** Certificates that a peer may present. */
    private static final int CHAIN_MAX = 10;
    /** Bytes that it may present. */
    private static final int CHAIN_BYTES_MAX = 32 * 1024;

    private final WorkloadCertificate certificate;
    private final boolean server;
    private final PeerVerifier verifier;
    private final TrustRoots roots;
    private final long context;
    private final NativeCredential credential;
    /** The session whose handshake is being stepped: BoringSSL calls back from inside. */
    private @Nullable TlsSession handshaking;

    private int references = 1;

    private TlsContext(WorkloadCertificate certificate, boolean server, TlsProfile profile, PeerVerifier verifier)
            throws Exception {
        this.certificate = certificate;
        this.server = server;
        this.verifier = verifier;
        this.roots = verifier.roots(certificate.roots());
        this.credential = NativeCredential.of(certificate);
        int versions = SSL.SSL_PROTOCOL_TLSV1_3 | (profile.tls12() ? SSL.SSL_PROTOCOL_TLSV1_2 : 0);
        this.context = SSLContext.make(versions, server ? SSL.SSL_MODE_SERVER : SSL.SSL_MODE_CLIENT);
    }

    /** @throws IllegalArgumentException if BoringSSL cannot read key or chain */
    static TlsContext create(
            WorkloadCertificate certificate, boolean server, TlsProfile profile, PeerVerifier verifier) {
        TlsContext made;
        try {
            made = new TlsContext(certificate, server, profile, verifier);
            SSLContext.setCipherSuite(made.context, String.join(":", profile.tls12Suites()), false);
        } catch (Exception e) {
            throw new IllegalArgumentException("TLS context for " + certificate + ": " + e.getMessage(), e);
        }
        made.configure(profile);
        return made;
    }

    private void configure(TlsProfile profile) {
        SSLContext.setOptions(context, SSL.SSL_OP_NO_TICKET);
        SSLContext.setSessionCacheMode(context, SSL.SSL_SESS_CACHE_OFF);
        SSLContext.setMaxCertList(context, CHAIN_BYTES_MAX);
        SSLContext.setAlpnProtos(context, ALPN, SSL.SSL_SELECTOR_FAILURE_NO_ADVERTISE);
        if (!SSLContext.setCurvesList(context, profile.groups().toArray(new String[0]))) {
            throw new IllegalStateException("BoringSSL lacks one of " + profile.groups());
        }
        SSLContext.setVerify(context, SSL.SSL_CVERIFY_REQUIRED, CHAIN_MAX);
        SSLContext.setCertVerifyCallback(context, new CertificateVerifier() {
            @Override
            public int verify(long ssl, byte[][] presented, String authentication) {
                return verifyPeer(presented);
            }
        });
        SSLContext.setCertificateCallback(
                context, (ssl, types, issuers) -> SSL.setKeyMaterial(ssl, credential.chain(), credential.key()));
    }

    private int verifyPeer(byte[][] presented) {
        TlsSession session = handshaking;
        if (session == null) {
            return CertificateVerifier.X509_V_ERR_UNSPECIFIED;
        }
        try {
            session.accept(verifier.verify(presented, roots, session.rule()));
            return CertificateVerifier.X509_V_OK;
        } catch (PeerRejected e) {
            session.reject(e.text());
            verifier.advice(e).ifPresent(LOG::warn);
            return e.verifyError();
        } catch (RuntimeException e) {
            session.reject("peer verification failed: " + e);
            return CertificateVerifier.X509_V_ERR_UNSPECIFIED;
        }
    }

    Revocation revocation() {
        return verifier.revocation();
    }

    WorkloadCertificate certificate() {
        return certificate;
    }

    NativeCredential credential() {
        return credential;
    }

    boolean isServer() {
        return server;
    }

    /** Starts a session, which holds a reference; {@link #endSession} lets go of both. */
    long startSession() {
        if (references <= 0) {
            throw new IllegalStateException("TLS context used after its release");
        }
        references++;
        return SSL.newSSL(context, server);
    }

    void endSession(long ssl) {
        SSL.freeSSL(ssl);
        release();
    }

    int doHandshake(TlsSession session, long ssl) {
        handshaking = session;
        try {
            return SSL.doHandshake(ssl);
        } finally {
            handshaking = null;
        }
    }

    void release() {
        if (--references == 0) {
            SSLContext.free(context);
        }
    }

    int references() {
        return references;
    }
}
