package io.culvert.proxy.hbone;

import io.culvert.proxy.relay.DataLoop;
import io.culvert.proxy.relay.EndReason;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The tunnel connections of one pod on one loop, lent stream by stream.
 *
 * <p>At most one connection per key is in the pool, and at most one is being opened: who comes meanwhile waits for it,
 * and shares its failure. A connection that carries its limit of streams at once leaves the pool for good, and ends
 * with its last stream; so does one that nobody asked for during {@link HboneConfig#poolIdleMs}, that the server sends
 * GOAWAY on, or that is the least recently used of more than {@value #CONNECTIONS_MAX} (ztunnel proxy/pool.rs).
 *
 * <p>The first request leaves as soon as our side of the handshake is done. More wait for the server's SETTINGS: only
 * they tell that it accepted our certificate, and how many streams it allows.
 */
public final class HbonePool {
    static final int CONNECTIONS_MAX = 500;

    private final DataLoop loop;
    private final HboneConfig config;
    private final TunnelDialer dialer;
    /** In order of their last use. */
    private final Map<PoolKey, Slot> slots = new LinkedHashMap<>(16, 0.75f, true);
    /** Connections that live, in the pool or not. */
    private final Set<PooledConnection> connections = new LinkedHashSet<>();

    private boolean draining;
    private long opened;

    /** One key's place: the connection that is lent, the one that is being opened, and who waits. */
    static final class Slot {
        final PoolKey key;
        final ArrayDeque<Opening> waiting = new ArrayDeque<>(1);

        @Nullable
        PooledConnection current;

        @Nullable
        TunnelAttempt attempt;

        Slot(PoolKey key) {
            this.key = key;
        }
    }

    public HbonePool(DataLoop loop, HboneConfig config, TunnelDialer dialer) {
        this.loop = loop;
        this.config = config;
        this.dialer = dialer;
    }

    DataLoop loop() {
        return loop;
    }

    HboneConfig config() {
        return config;
    }

    TunnelDialer dialer() {
        return dialer;
    }

    /** Sends {@code request} over a connection for {@code key}, which is opened if there is none. */
    public Opening open(PoolKey key, ConnectRequest request, OpenListener listener) {
        loop.checkOwner();
        Opening opening = new Opening(this, key, request, listener);
        enqueue(opening);
        return opening;
    }

    void enqueue(Opening opening) {
        if (draining) {
            opening.fail(new OpenFailure.Draining());
            return;
        }
        Slot slot = slots.computeIfAbsent(opening.key(), Slot::new);
        slot.waiting.addLast(opening);
        serve(slot);
    }

    /** Hands out streams as far as the slot's connection goes; opens another when it is used up. */
    void serve(Slot slot) {
        while (!slot.waiting.isEmpty()) {
            PooledConnection current = slot.current;
            if (current == null || current.hasEnded()) {
                slot.current = null;
                if (slot.attempt == null) {
                    slot.attempt = new TunnelAttempt(this, slot);
                    slot.attempt.start();
                }
                return;
            }
            if (!current.canLend()) {
                return;
            }
            Opening next = slot.waiting.pollFirst();
            if (next != null && !next.hasEnded()) {
                current.lend(next);
            }
        }
        dropIfEmpty(slot);
    }

    private void dropIfEmpty(Slot slot) {
        if (slot.current == null && slot.attempt == null && slot.waiting.isEmpty()) {
            slots.remove(slot.key);
        }
    }

    // ---- what connections and attempts tell

    void onEstablished(PooledConnection connection) {
        opened++;
        Slot slot = connection.slot();
        slot.attempt = null;
        slot.current = connection;
        evictIfTooMany(slot);
        serve(slot);
    }

    private void evictIfTooMany(Slot newest) {
        if (slots.size() <= CONNECTIONS_MAX) {
            return;
        }
        for (Slot slot : slots.values()) {
            PooledConnection oldest = slot.current;
            if (oldest != null && slot != newest) {
                oldest.leavePool();
                return;
            }
        }
    }

    void add(PooledConnection connection) {
        connections.add(connection);
    }

    /** {@code connection} is not to be lent any more. */
    void onLeft(PooledConnection connection) {
        Slot slot = connection.slot();
        if (slot.current == connection) {
            slot.current = null;
            dropIfEmpty(slot);
        }
    }

    /** The attempt to open a connection failed: for all who waited for it. */
    void onAttemptFailed(Slot slot, OpenFailure failure) {
        slot.attempt = null;
        failAll(slot, failure);
    }

    void onClosed(PooledConnection connection, ConnectionEnd end) {
        connections.remove(connection);
        Slot slot = connection.slot();
        boolean waitedFor = slot.current == connection;
        onLeft(connection);
        if (waitedFor && !connection.wasAccepted()) {
            // Closed before its SETTINGS: whoever waited for those would only meet the same refusal.
            failAll(slot, OpenFailure.of(end));
        }
        serve(slot);
    }

    private void failAll(Slot slot, OpenFailure failure) {
        List<Opening> failed = new ArrayList<>(slot.waiting);
        slot.waiting.clear();
        dropIfEmpty(slot);
        failed.forEach(opening -> opening.fail(failure));
    }

    // ---- the end

    /** Takes no more requests; connections end with their last streams. Idempotent. */
    public void drain() {
        loop.checkOwner();
        draining = true;
        for (Slot slot : new ArrayList<>(slots.values())) {
            if (slot.attempt != null) {
                slot.attempt.cancel();
                slot.attempt = null;
            }
            failAll(slot, new OpenFailure.Draining());
            if (slot.current != null) {
                slot.current.leavePool();
            }
        }
    }

    /** Takes no more requests and ends every connection now. Idempotent. */
    public void close(EndReason reason) {
        drain();
        for (PooledConnection connection : new ArrayList<>(connections)) {
            connection.connection().close(reason);
        }
    }

    /** Those that live. */
    public List<HboneConnection> connections() {
        return connections.stream().map(PooledConnection::connection).toList();
    }

    /** Connections that live, whether or not they are still lent. */
    public int liveConnections() {
        return connections.size();
    }

    /** Connections that are lent when asked for. */
    public int pooledConnections() {
        return (int)
                slots.values().stream().filter(slot -> slot.current != null).count();
    }

    /** Connections opened so far. */
    public long openedConnections() {
        return opened;
    }
}
