package io.culvert.perf.subject;

import io.culvert.testkit.controlplane.PeerCredential;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.util.Base64;

/**
 * What a load generator shows to a node proxy as if it were one, in files.
 *
 * @param chain PEM, leaf first
 * @param key PEM, readable by its owner alone
 */
public record Credential(Path chain, Path key) {
    private static final Base64.Encoder LINES = Base64.getMimeEncoder(64, new byte[] {'\n'});

    /** Writes it into files of a directory, over those of an earlier one. */
    public static Credential write(PeerCredential credential, Path directory) throws IOException {
        StringBuilder certificates = new StringBuilder();
        try {
            for (X509Certificate certificate : credential.chain()) {
                certificates.append(pem("CERTIFICATE", certificate.getEncoded()));
            }
        } catch (CertificateEncodingException broken) {
            throw new IOException("a certificate of the testkit's cannot be written", broken);
        }
        Files.createDirectories(directory);
        Path chain = directory.resolve("handshakes.crt");
        Path key = directory.resolve("handshakes.key");
        Files.writeString(chain, certificates, StandardCharsets.US_ASCII);
        if (!Files.exists(key)) {
            var owner = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
            Path _ = Files.createFile(key, owner);
        }
        Files.writeString(key, pem("PRIVATE KEY", credential.key().getEncoded()), StandardCharsets.US_ASCII);
        return new Credential(chain, key);
    }

    private static String pem(String label, byte[] der) {
        return "-----BEGIN " + label + "-----\n" + LINES.encodeToString(der) + "\n-----END " + label + "-----\n";
    }
}
