package io.culvert.proxy.tls;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;

/**
 * Which certificates do not count any more: asked at each handshake, and again of every connection that runs when the
 * lists change (ztunnel tls/revocation.rs). What was verified is remembered with the connection, so that only the lists
 * are asked, and neither time nor roots can end it then.
 *
 * <p>A connection is watched before its peer is judged once more: either that sees the new lists, or their arrival
 * finds the connection. All connections of the process are walked when lists change; that costs a look-up each.
 *
 * <p>Loops ask and watch; whoever reads the file replaces.
 */
public final class Revocation {
    private volatile RevocationLists lists = RevocationLists.NONE;
    private final Set<Watch> watched = ConcurrentHashMap.newKeySet();
    private final LongAdder clientsRejected = new LongAdder();
    private final LongAdder serversRejected = new LongAdder();

    /** Whether to turn this peer away. Counted by {@link #countRejected}. */
    boolean revokes(VerifiedPeer peer) {
        return lists.revokes(peer);
    }

    /** A handshake was refused for it, or a connection is being ended. */
    void countRejected(boolean peerIsClient) {
        (peerIsClient ? clientsRejected : serversRejected).increment();
    }

    /** Peers that came to us and were turned away, or cut off later. */
    public long clientsRejected() {
        return clientsRejected.sum();
    }

    /** Peers that we went to and turned from, or were cut off from later. */
    public long serversRejected() {
        return serversRejected.sum();
    }

    /**
     * Watches over a connection until {@link Watch#end}.
     *
     * @param revoked ends the connection; called once, on any thread, perhaps before this returns
     */
    Watch watch(VerifiedPeer peer, boolean peerIsClient, Runnable revoked) {
        Watch watch = new Watch(peer, peerIsClient, revoked);
        watched.add(watch);
        watch.judge(lists);
        return watch;
    }

    /** Takes other lists, and ends what they revoke. */
    void replace(RevocationLists fresh) {
        lists = fresh;
        watched.forEach(watch -> watch.judge(fresh));
    }

    /** Lists in force. */
    public int lists() {
        return lists.size();
    }

    int watched() {
        return watched.size();
    }

    /** A running connection. */
    public final class Watch {
        private final VerifiedPeer peer;
        private final boolean peerIsClient;
        private final Runnable revoked;
        private final AtomicBoolean told = new AtomicBoolean();

        private Watch(VerifiedPeer peer, boolean peerIsClient, Runnable revoked) {
            this.peer = peer;
            this.peerIsClient = peerIsClient;
            this.revoked = revoked;
        }

        private void judge(RevocationLists by) {
            if (by.revokes(peer) && told.compareAndSet(false, true)) {
                countRejected(peerIsClient);
                revoked.run();
            }
        }

        /** The connection has ended. More than once does nothing. */
        public void end() {
            watched.remove(this);
        }
    }
}
