package io.culvert.proxy.tls;

import io.culvert.proxy.relay.HandshakeQueue;

/** One socket's handshake in its loop's queue: there at most once. */
final class HandshakeTurns implements HandshakeQueue.Handshake {
    private final HandshakeQueue queue;
    private final Steps steps;
    private boolean waiting;

    /** Makes the steps. */
    interface Steps {
        /** As {@link HandshakeQueue.Handshake#onHandshakeTurn}. */
        boolean stepHandshake();

        /** There will be no turn. */
        void onHandshakeRefused();

        /** {@code cause} escaped from a step. */
        void onTurnFailed(Throwable cause);
    }

    HandshakeTurns(HandshakeQueue queue, Steps steps) {
        this.queue = queue;
        this.steps = steps;
    }

    /** Has a step made when there is time for it. */
    void await() {
        if (!waiting) {
            waiting = queue.add(this);
            if (!waiting) {
                steps.onHandshakeRefused();
            }
        }
    }

    @Override
    public boolean onHandshakeTurn() {
        waiting = false;
        return steps.stepHandshake();
    }

    @Override
    public void onTurnFailed(Throwable cause) {
        steps.onTurnFailed(cause);
    }
}
