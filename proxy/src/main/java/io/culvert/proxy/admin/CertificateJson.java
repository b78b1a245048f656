package io.culvert.proxy.admin;

import com.google.gson.stream.JsonWriter;
import io.culvert.xds.identity.CertificateStatus;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import java.util.Date;
import java.util.List;

/** Certificates in the dump. Their PEM text is encoded in base64 once more, because istioctl decodes it so. */
final class CertificateJson {

    private static final Base64.Encoder LINES = Base64.getMimeEncoder(64, new byte[] {'\n'});

    private CertificateJson() {}

    static void write(JsonWriter out, List<CertificateStatus> entries) throws IOException {
        out.beginArray();
        for (CertificateStatus entry : entries) {
            out.beginObject();
            certificates(out.name("certChain"), chain(entry.state()));
            out.name("identity").value(entry.identity().toString());
            certificates(out.name("rootCerts"), roots(entry.state()));
            out.name("state").value(entry.stateText());
            out.endObject();
        }
        out.endArray();
    }

    private static List<X509Certificate> chain(CertificateStatus.State state) {
        return switch (state) {
            case CertificateStatus.State.Available(var certificate) -> certificate.chain();
            case CertificateStatus.State.Initializing ignored -> List.of();
            case CertificateStatus.State.Unavailable ignored -> List.of();
        };
    }

    private static List<X509Certificate> roots(CertificateStatus.State state) {
        return switch (state) {
            case CertificateStatus.State.Available(var certificate) -> certificate.roots();
            case CertificateStatus.State.Initializing ignored -> List.of();
            case CertificateStatus.State.Unavailable ignored -> List.of();
        };
    }

    private static void certificates(JsonWriter out, List<X509Certificate> certificates) throws IOException {
        out.beginArray();
        for (X509Certificate certificate : certificates) {
            out.beginObject();
            out.name("expirationTime").value(time(certificate.getNotAfter()));
            out.name("pem").value(Base64.getEncoder().encodeToString(pem(certificate)));
            out.name("serialNumber").value(certificate.getSerialNumber().toString());
            out.name("validFrom").value(time(certificate.getNotBefore()));
            out.endObject();
        }
        out.endArray();
    }

    private static byte[] pem(X509Certificate certificate) throws IOException {
        try {
            String text = "-----BEGIN CERTIFICATE-----\n" + LINES.encodeToString(certificate.getEncoded())
                    + "\n-----END CERTIFICATE-----\n";
            return text.getBytes(StandardCharsets.US_ASCII);
        } catch (CertificateEncodingException e) {
            throw new IOException("a certificate that was decoded does not encode", e);
        }
    }

    private static String time(Date date) {
        return date.toInstant().truncatedTo(ChronoUnit.SECONDS).toString();
    }
}
