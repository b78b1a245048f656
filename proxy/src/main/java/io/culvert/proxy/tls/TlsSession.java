package io.culvert.proxy.tls;

import io.culvert.proxy.relay.RawBuffer;
import io.netty.internal.tcnative.SSL;
import org.jspecify.annotations.Nullable;

/**
 * One TLS connection: handshake, encryption and decryption from buffer to buffer. It knows no socket.
 *
 * <p>BoringSSL reads and writes through one BIO that is lent a buffer for the length of a call. What it wants to write
 * while it reads (handshake answers, alerts, key updates) goes into a small buffer of its own, and leaves with the next
 * bytes that we write, or by {@link #flush}.
 */
public final class TlsSession {
    /** BoringSSL's own outgoing buffer: holds a flight without certificates; a longer one takes more than one step. */
    private static final int OWN_BUFFER_BYTES = 4096;
    /**
     * A record's header, inner content type and tag (RFC 8446 section 5.2: 22), or in TLS 1.2 header, nonce and tag
     * (RFC 5288 section 3: 29).
     */
    private static final int RECORD_OVERHEAD = 29;

    private static final int RECORD_BYTES = 16_384;

    private final TlsContext context;
    private final PeerRule rule;
    private final long ssl;
    private final long bio;
    private @Nullable VerifiedPeer peer;
    private @Nullable String failure;
    private int consumed;
    private int produced;
    private boolean freed;

    /** Where a handshake stands. */
    public enum Handshake {
        /** The peer has to say something first. */
        WANTS_BYTES,
        /** Application bytes may flow. The server may still refuse our certificate; we learn that when reading. */
        DONE,
        /** {@link #failure()} tells why; the bytes produced carry the alert. */
        FAILED
    }

    /** What {@link #decrypt} answers where it does not give a number of bytes. */
    public static final int WANTS_BYTES = 0;

    /** The peer has closed in order. */
    public static final int CLOSED = -1;

    /** {@link #failure()} tells why. */
    public static final int FAILED = -2;

    TlsSession(TlsContext context, PeerRule rule) {
        this.context = context;
        this.rule = rule;
        this.ssl = context.startSession();
        this.bio = SSL.bioNewByteBuffer(ssl, OWN_BUFFER_BYTES);
    }

    PeerRule rule() {
        return rule;
    }

    TlsContext context() {
        return context;
    }

    void accept(VerifiedPeer verified) {
        peer = verified;
    }

    void reject(String why) {
        failure = why;
    }

    public boolean isServer() {
        return context.isServer();
    }

    // ---- handshake

    /**
     * Goes as far as the given bytes allow. {@link #consumed()} tells how many of them were taken, {@link #produced()}
     * how many were put at {@code outAt} for the peer; the rest of the input is the next call's, or {@link
     * #beginDecrypt}'s when done.
     */
    public Handshake handshake(RawBuffer in, int at, int bytes, RawBuffer out, int outAt, int outRoom) {
        checkUsable();
        consumed = 0;
        produced = 0;
        while (true) {
            int result = stepReading(in, at + consumed, bytes - consumed);
            int room = outRoom - produced;
            out.lendToBioForWriting(bio, outAt + produced, room);
            SSL.bioFlushByteBuffer(bio);
            int error = result > 0 ? SSL.SSL_ERROR_NONE : SSL.getError(ssl, result);
            if (error == SSL.SSL_ERROR_WANT_WRITE) {
                result = context.doHandshake(this, ssl);
                error = result > 0 ? SSL.SSL_ERROR_NONE : SSL.getError(ssl, result);
                SSL.bioFlushByteBuffer(bio);
            }
            produced += room - SSL.bioLengthByteBuffer(bio);
            SSL.bioClearByteBuffer(bio);
            if (result > 0) {
                return peer == null ? failed("peer sent no certificates") : Handshake.DONE;
            }
            if (error != SSL.SSL_ERROR_WANT_READ && error != SSL.SSL_ERROR_WANT_WRITE) {
                return failed(lastError());
            }
            if (consumed == bytes && error == SSL.SSL_ERROR_WANT_READ) {
                return Handshake.WANTS_BYTES;
            }
        }
    }

    private int stepReading(RawBuffer in, int at, int bytes) {
        if (bytes == 0) {
            SSL.bioClearByteBuffer(bio);
            return context.doHandshake(this, ssl);
        }
        in.lendToBioForReading(bio, at, bytes);
        int result = context.doHandshake(this, ssl);
        consumed += bytes - SSL.bioLengthByteBuffer(bio);
        SSL.bioClearByteBuffer(bio);
        return result;
    }

    private Handshake failed(String why) {
        if (failure == null) {
            failure = why;
        }
        return Handshake.FAILED;
    }

    /** Bytes that the last handshake step took of its input. */
    public int consumed() {
        return consumed;
    }

    /** Bytes that the last handshake step made for the peer. */
    public int produced() {
        return produced;
    }

    /** Why handshake or decryption failed. */
    public String failure() {
        return failure == null ? "no failure" : failure;
    }

    // ---- who is there

