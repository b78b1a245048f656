package io.culvert.testkit.controlplane;

import java.io.IOException;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.Date;
import java.util.List;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.CRLReason;
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
import org.bouncycastle.cert.jcajce.JcaX509v2CRLBuilder;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/**
 * A certificate that signs others, with its key (ECDSA P-256, in memory only). Immutable.
 *
 * @param name the certificate's subject, as its bytes have it
 */
record Signer(X500Name name, PrivateKey key, X509Certificate certificate) {
    private static final int SERIAL_BITS = 127;
    private static final X500Name NOBODY = new X500Name("");
    private static final SecureRandom RANDOM = new SecureRandom();

    /** From when until when a certificate is valid. */
    record Validity(Instant from, Instant until) {
        Validity {
            if (until.isBefore(from)) {
                throw new IllegalArgumentException("a certificate that ends before it begins");
            }
        }

        /** Backdated a little, as istiod does, so that a clock that lags accepts it; a short one less. */
        static Validity of(Instant now, Duration lifetime) {
            Duration backdate = lifetime.dividedBy(10);
            Duration most = CertificateAuthority.BACKDATE_MAX;
            return new Validity(now.minus(backdate.compareTo(most) < 0 ? backdate : most), now.plus(lifetime));
        }
    }

    /** One that signed for itself. */
    static Signer root(String subject, Validity validity) {
        X500Name name = new X500Name(subject);
        KeyPair keys = newKey();
        return new Signer(
                name, keys.getPrivate(), sign(authority(name, name, keys.getPublic(), validity), keys.getPrivate()));
    }

    /** One that this one signed for. */
    Signer intermediate(String subject, Validity validity) {
        X500Name intermediate = new X500Name(subject);
        KeyPair keys = newKey();
        return new Signer(
                intermediate, keys.getPrivate(), sign(authority(name, intermediate, keys.getPublic(), validity), key));
    }

    private static X509v3CertificateBuilder authority(
            X500Name issuer, X500Name subject, PublicKey key, Validity validity) {
        X509v3CertificateBuilder builder = builder(issuer, subject, key, validity);
        extend(builder, Extension.basicConstraints, true, new BasicConstraints(true));
        extend(builder, Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign));
        extend(builder, Extension.subjectKeyIdentifier, false, identifiers().createSubjectKeyIdentifier(key));
        return builder;
    }

    /** A leaf for both ends of TLS: empty subject, the names as the one critical SAN. */
    X509Certificate leaf(PublicKey subject, List<GeneralName> names, Validity validity) {
        X509v3CertificateBuilder builder = builder(name, NOBODY, subject, validity);
        extend(builder, Extension.subjectAlternativeName, true, new GeneralNames(names.toArray(new GeneralName[0])));
        extend(builder, Extension.basicConstraints, true, new BasicConstraints(false));
        extend(builder, Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature | KeyUsage.keyEncipherment));
        KeyPurposeId[] bothEnds = {KeyPurposeId.id_kp_serverAuth, KeyPurposeId.id_kp_clientAuth};
        extend(builder, Extension.extendedKeyUsage, false, new ExtendedKeyUsage(bothEnds));
        extend(
                builder,
                Extension.authorityKeyIdentifier,
                false,
                identifiers().createAuthorityKeyIdentifier(certificate.getPublicKey()));
        return sign(builder, key);
    }

    /** A list, as PEM, of what it has signed and does not stand for any more; good for a day. */
    String revocationList(Collection<BigInteger> serials, Instant now) {
        JcaX509v2CRLBuilder builder = new JcaX509v2CRLBuilder(certificate.getSubjectX500Principal(), Date.from(now));
        builder.setNextUpdate(Date.from(now.plus(Duration.ofDays(1))));
        serials.forEach(serial -> builder.addCRLEntry(serial, Date.from(now), CRLReason.keyCompromise));
        try {
            byte[] der = builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(key))
                    .getEncoded();
            return Pem.of("X509 CRL", der);
        } catch (OperatorCreationException | IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private static X509v3CertificateBuilder builder(
            X500Name issuer, X500Name subject, PublicKey key, Validity validity) {
        BigInteger serial = new BigInteger(SERIAL_BITS, RANDOM).add(BigInteger.ONE);
        return new JcaX509v3CertificateBuilder(
                issuer, serial, Date.from(validity.from()), Date.from(validity.until()), subject, key);
    }

    private static JcaX509ExtensionUtils identifiers() {
        try {
            return new JcaX509ExtensionUtils();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void extend(
            X509v3CertificateBuilder builder, ASN1ObjectIdentifier extension, boolean critical, ASN1Encodable value) {
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

    static KeyPair newKey() {
        try {
            KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
            generator.initialize(new ECGenParameterSpec("secp256r1"));
            return generator.generateKeyPair();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }
}
