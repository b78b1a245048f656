package io.culvert.proxy.tls;

import io.culvert.xds.identity.Identity;
import io.culvert.xds.identity.WorkloadCertificate;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Date;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.bouncycastle.asn1.x500.RDN;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.CRLReason;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v2CRLBuilder;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** A certificate authority that issues whatever a test wants. */
public final class CaForTests {
    private static final AtomicLong SERIALS = new AtomicLong(1);

    private final KeyPair keys;
    private final X509Certificate certificate;
    /** From this authority's certificate up to the one below the root. */
    private final List<X509Certificate> above;

    private final X509Certificate root;

    private CaForTests(KeyPair keys, X509Certificate certificate, List<X509Certificate> above, X509Certificate root) {
        this.keys = keys;
        this.root = root;
        this.certificate = certificate;
        this.above = above;
    }

    public static CaForTests root(String name) throws Exception {
        KeyPair keys = newKeys();
        X500Name subject = new X500Name("O=" + name);
        X509Certificate made = sign(subject, keys, subject, keys, Spec.ca());
        return new CaForTests(keys, made, List.of(), made);
    }

    public CaForTests intermediate(String name) throws Exception {
        KeyPair newKeys = newKeys();
        X509Certificate made = sign(new X500Name("O=" + name), newKeys, subject(), keys, Spec.ca());
        List<X509Certificate> chain = new ArrayList<>();
        chain.add(made);
        chain.addAll(above);
        return new CaForTests(newKeys, made, chain, root);
    }

    /**
     * A list of this authority's, as PEM, that has been out of date since yesterday: that does not matter to it.
     *
     * @param revoked certificates that this authority issued, or their serial numbers' namesakes
     */
    public String revocationList(X509Certificate... revoked) throws Exception {
        return pem("X509 CRL", revocationListDer(revoked));
    }

    public byte[] revocationListDer(X509Certificate... revoked) throws Exception {
        Instant now = Instant.now();
        var builder = new JcaX509v2CRLBuilder(
                certificate.getSubjectX500Principal(), Date.from(now.minus(Duration.ofDays(8))));
        builder.setNextUpdate(Date.from(now.minus(Duration.ofDays(1))));
        for (X509Certificate one : revoked) {
            builder.addCRLEntry(
                    one.getSerialNumber(), Date.from(now.minus(Duration.ofDays(9))), CRLReason.keyCompromise);
        }
        return builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(keys.getPrivate()))
                .getEncoded();
    }

    public X509Certificate certificate() {
        return certificate;
    }

    /** What a leaf looks like. */
    public record Spec(
            List<String> uris, Instant notBefore, Instant notAfter, List<KeyPurposeId> usages, boolean isCa) {
        static Spec ca() {
            Instant now = Instant.now();
            return new Spec(
                    List.of(), now.minus(Duration.ofDays(3650)), now.plus(Duration.ofDays(3650)), List.of(), true);
        }

        public static Spec of(String... uris) {
            Instant now = Instant.now();
            return new Spec(
                    List.of(uris),
                    now.minus(Duration.ofMinutes(5)),
                    now.plus(Duration.ofHours(1)),
                    List.of(KeyPurposeId.id_kp_serverAuth, KeyPurposeId.id_kp_clientAuth),
                    false);
        }

        public Spec valid(Instant from, Instant to) {
            return new Spec(uris, from, to, usages, isCa);
        }

        public Spec usable(KeyPurposeId... as) {
            return new Spec(uris, notBefore, notAfter, List.of(as), isCa);
        }
    }

    public WorkloadCertificate issue(Identity identity) throws Exception {
        return issue(identity, Spec.of(identity.toString()), this);
    }

    /** A certificate of this CA whose holder trusts {@code trusted}. */
    public WorkloadCertificate issue(Identity identity, Spec spec, CaForTests trusted) throws Exception {
        KeyPair leafKeys = newKeys();
        List<String> chain = new ArrayList<>();
        chain.add(pem("CERTIFICATE", leaf(leafKeys, spec).getEncoded()));
        for (X509Certificate issuer : above) {
            chain.add(pem("CERTIFICATE", issuer.getEncoded()));
        }
        chain.add(pem("CERTIFICATE", trusted.root.getEncoded()));
        byte[] key = pem("PRIVATE KEY", leafKeys.getPrivate().getEncoded()).getBytes(StandardCharsets.US_ASCII);
        return WorkloadCertificate.fromPem(identity, key, chain);
    }

    public X509Certificate leaf(Spec spec) throws Exception {
        return leaf(newKeys(), spec);
    }

    private X509Certificate leaf(KeyPair leafKeys, Spec spec) throws Exception {
        // Without alternative names a subject is needed (RFC 5280 section 4.1.2.6).
        X500Name subject = spec.uris().isEmpty() ? new X500Name("CN=nobody") : new X500Name(new RDN[0]);
        return sign(subject, leafKeys, subject(), keys, spec);
    }

    private X500Name subject() {
        return X500Name.getInstance(certificate.getSubjectX500Principal().getEncoded());
    }

    private static X509Certificate sign(
            X500Name subject, KeyPair subjectKeys, X500Name issuer, KeyPair issuerKeys, Spec spec) throws Exception {
        var builder = new JcaX509v3CertificateBuilder(
                issuer,
                BigInteger.valueOf(SERIALS.getAndIncrement()),
                Date.from(spec.notBefore()),
                Date.from(spec.notAfter()),
                subject,
                subjectKeys.getPublic());
        if (spec.isCa()) {
            builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(true));
        }
        if (!spec.uris().isEmpty()) {
            GeneralName[] names = spec.uris().stream()
                    .map(uri -> new GeneralName(GeneralName.uniformResourceIdentifier, uri))
                    .toArray(GeneralName[]::new);
            builder.addExtension(Extension.subjectAlternativeName, true, new GeneralNames(names));
        }
        if (!spec.usages().isEmpty()) {
            builder.addExtension(
                    Extension.extendedKeyUsage,
                    false,
                    new ExtendedKeyUsage(spec.usages().toArray(new KeyPurposeId[0])));
        }
        var signer = new JcaContentSignerBuilder("SHA256withECDSA").build(issuerKeys.getPrivate());
        return new JcaX509CertificateConverter().getCertificate(builder.build(signer));
    }

    private static KeyPair newKeys() throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(new ECGenParameterSpec("secp256r1"));
        return generator.generateKeyPair();
    }

    static String pem(String label, byte[] der) {
        String body = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
        return "-----BEGIN " + label + "-----\n" + body + "\n-----END " + label + "-----\n";
    }

    public static byte[][] der(X509Certificate... chain) {
        return Arrays.stream(chain)
                .map(one -> {
                    try {
                        return one.getEncoded();
                    } catch (java.security.cert.CertificateEncodingException e) {
                        throw new AssertionError(e);
                    }
                })
                .toArray(byte[][]::new);
    }
}
