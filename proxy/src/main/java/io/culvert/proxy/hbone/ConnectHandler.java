package io.culvert.proxy.hbone;

/** What a server of tunnels does with them. Called on the connection's loop. */
public interface ConnectHandler {
    /** The handshake is done, and the client verified: {@link HboneConnection#security()} tells who it is. */
    void onEstablished(HboneConnection connection);

    /**
     * A request: {@link HboneStream#accept} and join it with a socket, or {@link HboneStream#refuse} it, now or later.
     */
    void onConnect(HboneStream stream, ConnectRequest request);

    /** The client has given up a request that is not joined with a socket yet: whatever is under way for it can end. */
    void onAbandoned(HboneStream stream);

    /**
     * The connection has ended; without {@link #onEstablished} before it, its handshake failed. Exactly once, and last.
     */
    void onClosed(HboneConnection connection, ConnectionEnd end);
}
