package io.culvert.xds.channel;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.util.Collection;
import java.util.Optional;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import org.jspecify.annotations.Nullable;

/** Whom to trust as the control plane. */
public sealed interface RootCertificates {
    /** The PEM text as of now; empty: the system's own. */
    Optional<String> read() throws IOException;

    /** Where they come from, for messages. */
    String origin();

    /** A PEM file, read anew for each connection. */
    record InFile(Path path) implements RootCertificates {
        @Override
        public Optional<String> read() throws IOException {
            try {
                return Optional.of(Files.readString(path));
            } catch (NoSuchFileException e) {
                throw new IOException(
                        "root certificate file " + origin() + " is missing: mount the control plane's root certificate"
                                + " there, or name another file, SYSTEM or PEM text by XDS_ROOT_CA and CA_ROOT_CA",
                        e);
            } catch (IOException e) {
                throw new IOException("root certificate file " + origin() + " cannot be read: " + e, e);
            }
        }

        /** In full: the default is relative to the working directory, which the reader of a log does not know. */
        @Override
        public String origin() {
            return path.toAbsolutePath().normalize().toString();
        }
    }

    /** PEM text. */
    record Inline(String pem) implements RootCertificates {
        @Override
        public Optional<String> read() {
            return Optional.of(pem);
        }

        @Override
        public String origin() {
            return "the configuration";
        }
    }

    /** What the operating system or JDK trusts. */
    record SystemDefault() implements RootCertificates {
        @Override
        public Optional<String> read() {
            return Optional.empty();
        }

        @Override
        public String origin() {
            return "the system";
        }
    }

    /**
     * Trust in exactly these.
     *
     * @param pem null: the system's own
     * @throws IOException if there is no certificate in the text
     */
    static X509ExtendedTrustManager trustManager(@Nullable String pem, String origin) throws IOException {
        try {
            TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
            factory.init(pem == null ? null : store(pem, origin));
            for (var manager : factory.getTrustManagers()) {
                if (manager instanceof X509ExtendedTrustManager found) {
                    return found;
                }
            }
            throw new IOException("this JDK has no X.509 trust manager");
        } catch (GeneralSecurityException e) {
            throw new IOException("root certificates of " + origin + " cannot be used: " + e.getMessage(), e);
        }
    }

    private static KeyStore store(String pem, String origin) throws GeneralSecurityException, IOException {
        var bytes = new ByteArrayInputStream(pem.getBytes(StandardCharsets.UTF_8));
        Collection<? extends java.security.cert.Certificate> certificates =
                CertificateFactory.getInstance("X.509").generateCertificates(bytes);
        if (certificates.isEmpty()) {
            throw new CertificateException("there is no PEM certificate in " + origin);
        }
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null, null);
        int number = 0;
        for (var certificate : certificates) {
            store.setCertificateEntry("root-" + number++, certificate);
        }
        return store;
    }
}