    /** The peer, once the handshake is done. */
    public VerifiedPeer peer() {
        if (peer == null) {
            throw new IllegalStateException("the peer is not verified yet");
        }
        return peer;
    }

    /** "TLS_AES_128_GCM_SHA256". */
    public String cipherName() {
        checkUsable();
        return SSL.getCipherForSSL(ssl);
    }

    /** The key exchange's group: "X25519MLKEM768". */
    public String groupName() {
        checkUsable();
        try {
            return SSL.getGroupName(ssl);
        } catch (Exception e) {
            throw new IllegalStateException("group of an established session", e);
        }
    }

    /** What the handshake agreed on, for who runs the connection: it may have to end when its peer is revoked. */
    public Security security() {
        Revocation revocation = context.revocation();
        VerifiedPeer verified = peer();
        return new Security(
                verified,
                cipherName(),
                groupName(),
                revoked -> revocation.watch(verified, context.isServer(), revoked));
    }

    // ---- application bytes

    /** The most that {@link #encrypt} makes of {@code bytes}. */
    public static int encryptedMost(int bytes) {
        return bytes + (bytes / RECORD_BYTES + 1) * RECORD_OVERHEAD + OWN_BUFFER_BYTES;
    }

    /**
     * Encrypts all of {@code bytes}; how many were put at {@code outAt}, or -1 if the session cannot be used any more.
     */
    public int encrypt(RawBuffer in, int at, int bytes, RawBuffer out, int outAt) {
        checkUsable();
        int room = out.capacity() - outAt;
        out.lendToBioForWriting(bio, outAt, room);
        // What BoringSSL had to say first: its BIO miscounts a write that finds some of it still waiting.
        SSL.bioFlushByteBuffer(bio);
        int done = 0;
        while (done < bytes) {
            int taken = in.encrypt(ssl, at + done, bytes - done);
            if (taken <= 0) {
                SSL.bioClearByteBuffer(bio);
                failure = lastError();
                return -1;
            }
            done += taken;
        }
        int made = room - SSL.bioLengthByteBuffer(bio);
        SSL.bioClearByteBuffer(bio);
        return made;
    }

    /** True if BoringSSL has something of its own to send: {@link #flush} it. */
    public boolean hasOwnBytes() {
        checkUsable();
        return SSL.bioLengthNonApplication(bio) > 0;
    }

    /** Puts what BoringSSL has to say by itself at {@code outAt}; how many bytes. */
    public int flush(RawBuffer out, int outAt) {
        checkUsable();
        int room = out.capacity() - outAt;
        out.lendToBioForWriting(bio, outAt, room);
        SSL.bioFlushByteBuffer(bio);
        int made = room - SSL.bioLengthByteBuffer(bio);
        SSL.bioClearByteBuffer(bio);
        return made;
    }

    /** Lends received bytes to {@link #decrypt}, until {@link #endDecrypt}. */
    public void beginDecrypt(RawBuffer in, int at, int bytes) {
        checkUsable();
        in.lendToBioForReading(bio, at, bytes);
    }

    /** Decrypts a record: how many bytes were put at {@code at}, or one of the constants above. */
    public int decrypt(RawBuffer out, int at, int room) {
        checkUsable();
        int bytes = out.decrypt(ssl, at, room);
        if (bytes > 0) {
            return bytes;
        }
        int error = SSL.getError(ssl, bytes);
        if (error == SSL.SSL_ERROR_WANT_READ) {
            return WANTS_BYTES;
        }
        if (error == SSL.SSL_ERROR_ZERO_RETURN) {
            return CLOSED;
        }
        failure = lastError();
        return FAILED;
    }

    public void endDecrypt() {
        checkUsable();
        SSL.bioClearByteBuffer(bio);
    }

    /** Makes a close_notify, which {@link #flush} puts out. */
    public void closeNotify() {
        checkUsable();
        if (SSL.isInInit(ssl) == 0) {
            SSL.shutdownSSL(ssl);
            SSL.clearError();
        }
    }

    /** Ends the session. Idempotent. */
    public void free() {
        if (!freed) {
            freed = true;
            context.endSession(ssl);
        }
    }

    private void checkUsable() {
        if (freed) {
            throw new IllegalStateException("TLS session used after its end");
        }
    }

    /** BoringSSL's reason, without the decoration of OpenSSL's error strings. */
    private static String lastError() {
        int code = SSL.getLastErrorNumber();
        if (code == 0) {
            return "peer closed connection without sending TLS close_notify";
        }
        String text = SSL.getErrorString(code);
        SSL.clearError();
        String reason = text.substring(text.lastIndexOf(':') + 1);
        if (reason.equals("PEER_DID_NOT_RETURN_A_CERTIFICATE")) {
            return "peer sent no certificates";
        }
        for (String prefix : new String[] {"SSLV3_ALERT_", "TLSV1_ALERT_", "TLSV1_"}) {
            if (reason.startsWith(prefix)) {
                return "received fatal alert: " + reason.substring(prefix.length());
            }
        }
        return reason;
    }
}
