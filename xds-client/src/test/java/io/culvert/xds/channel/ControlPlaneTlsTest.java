package io.culvert.xds.channel;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.ManagedChannel;
import java.io.IOException;
import java.net.InetAddress;
import java.security.KeyPair;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What TLS12_ENABLED and COMPLIANCE_POLICY mean for the control plane, on the wire against the JDK's TLS. */
@Tag("direct")
final class ControlPlaneTlsTest {
    private static final int LIMIT_MS = 30_000;
    private static final char[] NO_PASSWORD = {};

    private final TestAuthority authority = TestAuthority.root("control plane");

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "false | false | TLSv1.3 | any | any       | TLSv1.3",
                "false | false | TLSv1.3 | any | secp384r1 | TLSv1.3",
                "false | false | TLSv1.3 | any | secp521r1 | refused",
                "false | false | TLSv1.2 | any | any       | refused",
                "true  | false | TLSv1.3 | any | any       | TLSv1.3",
                "true  | false | TLSv1.2 | any | any       | TLSv1.2",
                "true  | false | TLSv1.2 | TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 | any | TLSv1.2",
                "true  | false | TLSv1.2 | TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256 | any | refused",
                "false | true  | TLSv1.3 | any | x25519    | refused",
            })
    void agreesWithServersThatTheSettingsAllowAndNoOthers(
            boolean tls12, boolean postQuantumOnly, String version, String suite, String group, String expected)
            throws Exception {
        try (SSLServerSocket server = server(version, suite, group);
                ControlThread control = new ControlThread(Clock.systemUTC());
                GrpcTransport transport = new GrpcTransport(control)) {
            ControlPlaneEndpoint endpoint = ControlPlaneEndpoint.of(
                            "localhost:" + server.getLocalPort(),
                            new RootCertificates.Inline(authority.pem()),
                            new Token.None(),
                            "")
                    .withTls(new TlsProfile(tls12, postQuantumOnly));
            ManagedChannel channel = transport.open(endpoint, Optional.of(authority.pem()));
            try {
                channel.getState(true);
                assertThat(agreed(server)).isEqualTo(expected);
            } finally {
                channel.shutdownNow();
                assertThat(channel.awaitTermination(LIMIT_MS, TimeUnit.MILLISECONDS))
                        .isTrue();
            }
        }
    }

    /** The version that the first caller agreed on, and that bytes follow. */
    private static String agreed(SSLServerSocket server) throws IOException {
        try (SSLSocket taken = (SSLSocket) server.accept()) {
            taken.setSoTimeout(LIMIT_MS);
            taken.startHandshake();
            assertThat(taken.getInputStream().readNBytes(3)).isEqualTo(new byte[] {'P', 'R', 'I'});
            return taken.getSession().getProtocol();
        } catch (SSLException e) {
            return "refused";
        }
    }

    private SSLServerSocket server(String version, String suite, String group) throws Exception {
        Instant now = Instant.now();
        KeyPair keys = TestAuthority.newKeys();
        X509Certificate leaf = authority.sign(
                keys.getPublic(),
                now.minus(Duration.ofHours(1)),
                now.plus(Duration.ofHours(1)),
                TestAuthority.dns("localhost"));
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        store.setKeyEntry("server", keys.getPrivate(), NO_PASSWORD, new X509Certificate[] {leaf});
        KeyManagerFactory managers = KeyManagerFactory.getInstance("PKIX");
        managers.init(store, NO_PASSWORD);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(managers.getKeyManagers(), null, null);
        SSLServerSocket socket = (SSLServerSocket)
                context.getServerSocketFactory().createServerSocket(0, 8, InetAddress.getLoopbackAddress());
        socket.setSoTimeout(LIMIT_MS);
        SSLParameters parameters = socket.getSSLParameters();
        parameters.setProtocols(new String[] {version});
        parameters.setApplicationProtocols(new String[] {"h2"});
        if (!suite.equals("any")) {
            parameters.setCipherSuites(new String[] {suite});
        }
        if (!group.equals("any")) {
            parameters.setNamedGroups(new String[] {group});
        }
        socket.setSSLParameters(parameters);
        return socket;
    }
}
