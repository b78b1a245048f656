package io.culvert.proxy.hbone;

/** Who runs a connection: a pool on the client side, a server on the other. */
interface ConnectionOwner {
    /** The handshake is done. */
    void onEstablished();

    /** The peer's SETTINGS have come: it has accepted us, and its limit of streams is known. */
    void onPeerSettings();

    /** Server: a request to accept or refuse. */
    void onConnect(HboneStream stream, ConnectRequest request);

    /** Server: a request that nobody has joined with a socket yet was reset, or its connection lost. */
    void onAbandoned(HboneStream stream);

    /** A stream has ended. */
    void onStreamEnded();

    /** The peer takes no more streams. */
    void onGoingAway();

    /** Exactly once, and last. */
    void onClosed(ConnectionEnd end);
}
