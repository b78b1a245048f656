package io.culvert.proxy.hbone;

import io.culvert.proxy.tls.TlsSession;
import java.io.IOException;

/**
 * What a pool asks of its user to open a connection: a socket of the right namespace, and a certificate. Called on the
 * loop.
 */
public interface TunnelDialer {
    /**
     * A new, unconnected, non-blocking TCP socket for {@code key}, with all its options (mark, no-delay, keep-alive);
     * the pool owns it.
     */
    int openSocket(PoolKey key) throws IOException;

    /** A TLS session for {@code key}: told to {@code listener} now or later, on the loop, exactly once. */
    void requestSession(PoolKey key, SessionListener listener);

    /** Waits for a session. */
    interface SessionListener {
        /** The listener owns it. */
        void onSession(TlsSession session);

        /** There is no certificate; {@code reason} is for the log. */
        void onUnavailable(String reason);
    }
}
