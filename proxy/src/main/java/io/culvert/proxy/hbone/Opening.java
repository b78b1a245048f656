package io.culvert.proxy.hbone;

import io.culvert.proxy.relay.TunnelStream.Abort;
import org.jspecify.annotations.Nullable;

/**
 * A request on its way to its answer.
 *
 * <p>It is sent once more, on another connection, in two cases. The server refused it: then it certainly did nothing
 * with it (RFC 9113 section 8.7). Or a connection that had served before was lost before the answer, as happens to the
 * first request after the peer's pod was replaced by another with its address: the old one's kernel had no time to say
 * that it goes, the new one's knows nothing of the connection and resets it. That is safe, because no byte of the
 * application's leaves before the answer: at worst the server's application sees a connection that ends at once. The
 * original fails here (ztunnel proxy/pool.rs:send_request_pooled).
 */
public final class Opening implements HboneStream.Answer {
    private final HbonePool pool;
    private final PoolKey key;
    private final ConnectRequest request;
    private final OpenListener listener;
    private @Nullable HboneStream stream;
    /** Whether the connection that it was sent on had proved itself. */
    private boolean onProvenConnection;

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
        onProvenConnection = connection.hasPeerSettings();
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
        boolean lost = onProvenConnection && failure instanceof OpenFailure.ConnectionLost;
        if ((refused || lost) && !retried) {
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
