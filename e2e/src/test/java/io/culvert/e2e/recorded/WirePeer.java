package io.culvert.e2e.recorded;

import io.culvert.testkit.controlplane.PeerCredential;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http2.DefaultHttp2HeadersDecoder;
import io.netty.handler.codec.http2.Http2Exception;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SNIServerName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;

/**
 * Either end of HBONE, by hand: TLS of the JDK, and frames written and read as the recording's peer did. What is read
 * is told in the recording's words, with header blocks decoded.
 */
final class WirePeer implements AutoCloseable {
    private static final int LIMIT_MS = (int) Duration.ofSeconds(60).toMillis();
    private static final char[] NO_PASSWORD = {};
    private static final int HBONE_PORT = 15008;
    private static final String PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    private static final int HEADER_LIST_MAX = 65_536;
    private static final List<String> TYPES = List.of(
            "DATA",
            "HEADERS",
            "PRIORITY",
            "RST_STREAM",
            "SETTINGS",
            "PUSH_PROMISE",
            "PING",
            "GOAWAY",
            "WINDOW_UPDATE",
            "CONTINUATION");

    private static final int TABLE_SIZE_ZERO = 0x20;

    static final int DATA = 0;
    static final int HEADERS = 1;
    static final int RST_STREAM = 3;
    static final int SETTINGS = 4;
    static final int PING = 6;

    static final int END_STREAM = 1;
    static final int ACK = 1;
    static final int END_HEADERS = 4;

    private final SSLSocket socket;
    private final DefaultHttp2HeadersDecoder headers = new DefaultHttp2HeadersDecoder(true, HEADER_LIST_MAX);

    private WirePeer(SSLSocket socket) {
        this.socket = socket;
    }

    /** The client's end, after its handshake. */
    static WirePeer client(SocketChannel connection, PeerCredential credential) throws Exception {
        return new WirePeer(secure(connection.socket(), credential, true));
    }

    /** The server's end, which demands a certificate. */
    static WirePeer server(SocketChannel connection, PeerCredential credential)
            throws GeneralSecurityException, IOException {
        return new WirePeer(secure(connection.socket(), credential, false));
    }

    private static SSLSocket secure(Socket plain, PeerCredential credential, boolean client)
            throws GeneralSecurityException, IOException {
        SSLSocket socket =
                (SSLSocket) context(credential).getSocketFactory().createSocket(plain, "peer", HBONE_PORT, true);
        socket.setUseClientMode(client);
        socket.setSoTimeout(LIMIT_MS);
        SSLParameters parameters = socket.getSSLParameters();
        parameters.setApplicationProtocols(new String[] {"h2"});
        parameters.setProtocols(new String[] {"TLSv1.3"});
        if (!client) {
            parameters.setNeedClientAuth(true);
        }
        socket.setSSLParameters(parameters);
        socket.startHandshake();
        return socket;
    }

