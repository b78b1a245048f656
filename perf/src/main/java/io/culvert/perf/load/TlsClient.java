package io.culvert.perf.load;

import io.netty.handler.ssl.OpenSsl;
import io.netty.internal.tcnative.CertificateVerifier;
import io.netty.internal.tcnative.SSL;
import io.netty.internal.tcnative.SSLContext;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The client's half of mutual TLS 1.3 as a node proxy speaks it, and no more: BoringSSL through tcnative's functions,
 * buffers in native memory, no look at the server's certificate. So it costs about as little as a client can. Never
 * resumes a session: every handshake is a full one. Used by one thread.
 */
final class TlsClient implements AutoCloseable {
    /** RFC 9113 section 3.4, and an empty SETTINGS frame. */
    private static final byte[] PREFACE =
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0".getBytes(StandardCharsets.US_ASCII);

    /** A ClientHello with a post-quantum share has 1.8 KB, certificates of a mesh 1 to 3. */
    private static final int BUFFER_BYTES = 16 * 1024;

    private final long context;
    private final long chain;
    private final long key;
    private final ByteBuffer in = ByteBuffer.allocateDirect(BUFFER_BYTES);
    private final ByteBuffer out = ByteBuffer.allocateDirect(BUFFER_BYTES);
    private final ByteBuffer plain = ByteBuffer.allocateDirect(BUFFER_BYTES);
    private final long inAddress = MemorySegment.ofBuffer(in).address();
    private final long outAddress = MemorySegment.ofBuffer(out).address();
    private final long plainAddress = MemorySegment.ofBuffer(plain).address();

    /**
     * @param chain PEM file of the certificate, leaf first
     * @param key PEM file of its key
     * @param groups key exchange groups to offer, best first
     */
    TlsClient(Path chain, Path key, String... groups) throws IOException {
        OpenSsl.ensureAvailability();
        try {
            this.chain = parse(chain, SSL::parseX509Chain);
            this.key = parse(key, bio -> SSL.parsePrivateKey(bio, null));
            this.context = SSLContext.make(SSL.SSL_PROTOCOL_TLSV1_3, SSL.SSL_MODE_CLIENT);
        } catch (IOException unreadable) {
            throw unreadable;
        } catch (Exception broken) {
            throw new IOException("BoringSSL: " + broken.getMessage(), broken);
        }
        SSLContext.setSessionCacheMode(context, SSL.SSL_SESS_CACHE_OFF);
        SSLContext.setAlpnProtos(context, new String[] {"h2"}, SSL.SSL_SELECTOR_FAILURE_NO_ADVERTISE);
        if (!SSLContext.setCurvesList(context, groups)) {
            throw new IOException("BoringSSL lacks one of the groups " + String.join(", ", groups));
        }
        // Without a verifier of its own tcnative refuses every certificate, whatever the mode.
        SSLContext.setVerify(context, SSL.SSL_CVERIFY_REQUIRED, 1);
        SSLContext.setCertVerifyCallback(context, new Trusting());
        SSLContext.setCertificateCallback(
                context, (ssl, types, issuers) -> SSL.setKeyMaterial(ssl, this.chain, this.key));
    }

    /** A tcnative function from a memory BIO to a native object. */
    private interface Parser {
        long parse(long bio) throws Exception;
    }

    private static long parse(Path file, Parser parser) throws Exception {
        byte[] pem = Files.readAllBytes(file);
        ByteBuffer memory = ByteBuffer.allocateDirect(pem.length).put(pem);
        long bio = SSL.newMemBIO();
        try {
            int _ = SSL.bioWrite(bio, MemorySegment.ofBuffer(memory.flip()).address(), pem.length);
            return parser.parse(bio);
        } finally {
            SSL.freeBIO(bio);
        }
    }

    /**
     * Handshakes over a connected channel in blocking mode, begins HTTP/2, and waits for the server's first words: in
     * TLS 1.3 only they tell that the server has accepted the client's certificate.
     *
     * @return the group that the keys were exchanged by
     */
    String handshake(SocketChannel channel) throws IOException {
        long ssl = SSL.newSSL(context, false);
        try {
            long bio = SSL.bioNewByteBuffer(ssl, BUFFER_BYTES);
            step(ssl, bio, channel, () -> SSL.doHandshake(ssl));
            plain.clear().put(PREFACE);
            step(ssl, bio, channel, () -> SSL.writeToSSL(ssl, plainAddress, PREFACE.length));
            flush(bio, channel);
            step(ssl, bio, channel, () -> SSL.readFromSSL(ssl, plainAddress, BUFFER_BYTES));
            return groupOf(ssl);
        } finally {
            SSL.freeSSL(ssl);
        }
    }

    private static String groupOf(long ssl) throws IOException {
        try {
            return SSL.getGroupName(ssl);
        } catch (Exception unknown) {
            throw new IOException("BoringSSL cannot tell the group: " + unknown.getMessage(), unknown);
        }
    }

    /** Load has no secrets to tell. */
    private static final class Trusting extends CertificateVerifier {
        @Override
        public int verify(long ssl, byte[][] chain, String authentication) {
            return X509_V_OK;
        }
    }

    private interface Call {
        int result();
    }

    /** Repeats a call, with more bytes from the server whenever it wants some, until it is done. */
    private void step(long ssl, long bio, SocketChannel channel, Call call) throws IOException {
        for (int result = call.result(); result <= 0; result = call.result()) {
            int error = SSL.getError(ssl, result);
            if (error != SSL.SSL_ERROR_WANT_READ) {
                throw new IOException("TLS: " + SSL.getLastError());
            }
            flush(bio, channel);
            if (channel.read(in.clear()) < 0) {
                throw new IOException("the server closed the connection before it had accepted it");
            }
            SSL.bioSetByteBuffer(bio, inAddress, in.position(), false);
        }
    }

    /** Sends what BoringSSL wants to say. What it has not read yet of the server stays with it. */
    private void flush(long bio, SocketChannel channel) throws IOException {
        int unread = SSL.bioLengthByteBuffer(bio);
        SSL.bioSetByteBuffer(bio, outAddress, BUFFER_BYTES, true);
        int _ = SSL.bioFlushByteBuffer(bio);
        int said = BUFFER_BYTES - SSL.bioLengthByteBuffer(bio);
        SSL.bioClearByteBuffer(bio);
        out.clear().limit(said);
        while (out.hasRemaining()) {
            channel.write(out);
        }
        if (unread > 0) {
            SSL.bioSetByteBuffer(bio, inAddress + in.position() - unread, unread, false);
        }
    }

    @Override
    public void close() {
        int _ = SSLContext.free(context);
        SSL.freePrivateKey(key);
        SSL.freeX509Chain(chain);
    }
}
