package io.culvert.proxy.tls;

import io.culvert.xds.identity.WorkloadCertificate;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;

/** The JDK's TLS at the other end, so that versions, suites and groups are tried against another implementation. */
final class JdkPeer {
    private static final char[] NO_PASSWORD = {};
    private static final int LIMIT_MS = 30_000;

    private final SSLContext context;

    JdkPeer(WorkloadCertificate own) throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        store.setKeyEntry("peer", key(own), NO_PASSWORD, own.chain().toArray(new X509Certificate[0]));
        KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
        keys.init(store, NO_PASSWORD);
        context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), new TrustManager[] {new Trusting()}, null);
    }

    private static PrivateKey key(WorkloadCertificate own) throws Exception {
        String body = new String(own.privateKeyPem(), StandardCharsets.US_ASCII).replaceAll("-----[A-Z ]*-----", "");
        return KeyFactory.getInstance("EC")
                .generatePrivate(new PKCS8EncodedKeySpec(Base64.getMimeDecoder().decode(body)));
    }

    /** A client that has not shaken hands yet. */
    SSLSocket client(InetSocketAddress to, Offer offer) throws Exception {
        Socket plain = new Socket(to.getAddress(), to.getPort());
        plain.setSoTimeout(LIMIT_MS);
        SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(plain, "peer", to.getPort(), true);
        socket.setSSLParameters(offer.on(socket.getSSLParameters()));
        return socket;
    }

    /** A server that demands a certificate, on a port of the kernel's choice. */
    SSLServerSocket server(Offer offer) throws Exception {
        SSLServerSocket socket = (SSLServerSocket)
                context.getServerSocketFactory().createServerSocket(0, 8, InetAddress.getLoopbackAddress());
        socket.setSoTimeout(LIMIT_MS);
        SSLParameters parameters = offer.on(socket.getSSLParameters());
        parameters.setNeedClientAuth(true);
        socket.setSSLParameters(parameters);
        return socket;
    }

    /**
     * What the peer can do: nothing else.
     *
     * @param version "TLSv1.2" or "TLSv1.3"
     * @param suite the JDK's name; "any"
     * @param group the JDK's name; "any"
     */
    record Offer(String version, String suite, String group) {
        SSLParameters on(SSLParameters parameters) {
            parameters.setProtocols(new String[] {version});
            parameters.setApplicationProtocols(new String[] {"h2"});
            if (!suite.equals("any")) {
                parameters.setCipherSuites(new String[] {suite});
            }
            if (!group.equals("any")) {
                parameters.setNamedGroups(new String[] {group});
            }
            return parameters;
        }
    }

    private static final class Trusting implements X509TrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String algorithm) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String algorithm) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
