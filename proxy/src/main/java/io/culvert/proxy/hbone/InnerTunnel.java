package io.culvert.proxy.hbone;

import io.culvert.proxy.relay.TunnelStream.Abort;
import io.culvert.proxy.tls.SecureStream;
import io.culvert.proxy.tls.TlsSession;
import org.jspecify.annotations.Nullable;

/**
 * A tunnel inside a tunnel: TLS and HTTP/2 of its own through a stream that leads to another network's gateway, which
 * passes the bytes on to the far proxy (ztunnel proxy/outbound.rs:proxy_to_double_hbone).
 *
 * <p>It bears one request and is never pooled: which of the service's endpoints gets it is decided behind the gateway,
 * anew for each. It ends with its stream, and the carrier with it.
 *
 * <pre>
 *   certificate -> TLS through the carrier -> CONNECT -> answer
 * </pre>
 */
public final class InnerTunnel implements ConnectionOwner, TunnelDialer.SessionListener, HboneStream.Answer {
    private final HbonePool pool;
    private final HboneStream carrier;
    private final ConnectRequest request;
    private final OpenListener listener;
    private @Nullable SecureStream transport;
    private @Nullable HboneConnection connection;
    private @Nullable HboneStream stream;
    private boolean ended;

    private InnerTunnel(HbonePool pool, HboneStream carrier, ConnectRequest request, OpenListener listener) {
        this.pool = pool;
        this.carrier = carrier;
        this.request = request;
        this.listener = listener;
    }

    /**
     * Sends {@code request} to whoever is behind {@code carrier}, a stream of one of {@code pool}'s connections that
     * nobody has joined yet. The listener may be told before this returns.
     *
     * @param key whose certificate to show, and who may answer
     */
    public static InnerTunnel open(
            HbonePool pool, HboneStream carrier, PoolKey key, ConnectRequest request, OpenListener listener) {
        pool.loop().checkOwner();
        InnerTunnel tunnel = new InnerTunnel(pool, carrier, request, listener);
        pool.dialer().requestSession(key, tunnel);
        return tunnel;
    }

    @Override
    public void onSession(TlsSession session) {
        if (ended) {
            session.free();
            return;
        }
        SecureStream made = new SecureStream(pool.loop(), carrier, session);
        transport = made;
        connection = new HboneConnection(made, false, pool.config(), this);
        connection.start();
    }

    @Override
    public void onUnavailable(String reason) {
        if (!ended) {
            carrier.abort(Abort.CANCELLED);
            fail(new OpenFailure.CertificateUnavailable(reason));
        }
    }

    @Override
    public void onEstablished() {
        if (connection == null || transport == null) {
            throw new IllegalStateException("established before it was made");
        }
        connection.secured(transport.security());
        stream = connection.open(request, this);
        // No further requests: the connection ends with this one.
        connection.release();
    }

    @Override
    public void onResponse(HboneStream answered, ConnectResponse response) {
        if (ended) {
            return;
        }
        ended = true;
        if (response.status() == 200) {
            listener.onOpen(answered, response);
        } else {
            answered.abort(Abort.CANCELLED);
            listener.onFailed(new OpenFailure.Refused(response.status()));
        }
    }

    @Override
    public void onFailed(OpenFailure failure, boolean refused) {
        fail(failure);
    }

    @Override
    public void onClosed(ConnectionEnd end) {
        fail(OpenFailure.of(end));
    }

    private void fail(OpenFailure failure) {
        if (!ended) {
            ended = true;
            listener.onFailed(failure);
        }
    }

    /** Gives up: the listener hears nothing more. Nothing if it was told. */
    public void cancel() {
        pool.loop().checkOwner();
        if (ended) {
            return;
        }
        ended = true;
        if (stream != null) {
            stream.abort(Abort.CANCELLED);
        } else if (connection != null) {
            connection.release();
        } else {
            carrier.abort(Abort.CANCELLED);
        }
    }

    @Override
    public void onPeerSettings() {
        // One request is allowed by any.
    }

    @Override
    public void onStreamEnded() {
        // The connection was released and closes itself.
    }

    @Override
    public void onGoingAway() {
        // There will be no other request.
    }

    @Override
    public void onConnect(HboneStream unexpected, ConnectRequest unasked) {
        throw new IllegalStateException("a server does not send requests");
    }

    @Override
    public void onAbandoned(HboneStream unjoined) {
        // Its user learns of it when it attaches.
    }
}
