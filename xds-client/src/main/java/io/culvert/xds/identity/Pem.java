package io.culvert.xds.identity;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.PrivateKey;
import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/** PEM, by the JDK's own means (RFC 7468). */
final class Pem {
    private static final Base64.Encoder LINES = Base64.getMimeEncoder(64, new byte[] {'\n'});

    private Pem() {}

    /**
     * All certificates of a text, in order.
     *
     * @throws CertificateException if one cannot be read
     */
    static List<X509Certificate> certificates(String pem) throws CertificateException {
        CertificateFactory factory = CertificateFactory.getInstance("X.509");
        List<X509Certificate> result = new ArrayList<>();
        var input = new ByteArrayInputStream(pem.getBytes(StandardCharsets.UTF_8));
        for (var certificate : factory.generateCertificates(input)) {
            result.add((X509Certificate) certificate);
        }
        return result;
    }

    /** All certificates of DER, one after the other. */
    static List<X509Certificate> fromDer(byte[] der) throws CertificateException {
        List<X509Certificate> result = new ArrayList<>();
        for (var certificate :
                CertificateFactory.getInstance("X.509").generateCertificates(new ByteArrayInputStream(der))) {
            result.add((X509Certificate) certificate);
        }
        return result;
    }

    static String certificate(X509Certificate certificate) {
        try {
            return block("CERTIFICATE", certificate.getEncoded());
        } catch (CertificateEncodingException impossible) {
            throw new IllegalStateException("a certificate that was decoded", impossible);
        }
    }

    /** PKCS#8. */
    static byte[] privateKey(PrivateKey key) {
        return privateKey(key.getEncoded());
    }

    /** PKCS#8. */
    static byte[] privateKey(byte[] der) {
        return block("PRIVATE KEY", der).getBytes(StandardCharsets.US_ASCII);
    }

    static String block(String label, byte[] der) {
        return "-----BEGIN " + label + "-----\n" + LINES.encodeToString(der) + "\n-----END " + label + "-----\n";
    }
}
