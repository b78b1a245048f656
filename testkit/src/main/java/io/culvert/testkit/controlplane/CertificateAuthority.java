package io.culvert.testkit.controlplane;

import java.math.BigInteger;
import java.net.InetAddress;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Date;
import java.util.List;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.CertIOException;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/**
 * A certificate authority of ECDSA P-256: a root and, if wanted, an intermediate that signs. Its keys live in memory
 * only. May be used from any thread.
 */
public final class CertificateAuthority {
    /** How far a certificate reaches back, so that a clock that lags accepts it; as istiod. */
    static final Duration BACKDATE_MAX = Duration.ofMinutes(2);

    private static final Duration AUTHORITY_LIFETIME = Duration.ofDays(3650);
    private static final int SERIAL_BITS = 127;
    private static final X500Name NOBODY = new X500Name("");
    private static final X500Name ROOT = new X500Name("O=Culvert testkit,CN=root");
    private static final X500Name INTERMEDIATE = new X500Name("O=Culvert testkit,CN=intermediate");

    private final Clock clock;
    private final SecureRandom random = new SecureRandom();
    private final X509Certificate root;
    /** What stands between leaf and root, the signer first; the root itself is never part of a TLS chain. */
    private final List<X509Certificate> intermediates = new ArrayList<>();

    private X509Certificate signer;
    private X500Name signerName = ROOT;
    private PrivateKey signerKey;

    private CertificateAuthority(Clock clock) {
        this.clock = clock;
        KeyPair rootKey = newKey();
        root = sign(authority(ROOT, ROOT, rootKey.getPublic()), rootKey.getPrivate());
        signer = root;
        signerKey = rootKey.getPrivate();
    }

    /** An authority with keys of its own, valid from the clock's now. */
    public static CertificateAuthority create(Clock clock, boolean withIntermediate) {
        CertificateAuthority authority = new CertificateAuthority(clock);
        if (withIntermediate) {
            authority.addIntermediate();
        }
        return authority;
    }

    private void addIntermediate() {
        KeyPair key = newKey();
        signer = sign(authority(signerName, INTERMEDIATE, key.getPublic()), signerKey);
        signerName = INTERMEDIATE;
        signerKey = key.getPrivate();
        intermediates.addFirst(signer);
    }

    private X509v3CertificateBuilder authority(X500Name issuer, X500Name subject, PublicKey key) {
        X509v3CertificateBuilder builder = builder(issuer, subject, key, AUTHORITY_LIFETIME);
        extend(builder, Extension.basicConstraints, true, new BasicConstraints(true));
        extend(builder, Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign));
        try {
            extend(
                    builder,
                    Extension.subjectKeyIdentifier,
                    false,
                    new JcaX509ExtensionUtils().createSubjectKeyIdentifier(key));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
        return builder;
    }

    public X509Certificate root() {
        return root;
    }

    public String rootPem() {
        return Pem.of(root);
    }

    /**
     * A certificate for a workload: empty subject, the identity as the one critical SAN, for both ends of TLS.
     *
     * @param lifetime as asked for; it ends no later than the authority does
     * @return leaf first, then intermediates; the root is not among them
     */
    List<X509Certificate> issue(PublicKey key, String spiffeId, Duration lifetime) {
        return issue(key, List.of(new GeneralName(GeneralName.uniformResourceIdentifier, spiffeId)), lifetime);
    }

    /** A key and a certificate for a TLS server that is reached by these names and addresses. */
    ServerCredential serverCredential(Collection<String> names, Collection<InetAddress> addresses) {
        KeyPair key = newKey();
        List<GeneralName> subjects = new ArrayList<>();
        names.forEach(name -> subjects.add(new GeneralName(GeneralName.dNSName, name)));
        addresses.forEach(address -> subjects.add(new GeneralName(GeneralName.iPAddress, address.getHostAddress())));
        return new ServerCredential(key.getPrivate(), issue(key.getPublic(), subjects, AUTHORITY_LIFETIME));
    }

    /** What a TLS server presents. */
    record ServerCredential(PrivateKey key, List<X509Certificate> chain) {}

    private synchronized List<X509Certificate> issue(PublicKey key, List<GeneralName> subjects, Duration lifetime) {
        X509v3CertificateBuilder builder = builder(signerName, NOBODY, key, lifetime);
        extend(builder, Extension.subjectAlternativeName, true, new GeneralNames(subjects.toArray(new GeneralName[0])));
        extend(builder, Extension.basicConstraints, true, new BasicConstraints(false));
        extend(builder, Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature | KeyUsage.keyEncipherment));
        KeyPurposeId[] bothEnds = {KeyPurposeId.id_kp_serverAuth, KeyPurposeId.id_kp_clientAuth};
        extend(builder, Extension.extendedKeyUsage, false, new ExtendedKeyUsage(bothEnds));
        try {
            extend(
                    builder,
                    Extension.authorityKeyIdentifier,
                    false,
                    new JcaX509ExtensionUtils().createAuthorityKeyIdentifier(signer.getPublicKey()));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
        List<X509Certificate> chain = new ArrayList<>();
        chain.add(sign(builder, signerKey));
        chain.addAll(intermediates);
        return chain;
    }

    private X509v3CertificateBuilder builder(X500Name issuer, X500Name subject, PublicKey key, Duration lifetime) {
        Instant now = clock.instant();
        Duration backdate = lifetime.dividedBy(10);
        Instant from = now.minus(backdate.compareTo(BACKDATE_MAX) < 0 ? backdate : BACKDATE_MAX);
        Instant until = now.plus(lifetime);
        BigInteger serial = new BigInteger(SERIAL_BITS, random).add(BigInteger.ONE);
        return new JcaX509v3CertificateBuilder(issuer, serial, Date.from(from), Date.from(until), subject, key);
    }

    private static void extend(
            X509v3CertificateBuilder builder,
            org.bouncycastle.asn1.ASN1ObjectIdentifier extension,
            boolean critical,
            ASN1Encodable value) {
        try {
            builder.addExtension(extension, critical, value);
        } catch (CertIOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static X509Certificate sign(X509v3CertificateBuilder builder, PrivateKey key) {
        try {
            return new JcaX509CertificateConverter()
                    .getCertificate(builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(key)));
        } catch (OperatorCreationException | GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static KeyPair newKey() {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec("secp256r1"));
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }
}
