package io.culvert.perf.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.culvert.perf.subject.Credential;
import io.culvert.testkit.controlplane.CertificateAuthority;
import io.culvert.testkit.controlplane.PeerCredential;
import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.Principal;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The client's half against the JDK's TLS, which wants a certificate and says something only to who shows one. */
@Tag("direct")
final class TlsClientTest {
    private static final char[] NO_PASSWORD = {};
    private static final String CALLER = "spiffe://cluster.local/ns/default/sa/client";

    @TempDir
    Path directory;

    private CertificateAuthority trusted;
    private SSLServerSocket server;

    @BeforeEach
    void listen() throws Exception {
        trusted = CertificateAuthority.create(Clock.systemUTC(), true);
        server = (SSLServerSocket) context().getServerSocketFactory().createServerSocket(0);
        SSLParameters parameters = server.getSSLParameters();
        parameters.setNeedClientAuth(true);
        parameters.setProtocols(new String[] {"TLSv1.3"});
        parameters.setApplicationProtocols(new String[] {"h2"});
        parameters.setNamedGroups(new String[] {"secp256r1", "x25519"});
        server.setSSLParameters(parameters);
    }

    private SSLContext context() throws Exception {
        PeerCredential own = credential(trusted);
        KeyStore keys = KeyStore.getInstance("PKCS12");
        keys.load(null, null);
        keys.setKeyEntry("server", own.key(), NO_PASSWORD, own.chain().toArray(new X509Certificate[0]));
        keys.setCertificateEntry("root", trusted.root());
        KeyManagerFactory shown = KeyManagerFactory.getInstance("PKIX");
        shown.init(keys, NO_PASSWORD);
        TrustManagerFactory wanted = TrustManagerFactory.getInstance("PKIX");
        wanted.init(keys);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(shown.getKeyManagers(), wanted.getTrustManagers(), null);
        return context;
    }

    private static PeerCredential credential(CertificateAuthority authority) {
        return authority.peerCredential(CALLER, Duration.ZERO, Duration.ofHours(1));
    }

    @AfterEach
    void close() throws IOException {
        server.close();
    }

    @Test
    void showsItsCertificateAndNamesTheGroupThatWasChosen() throws Exception {
        assertThat(handshake(trusted, "X25519")).isEqualTo("X25519 shown");
        assertThat(handshake(trusted, "P-256", "X25519")).isEqualTo("P-256 shown");
    }

    @Test
    void failsWhereItsCertificateIsNotAccepted() {
        CertificateAuthority stranger = CertificateAuthority.create(Clock.systemUTC(), false);

        assertThatThrownBy(() -> handshake(stranger, "X25519"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("TLS: ");
    }

    /** The group, and whether the server has seen the client's certificate. */
    private String handshake(CertificateAuthority issuer, String... groups) throws Exception {
        CompletableFuture<Principal> seen = new CompletableFuture<>();
        Thread answering = Thread.ofPlatform().start(() -> answer(seen));
        Credential shown = Credential.write(credential(issuer), directory);
        try (TlsClient client = new TlsClient(shown.chain(), shown.key(), groups);
                SocketChannel channel = SocketChannel.open(server.getLocalSocketAddress())) {
            String group = client.handshake(channel);
            return group + (seen.get() == null ? " unknown" : " shown");
        } finally {
            answering.join();
        }
    }

    private void answer(CompletableFuture<Principal> seen) {
        try (SSLSocket socket = (SSLSocket) server.accept()) {
            socket.startHandshake();
            seen.complete(socket.getSession().getPeerPrincipal());
            socket.getOutputStream().write(new byte[9]);
            int _ = socket.getInputStream().read();
        } catch (IOException refused) {
            seen.completeExceptionally(refused);
        }
    }
}
