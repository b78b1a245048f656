package io.culvert.proxy.tls;

/**
 * What a handshake agreed on: who the peer is, and by which cipher ("TLS_AES_128_GCM_SHA256") and group
 * ("X25519MLKEM768").
 */
public record Security(VerifiedPeer peer, String cipherName, String groupName) {}
