package io.culvert.proxy.hbone;

import io.culvert.proxy.relay.TunnelStream.Abort;
import org.jspecify.annotations.Nullable;

/** A request on its way to its answer. */
public final class Opening implements HboneStream.Answer {
    private final HbonePool pool;
    private final PoolKey key;
    private final ConnectRequest request;
    private final OpenListener listener;
    private @Nullable HboneStream stream;
    private boolean retried;
    private boolean ended;

    Opening(HbonePool pool, PoolKey key, ConnectRequest request, OpenListener listener) {
        this.pool = pool;
        this.key = key;
        this.request = request;
        this.listener = listener;
    }

    PoolKey key() {
        return key;
    }

    boolean hasEnded() {
        return ended;
    }

    /** Gives up: the listener hears nothing more. Nothing if it was told. */
    public void cancel() {
        pool.loop().checkOwner();
        if (!ended) {
            ended = true;
            if (stream != null) {
                stream.abort(Abort.CANCELLED);
            }
        }
    }

    void sendOn(HboneConnection connection) {
        stream = connection.open(request, this);
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
        if (ended) {
            return;
        }
        stream = null;
        if (refused && !retried) {
            // The server certainly did nothing with it (RFC 9113 section 8.7): another connection may.
            retried = true;
            pool.enqueue(this);
        } else {
            fail(failure);
        }
    }

    void fail(OpenFailure failure) {
        if (!ended) {
            ended = true;
            listener.onFailed(failure);
        }
    }
}
