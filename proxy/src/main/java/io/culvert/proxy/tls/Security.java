package io.culvert.proxy.tls;

/**
 * What a handshake agreed on: who the peer is, and by which cipher ("TLS_AES_128_GCM_SHA256") and group
 * ("X25519MLKEM768").
 *
 * @param watching tells when the peer does not count any more
 */
public record Security(VerifiedPeer peer, String cipherName, String groupName, Watching watching) {

    /** Begins to watch over the connection. */
    public interface Watching {
        /**
         * To be ended with the connection.
         *
         * @param revoked called once, on any thread, perhaps before this returns
         */
        Revocation.Watch begin(Runnable revoked);
    }
}
