package io.culvert.testkit.kube;

import com.google.gson.JsonObject;
import java.util.Optional;

/** What a watch is told: one JSON object per event. */
final class WatchEvents {
    private WatchEvents() {}

    /** The change as seen through a selector: what comes into view is added, what leaves it is deleted. */
    static Optional<String> of(KubeStore.Change change, Selector selector) {
        boolean was = change.before().size() > 0 && selector.matches(change.key(), change.before());
        boolean is = change.after().size() > 0 && selector.matches(change.key(), change.after());
        if (is) {
            return Optional.of(event(was ? "MODIFIED" : "ADDED", change.after()));
        }
        return was ? Optional.of(event("DELETED", deleted(change))) : Optional.empty();
    }

    /** The state in view last, with the version of the change that took it away. */
    private static JsonObject deleted(KubeStore.Change change) {
        JsonObject last = change.before().deepCopy();
        Json.child(last, "metadata").addProperty("resourceVersion", Long.toString(change.version()));
        return last;
    }

    static String event(String type, JsonObject object) {
        JsonObject event = new JsonObject();
        event.addProperty("type", type);
        event.add("object", object);
        return event + "\n";
    }

    /** Nothing but the version up to which the watch is told everything. */
    static String bookmark(KubeKind kind, long version) {
        JsonObject object = new JsonObject();
        object.addProperty("apiVersion", kind.apiVersion());
        object.addProperty("kind", kind.kind());
        Json.child(object, "metadata").addProperty("resourceVersion", Long.toString(version));
        return event("BOOKMARK", object);
    }

    static String expired() {
        return event(
                "ERROR",
                KubeStatus.of(410, "Expired", "too old resource version").json());
    }
}