    private static SSLContext context(PeerCredential credential) throws GeneralSecurityException, IOException {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        store.setKeyEntry(
                "peer", credential.key(), NO_PASSWORD, credential.chain().toArray(new Certificate[0]));
        KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
        keys.init(store, NO_PASSWORD);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), new TrustManager[] {new Trusting()}, null);
        return context;
    }

    /** Protocol, ALPN and the other's names, as the recording tells them. */
    String security() throws GeneralSecurityException, IOException {
        X509Certificate other = (X509Certificate) socket.getSession().getPeerCertificates()[0];
        return socket.getSession().getProtocol() + " " + socket.getApplicationProtocol() + " "
                + other.getSubjectAlternativeNames();
    }

    /** The server names that a client asked for. */
    List<SNIServerName> requestedNames() {
        return ((ExtendedSSLSession) socket.getSession()).getRequestedServerNames();
    }

    // What is sent.

    /** Preface, empty SETTINGS, and the answer to the SETTINGS that will come. */
    void hello() throws IOException {
        write(PREFACE.getBytes(StandardCharsets.US_ASCII));
        send(SETTINGS, 0, 0);
        send(SETTINGS, ACK, 0);
    }

    void send(int type, int flags, int stream, byte... payload) throws IOException {
        ByteBuffer frame = ByteBuffer.allocate(9 + payload.length);
        frame.putInt(payload.length << 8 | type);
        frame.put((byte) flags).putInt(stream).put(payload);
        write(frame.array());
    }

    private void write(byte[] bytes) throws IOException {
        socket.getOutputStream().write(bytes);
        socket.getOutputStream().flush();
    }

    /**
     * A header block of literals: name, value, name, value. It begins with the table's new size of zero: to have
     * acknowledged SETTINGS that say so obliges to (RFC 7541 section 4.2).
     */
    static byte[] block(String... fields) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(TABLE_SIZE_ZERO);
        for (int i = 0; i < fields.length; i += 2) {
            out.write(0);
            literal(out, fields[i]);
            literal(out, fields[i + 1]);
        }
        return out.toByteArray();
    }

    private static void literal(ByteArrayOutputStream out, String text) {
        if (text.length() >= 127) {
            throw new IllegalArgumentException("longer than one byte of length can say: " + text);
        }
        out.write(text.length());
        out.writeBytes(text.getBytes(StandardCharsets.US_ASCII));
    }

    // What is received.

    /** Reads the client's preface; the number of its bytes. */
    int skipPreface() throws IOException {
        byte[] read = socket.getInputStream().readNBytes(PREFACE.length());
        if (!new String(read, StandardCharsets.US_ASCII).equals(PREFACE)) {
            throw new EOFException("no preface: " + HexFormat.of().formatHex(read));
        }
        return read.length;
    }

    /** The next frame, in the recording's words; {@code eof} at the end, however it came. */
    String next() throws IOException {
        byte[] head;
        byte[] payload;
        try {
            head = socket.getInputStream().readNBytes(9);
            if (head.length < 9) {
                return "eof";
            }
            payload = socket.getInputStream().readNBytes(ByteBuffer.wrap(head).getInt() >>> 8);
        } catch (SocketTimeoutException silent) {
            throw silent;
        } catch (IOException cut) {
            return "eof";
        }
        ByteBuffer fields = ByteBuffer.wrap(head, 3, 6);
        int type = fields.get();
        int flags = fields.get();
        return describe(headers, type, flags, fields.getInt(), payload);
    }

    private static String describe(DefaultHttp2HeadersDecoder decoder, int type, int flags, int stream, byte[] payload)
            throws IOException {
        String said = "%s flags=0x%02x stream=%d".formatted(TYPES.get(type), flags, stream);
        return switch (TYPES.get(type)) {
            case "DATA" -> said + " len=" + payload.length;
            case "HEADERS" -> said + " " + decode(decoder, payload);
            case "SETTINGS" -> said + settings(payload);
            case "WINDOW_UPDATE" -> said + " " + ByteBuffer.wrap(payload).getInt();
            default -> said + " " + HexFormat.of().formatHex(payload);
        };
    }

    private static String settings(byte[] payload) {
        StringBuilder text = new StringBuilder();
        ByteBuffer in = ByteBuffer.wrap(payload);
        while (in.hasRemaining()) {
            text.append(' ').append(in.getShort()).append('=').append(in.getInt());
        }
        return text.toString();
    }

    private static String decode(DefaultHttp2HeadersDecoder decoder, byte[] block) throws IOException {
        try {
            List<String> fields = new ArrayList<>();
            decoder.decodeHeaders(1, Unpooled.wrappedBuffer(block))
                    .forEach(field -> fields.add(field.getKey() + "=" + field.getValue()));
            return String.join(" ", fields);
        } catch (Http2Exception e) {
            throw new EOFException("a header block that cannot be read: " + e.getMessage());
        }
    }

    /** A recorded line in the words of {@link #next}. */
    static String recorded(String line) throws IOException {
        String[] words = line.strip().split(" ");
        if (words.length < 4) {
            return words[0];
        }
        String said = words[0] + " " + words[1] + " " + words[2];
        return switch (words[0]) {
            case "DATA" -> said + " " + words[3];
            case "HEADERS" ->
                said + " "
                        + decode(
                                new DefaultHttp2HeadersDecoder(true, HEADER_LIST_MAX),
                                HexFormat.of().parseHex(words[4]));
            case "SETTINGS", "WINDOW_UPDATE", "PING", "GOAWAY", "RST_STREAM" ->
                (said + " " + String.join(" ", List.of(words).subList(4, words.length))).strip();
            default -> words[0];
        };
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
