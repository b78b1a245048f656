package io.culvert.proxy.tls;

import static io.culvert.proxy.relay.LoopsForTests.await;
import static io.culvert.proxy.relay.LoopsForTests.on;
import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.proxy.hbone.TunnelForTests;
import io.culvert.proxy.relay.ApplicationForTests;
import io.culvert.proxy.tls.JdkPeer.Offer;
import io.culvert.xds.channel.TlsProfile;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What TLS12_ENABLED and COMPLIANCE_POLICY do on the wire, in both roles, against the JDK's TLS. */
@Tag("direct")
final class TlsProfileTest {

    private static final String REFUSED = "refused";
    private static final String PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

    private static TunnelForTests start(String profile) throws Exception {
        TlsProfile chosen = switch (profile) {
            case "default" -> TlsProfile.DEFAULT;
            case "tls12" -> new TlsProfile(true, false);
            case "pqc" -> new TlsProfile(false, true);
            default -> throw new IllegalArgumentException(profile);
        };
        return new TunnelForTests(chosen);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "default | TLSv1.3 | any | any       | TLSv1.3",
                "default | TLSv1.3 | TLS_AES_256_GCM_SHA384 | any | TLSv1.3",
                "default | TLSv1.3 | any | x25519    | TLSv1.3",
                "default | TLSv1.3 | any | secp256r1 | TLSv1.3",
                "default | TLSv1.3 | any | secp384r1 | TLSv1.3",
                "default | TLSv1.3 | any | secp521r1 | refused",
                "default | TLSv1.2 | any | any       | refused",
                "tls12   | TLSv1.3 | any | any       | TLSv1.3",
                "tls12   | TLSv1.2 | any | any       | TLSv1.2",
                "tls12   | TLSv1.2 | TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 | any | TLSv1.2",
                "tls12   | TLSv1.2 | TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 | any | TLSv1.2",
                "tls12   | TLSv1.2 | TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256 | any | refused",
                "tls12   | TLSv1.2 | TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256 | any | refused",
                "pqc     | TLSv1.3 | any | x25519    | refused",
                "pqc     | TLSv1.3 | any | secp256r1 | refused",
            })
    void agreesWithWhomTheSettingsAllowAndNobodyElse(
            String profile, String version, String suite, String group, String expected) throws Exception {
        Offer offer = new Offer(version, suite, group);
        try (TunnelForTests tunnel = start(profile)) {
            assertThat(asServer(tunnel, offer)).as("as a server").isEqualTo(expected);
            assertThat(asClient(tunnel, offer)).as("as a client").isEqualTo(expected);
        }
    }

    /** The version that a client gets, twice: a session is never resumed. */
    private static String asServer(TunnelForTests tunnel, Offer offer) throws Exception {
        JdkPeer peer = new JdkPeer(tunnel.ca.issue(TunnelForTests.CLIENT));
        try {
            SSLSession first = settingsRead(peer, tunnel, offer);
            SSLSession second = settingsRead(peer, tunnel, offer);
            assertThat(second.getId()).as("another session").isNotEqualTo(first.getId());
            assertThat(second.getProtocol()).isEqualTo(first.getProtocol());
            return second.getProtocol();
        } catch (IOException e) {
            return REFUSED;
        }
    }

    /** A client that was taken, and got our SETTINGS. */
    private static SSLSession settingsRead(JdkPeer peer, TunnelForTests tunnel, Offer offer) throws Exception {
        try (SSLSocket client = peer.client(tunnel.serverAddress, offer)) {
            client.getOutputStream().write(PREFACE.getBytes(StandardCharsets.US_ASCII));
            byte[] head = client.getInputStream().readNBytes(9);
            if (head.length < 9) {
                throw new IOException("the server ended it");
            }
            assertThat(head[3]).as("the type of the first frame: SETTINGS").isEqualTo((byte) 4);
            return client.getSession();
        }
    }

    /** The version that a server gets of us, and our preface over it. */
    private static String asClient(TunnelForTests tunnel, Offer offer) throws Exception {
        try (SSLServerSocket server = new JdkPeer(tunnel.ca.issue(TunnelForTests.SERVER)).server(offer);
                Socket application = connect(tunnel, (InetSocketAddress) server.getLocalSocketAddress());
                SSLSocket taken = (SSLSocket) server.accept()) {
            try {
                taken.setSoTimeout(30_000);
                byte[] said = taken.getInputStream().readNBytes(PREFACE.length());
                assertThat(new String(said, StandardCharsets.US_ASCII)).isEqualTo(PREFACE);
                return taken.getSession().getProtocol();
            } catch (IOException e) {
                assertThat(ApplicationForTests.endsWithReset(application)).isTrue();
                return REFUSED;
            }
        }
    }

    /** An application's connection, for which a tunnel to that server is opened. */
    private static Socket connect(TunnelForTests tunnel, InetSocketAddress server) throws IOException {
        tunnel.destination = server;
        return tunnel.connect();
    }

    @Test
    void agreesOnPostQuantumKeysWithItsLikeWhereNothingElseWillDo() throws Exception {
        try (TunnelForTests tunnel = start("pqc");
                ApplicationForTests application = new ApplicationForTests()) {
            tunnel.application = application.address();
            try (Socket client = tunnel.connect()) {
                client.getOutputStream().write(7);
                try (Socket server = application.accept()) {
                    assertThat(server.getInputStream().read()).isEqualTo(7);
                }
            }
            await("the tunnel stands", () -> !tunnel.serverConnections.isEmpty());
            String group = on(
                    tunnel.serverLoop,
                    () -> tunnel.serverConnections.getFirst().security().groupName());
            assertThat(group).isEqualTo("X25519MLKEM768");
        }
    }
}
