package io.culvert.e2e.mesh;

import io.culvert.testkit.controlplane.PeerCredential;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.SocketTimeoutException;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Duration;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;

/** Who comes to 15008 without being one of our proxies: TLS by the JDK, HTTP/2 frame by frame. Trusts everybody. */
final class RawPeer implements AutoCloseable {
    private static final int LIMIT_MS = (int) Duration.ofSeconds(60).toMillis();
    private static final char[] NO_PASSWORD = {};

    /** RFC 9113 section 3.4, and an empty SETTINGS frame. */
    private static final String PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

    private static final byte[] NO_SETTINGS = {0, 0, 0, 4, 0, 0, 0, 0, 0};
    private static final int SETTINGS = 4;
    private static final int GOAWAY = 7;
    private static final int HBONE_PORT = 15008;

    private final SSLSocket socket;

    private RawPeer(SSLSocket socket) {
        this.socket = socket;
    }

    /** The handshake as far as the client sees it: in TLS 1.3 the server's judgement comes later. */
    static RawPeer connect(SocketChannel connection, PeerCredential credential) throws Exception {
        SSLSocket socket = (SSLSocket)
                context(credential).getSocketFactory().createSocket(connection.socket(), "peer", HBONE_PORT, true);
        socket.setSoTimeout(LIMIT_MS);
        SSLParameters parameters = socket.getSSLParameters();
        parameters.setApplicationProtocols(new String[] {"h2"});
        parameters.setProtocols(new String[] {"TLSv1.3"});
        socket.setSSLParameters(parameters);
        socket.startHandshake();
        return new RawPeer(socket);
    }

    private static SSLContext context(PeerCredential credential) throws GeneralSecurityException, IOException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        store.setKeyEntry(
                "peer", credential.key(), NO_PASSWORD, credential.chain().toArray(new X509Certificate[0]));
        KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
        keys.init(store, NO_PASSWORD);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), new TrustManager[] {new Trusting()}, null);
        return context;
    }

    void beginHttp2() throws IOException {
        OutputStream out = socket.getOutputStream();
        out.write(PREFACE.getBytes(StandardCharsets.US_ASCII));
        out.write(NO_SETTINGS);
        out.flush();
    }

    /** Until the other has accepted us, and says how it speaks HTTP/2. */
    void awaitSettings() throws IOException {
        awaitFrame(SETTINGS);
    }

    void awaitGoAway() throws IOException {
        awaitFrame(GOAWAY);
    }

    /** Reads frames until one of this type; the end, or a minute's silence, is an exception. */
    private void awaitFrame(int wanted) throws IOException {
        InputStream in = socket.getInputStream();
        int type;
        do {
            byte[] head = in.readNBytes(9);
            if (head.length < 9) {
                throw new EOFException("the connection ended without a frame of type " + wanted);
            }
            type = head[3];
            in.skipNBytes((head[0] & 0xff) << 16 | (head[1] & 0xff) << 8 | (head[2] & 0xff));
        } while (type != wanted);
    }

    /** Waits for the other's judgement: true when it ends the connection, by an alert or otherwise. */
    boolean isTurnedAway() throws IOException {
        try {
            return socket.getInputStream().read() < 0;
        } catch (SocketTimeoutException taken) {
            return false;
        } catch (IOException alert) {
            return true;
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
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
