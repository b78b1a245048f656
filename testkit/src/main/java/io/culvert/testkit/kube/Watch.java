package io.culvert.testkit.kube;

import com.google.gson.JsonObject;
import io.netty.channel.Channel;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** One open watch. Owned by the event loop. */
final class Watch {
    private final KubeState state;
    private final KubeKind kind;
    private final Selector selector;
    private final boolean bookmarks;
    private final WatchSink sink;
    private boolean ended;

    Watch(KubeState state, KubeKind kind, Selector selector, boolean bookmarks, WatchSink sink) {
        this.state = state;
        this.kind = kind;
        this.selector = selector;
        this.bookmarks = bookmarks;
        this.sink = sink;
    }

    /** How the events travel. */
    interface WatchSink {
        void event(String json);

        /** The orderly end. */
        void end();

        Channel channel();
    }

    /**
     * Tells what happened since a version, and all that happens from now on.
     *
     * @param since null: what there is counts as new
     */
    void begin(@Nullable Long since) {
        var _ = sink.channel().closeFuture().addListener(closed -> close());
        state.opened(this);
        if (since == null) {
            for (Map.Entry<ObjectKey, JsonObject> entry : state.store().all(kind)) {
                if (selector.matches(entry.getKey(), entry.getValue())) {
                    send(WatchEvents.event("ADDED", entry.getValue()));
                }
            }
        } else if (state.store().remembers(since)) {
            state.store().since(since).forEach(this::changed);
        } else {
            send(WatchEvents.expired());
            end();
        }
    }

    void changed(KubeStore.Change change) {
        if (change.key().kind() == kind) {
            WatchEvents.of(change, selector).ifPresent(this::send);
        }
    }

    void bookmark() {
        if (bookmarks) {
            send(WatchEvents.bookmark(kind, state.store().version()));
        }
    }

    /** A client that does not read is cut off; it resumes from the last version that it got. */
    private void send(String event) {
        if (ended) {
            return;
        }
        if (sink.channel().isWritable()) {
            sink.event(event);
        } else {
            close();
            var _ = sink.channel().close();
        }
    }

    void end() {
        if (!ended) {
            close();
            sink.end();
        }
    }

    private void close() {
        ended = true;
        state.ended(this);
    }
}
