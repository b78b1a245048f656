package io.culvert.xds.identity;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;

/** Whether a key that came from elsewhere is the one of the certificate that came with it. */
final class KeyMatch {
    private static final String BEGIN = "-----BEGIN PRIVATE KEY-----";
    private static final String END = "-----END PRIVATE KEY-----";
    private static final byte[] PROBE = "culvert".getBytes(StandardCharsets.US_ASCII);

    private KeyMatch() {}

    /**
     * Signs by the one and verifies by the other: the one test for all kinds of keys.
     *
     * @param privateKeyPem PKCS#8
     * @throws CertificateRejected if they do not belong together, or the key cannot be read
     */
    static void check(byte[] privateKeyPem, X509Certificate leaf) throws CertificateRejected {
        String algorithm = leaf.getPublicKey().getAlgorithm();
        String signing = switch (algorithm) {
            case "EC" -> "SHA256withECDSA";
            case "RSA" -> "SHA256withRSA";
            default -> throw new CertificateRejected("keys of kind " + algorithm + " are not used: EC or RSA");
        };
        try {
            PrivateKey key =
                    KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(der(privateKeyPem)));
            Signature sign = Signature.getInstance(signing);
            sign.initSign(key);
            sign.update(PROBE);
            Signature verify = Signature.getInstance(signing);
            verify.initVerify(leaf.getPublicKey());
            verify.update(PROBE);
            if (!verify.verify(sign.sign())) {
                throw new CertificateRejected("the private key is not that of the certificate");
            }
        } catch (GeneralSecurityException e) {
            // Its message may quote what was read: not passed on.
            throw new CertificateRejected("the private key cannot be read, or is not that of the certificate");
        }
    }

    private static byte[] der(byte[] pem) throws CertificateRejected {
        String text = new String(pem, StandardCharsets.US_ASCII);
        int begin = text.indexOf(BEGIN);
        int end = text.indexOf(END);
        if (begin < 0 || end < begin) {
            throw new CertificateRejected("the private key is not in PKCS#8 (BEGIN PRIVATE KEY): convert it by openssl"
                    + " pkcs8 -topk8 -nocrypt, or set the issuer's key encoding to PKCS8");
        }
        try {
            return Base64.getMimeDecoder().decode(text.substring(begin + BEGIN.length(), end));
        } catch (IllegalArgumentException e) {
            throw new CertificateRejected("the private key cannot be read");
        }
    }
}
