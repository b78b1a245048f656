package io.culvert.xds.channel;

import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Which hosts a certificate speaks for, by its subject alternative names alone (RFC 9525). */
final class ServerNames {
    private static final int DNS = 2;
    private static final int IP = 7;

    private ServerNames() {}

    static boolean matches(X509Certificate certificate, String host) throws CertificateParsingException {
        return of(certificate).stream().anyMatch(name -> matches(name, host));
    }

    /** DNS names and addresses. */
    static List<String> of(X509Certificate certificate) throws CertificateParsingException {
        List<String> names = new ArrayList<>();
        var alternatives = certificate.getSubjectAlternativeNames();
        if (alternatives != null) {
            for (var alternative : alternatives) {
                if (alternative.getFirst().equals(DNS) || alternative.getFirst().equals(IP)) {
                    names.add((String) alternative.getLast());
                }
            }
        }
        return names;
    }

    /** A wildcard stands for exactly one whole label, the first, and never for one right above the top. */
    private static boolean matches(String presented, String host) {
        String name = normalised(presented);
        String wanted = normalised(host);
        if (!name.startsWith("*.")) {
            return name.equals(wanted);
        }
        int dot = wanted.indexOf('.');
        String suffix = name.substring(1);
        return dot > 0 && suffix.indexOf('.', 1) > 0 && wanted.substring(dot).equals(suffix);
    }

    private static String normalised(String name) {
        if (name.indexOf(':') >= 0) {
            return java.net.InetAddress.ofLiteral(name).getHostAddress();
        }
        String lower = name.toLowerCase(Locale.ROOT);
        return lower.endsWith(".") ? lower.substring(0, lower.length() - 1) : lower;
    }
}
