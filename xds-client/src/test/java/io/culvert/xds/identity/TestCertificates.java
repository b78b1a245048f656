package io.culvert.xds.identity;

import io.culvert.xds.channel.TestAuthority;
import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/** Certificates out of nothing. */
final class TestCertificates {
    private static final TestAuthority ROOT = TestAuthority.root("root");
    private static final KeyPair KEYS = TestAuthority.newKeys();

    private TestCertificates() {}

    static WorkloadCertificate issue(Identity identity, Instant notBefore, Duration life) {
        X509Certificate leaf =
                ROOT.sign(KEYS.getPublic(), notBefore, notBefore.plus(life), TestAuthority.uri(identity.toString()));
        try {
            byte[] key = TestAuthority.pem(KEYS.getPrivate()).getBytes(StandardCharsets.US_ASCII);
            return WorkloadCertificate.fromPem(identity, key, List.of(TestAuthority.pem(leaf), ROOT.pem()));
        } catch (CertificateRejected e) {
            throw new AssertionError(e);
        }
    }
}
