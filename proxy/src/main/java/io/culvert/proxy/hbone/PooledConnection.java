package io.culvert.proxy.hbone;

import io.culvert.proxy.relay.LoopTimer;
import io.culvert.proxy.tls.SecureSocket;
import org.jspecify.annotations.Nullable;

/** A client connection and its standing in the pool. */
final class PooledConnection implements ConnectionOwner {
    private static final long NANOS_PER_MS = 1_000_000;

    private final HbonePool pool;
    private final HbonePool.Slot slot;
    private final SecureSocket transport;
    private final HboneConnection connection;
    private boolean established;
    private long lastLentNanos;
    private @Nullable LoopTimer idleTimer;

    PooledConnection(HbonePool pool, HbonePool.Slot slot, SecureSocket transport) {
        this.pool = pool;
        this.slot = slot;
        this.transport = transport;
        this.connection = new HboneConnection(transport, false, pool.config(), this);
    }

    void start() {
        connection.start();
    }

    HbonePool.Slot slot() {
        return slot;
    }

    HboneConnection connection() {
        return connection;
    }

    /** The server has let us in. */
    boolean wasAccepted() {
        return connection.hasPeerSettings();
    }

    /** Its end comes to its requests first, which may ask for another, and then to the pool. */
    boolean hasEnded() {
        return connection.isClosed();
    }

    /** The first request need not wait for the server's SETTINGS. */
    boolean canLend() {
        return wasAccepted() || connection.openStreams() == 0;
    }

    void lend(Opening opening) {
        int before = connection.openStreams();
        int most = Math.min(pool.config().poolStreamsMax(), connection.peerStreamsMax());
        lastLentNanos = pool.loop().nanoTime();
        opening.sendOn(connection);
        if (before + 1 >= most) {
            leavePool();
        }
    }

    /** For good: it ends with its last stream. */
    void leavePool() {
        if (idleTimer != null) {
            idleTimer.cancel();
            idleTimer = null;
        }
        pool.onLeft(this);
        connection.release();
    }

    private void watchIdle(long delayMs) {
        idleTimer = pool.loop().schedule(this::checkIdle, delayMs);
    }

    private void checkIdle() {
        idleTimer = null;
        long idleMs = (pool.loop().nanoTime() - lastLentNanos) / NANOS_PER_MS;
        if (idleMs >= pool.config().poolIdleMs()) {
            leavePool();
        } else {
            watchIdle(pool.config().poolIdleMs() - idleMs);
        }
    }

    @Override
    public void onEstablished() {
        established = true;
        connection.secured(transport.security());
        lastLentNanos = pool.loop().nanoTime();
        watchIdle(pool.config().poolIdleMs());
        pool.onEstablished(this);
    }

    @Override
    public void onPeerSettings() {
        if (slot.current == this) {
            pool.serve(slot);
        }
    }

    @Override
    public void onStreamEnded() {
        if (slot.current == this && !slot.waiting.isEmpty()) {
            pool.serve(slot);
        }
    }

    @Override
    public void onGoingAway() {
        leavePool();
    }

    @Override
    public void onClosed(ConnectionEnd end) {
        if (idleTimer != null) {
            idleTimer.cancel();
            idleTimer = null;
        }
        pool.onClosed(this, end);
        if (!established) {
            pool.onAttemptFailed(slot, OpenFailure.of(end));
        }
    }

    @Override
    public void onConnect(HboneStream stream, ConnectRequest request) {
        throw new IllegalStateException("a server does not send requests");
    }

    @Override
    public void onAbandoned(HboneStream stream) {
        // Its user learns of it when it attaches.
    }
}
