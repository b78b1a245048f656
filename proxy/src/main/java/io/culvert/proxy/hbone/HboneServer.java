package io.culvert.proxy.hbone;

import io.culvert.proxy.relay.LoopSocket;
import io.culvert.proxy.tls.SecureSocket;
import io.culvert.proxy.tls.TlsSession;
import org.jspecify.annotations.Nullable;

/** Runs accepted sockets as tunnel connections. */
public final class HboneServer implements ConnectionOwner {
    private final SecureSocket transport;
    private final ConnectHandler handler;
    private @Nullable HboneConnection connection;

    private HboneServer(SecureSocket transport, ConnectHandler handler) {
        this.transport = transport;
        this.handler = handler;
    }

    /**
     * Starts the handshake on an accepted socket; both {@code socket} and {@code session} are the connection's from
     * here on.
     */
    public static HboneConnection accept(
            LoopSocket socket, TlsSession session, HboneConfig config, ConnectHandler handler) {
        SecureSocket transport = new SecureSocket(socket, session);
        HboneServer owner = new HboneServer(transport, handler);
        HboneConnection made = new HboneConnection(transport, true, config, owner);
        owner.connection = made;
        made.start();
        return made;
    }

    private HboneConnection connection() {
        if (connection == null) {
            throw new IllegalStateException("not started");
        }
        return connection;
    }

    @Override
    public void onEstablished() {
        connection().secured(transport.security());
        handler.onEstablished(connection());
    }

    @Override
    public void onConnect(HboneStream stream, ConnectRequest request) {
        handler.onConnect(stream, request);
    }

    @Override
    public void onAbandoned(HboneStream stream) {
        handler.onAbandoned(stream);
    }

    @Override
    public void onClosed(ConnectionEnd end) {
        handler.onClosed(connection(), end);
    }

    @Override
    public void onPeerSettings() {
        // A client's limits concern streams that we would open: none.
    }

    @Override
    public void onStreamEnded() {
        // The connection closes itself when it is to.
    }

    @Override
    public void onGoingAway() {
        // As above.
    }
}
