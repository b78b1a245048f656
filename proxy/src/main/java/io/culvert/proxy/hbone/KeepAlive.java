package io.culvert.proxy.hbone;

import io.culvert.proxy.relay.DataLoop;
import io.culvert.proxy.relay.LoopTimer;
import org.jspecify.annotations.Nullable;

/**
 * Asks the peer whether it lives: a PING after a rest, the next one a rest after its answer; no answer in time ends the
 * connection (ztunnel proxy/h2.rs:do_ping_pong).
 */
final class KeepAlive {
    private final DataLoop loop;
    private final HboneConfig config;
    private final Peer peer;
    private @Nullable LoopTimer timer;
    private boolean waiting;

    /** Whom it asks. */
    interface Peer {
        void sendPing();

        void onSilence();
    }

    KeepAlive(DataLoop loop, HboneConfig config, Peer peer) {
        this.loop = loop;
        this.config = config;
        this.peer = peer;
    }

    void start() {
        timer = loop.schedule(this::ask, config.pingAfterMs());
    }

    private void ask() {
        waiting = true;
        timer = loop.schedule(peer::onSilence, config.pingTimeoutMs());
        peer.sendPing();
    }

    void onAnswer() {
        if (waiting) {
            waiting = false;
            stop();
            start();
        }
    }

    void stop() {
        if (timer != null) {
            timer.cancel();
            timer = null;
        }
    }
}
