package io.culvert.proxy.hbone;

import io.culvert.proxy.relay.LoopSocket;
import io.culvert.proxy.relay.OsError;
import io.culvert.proxy.relay.TcpDial;
import io.culvert.proxy.tls.SecureSocket;
import io.culvert.proxy.tls.TlsSession;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * One attempt to open a connection for a pool: certificate, then TCP, then TLS, in the original's order (ztunnel
 * proxy/pool.rs:spawn_new_pool_conn), so that the same cause wins when several would fail it.
 */
final class TunnelAttempt implements TunnelDialer.SessionListener, TcpDial.DialListener {
    private final HbonePool pool;
    private final HbonePool.Slot slot;
    private @Nullable TlsSession session;
    private @Nullable TcpDial dial;
    private @Nullable PooledConnection connection;
    private boolean cancelled;

    TunnelAttempt(HbonePool pool, HbonePool.Slot slot) {
        this.pool = pool;
        this.slot = slot;
    }

    void start() {
        pool.dialer().requestSession(slot.key, this);
    }

    @Override
    public void onSession(TlsSession newSession) {
        if (cancelled) {
            newSession.free();
            return;
        }
        session = newSession;
        int fd;
        try {
            fd = pool.dialer().openSocket(slot.key);
        } catch (IOException e) {
            newSession.free();
            pool.onAttemptFailed(slot, new OpenFailure.DialFailed(new TcpDial.Failed(OsError.errno(e))));
            return;
        }
        LoopSocket socket = LoopSocket.adopt(pool.loop(), fd);
        TcpDial started =
                TcpDial.start(socket, slot.key.destination(), pool.config().connectTimeoutMs(), this);
        if (connection == null) {
            dial = started;
        }
    }

    @Override
    public void onUnavailable(String reason) {
        if (!cancelled) {
            pool.onAttemptFailed(slot, new OpenFailure.CertificateUnavailable(reason));
        }
    }

    @Override
    public void onConnected(LoopSocket socket) {
        dial = null;
        if (session == null) {
            throw new IllegalStateException("connected without a session");
        }
        PooledConnection made = new PooledConnection(pool, slot, new SecureSocket(socket, session));
        session = null;
        connection = made;
        pool.add(made);
        made.start();
    }

    @Override
    public void onDialFailed(TcpDial.DialFailure failure) {
        dial = null;
        if (session != null) {
            session.free();
            session = null;
        }
        pool.onAttemptFailed(slot, new OpenFailure.DialFailed(failure));
    }

    /** Ends it; nobody is told. */
    void cancel() {
        cancelled = true;
        if (dial != null) {
            dial.cancel();
            dial = null;
        }
        if (session != null) {
            session.free();
            session = null;
        }
        if (connection != null) {
            connection.connection().release();
        }
    }
}
