package io.culvert.testkit.kube;

import com.google.gson.JsonObject;
import java.time.Clock;
import java.time.temporal.ChronoUnit;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * All objects and their recent past. Owned by the event loop.
 *
 * <p>Objects are never changed once stored: each change stores a new tree with the next resource version, so that past
 * events stay as they were. The past is bounded; a watch that asks for what is forgotten is told 410.
 */
final class KubeStore {
    /** As the API server's watch cache: some hundred objects per kind at the least. */
    static final int HISTORY_MAX = 1_000;

    private final Clock clock;
    private final Map<KubeKind, Map<ObjectKey, JsonObject>> objects = new EnumMap<>(KubeKind.class);
    private final ArrayDeque<Change> history = new ArrayDeque<>();
    private final List<Consumer<Change>> listeners = new ArrayList<>();
    private long version = 1;
    /** Changes up to this version are forgotten. */
    private long forgotten = 1;

    KubeStore(Clock clock) {
        this.clock = clock;
        for (KubeKind kind : KubeKind.values()) {
            objects.put(kind, new LinkedHashMap<>());
        }
    }

    /**
     * One change.
     *
     * @param before what it was; an empty object if it was not
     * @param after what it is; an empty object if it is no more
     */
    record Change(long version, ObjectKey key, JsonObject before, JsonObject after) {}

    void listen(Consumer<Change> listener) {
        listeners.add(listener);
    }

    long version() {
        return version;
    }

    private Map<ObjectKey, JsonObject> of(KubeKind kind) {
        return objects.getOrDefault(kind, Map.of());
    }

    Collection<Map.Entry<ObjectKey, JsonObject>> all(KubeKind kind) {
        return of(kind).entrySet();
    }

    @Nullable
    JsonObject get(ObjectKey key) {
        return of(key.kind()).get(key);
    }

    /** Creates or replaces. UID and time of creation stay as they are, or are given. */
    JsonObject put(ObjectKey key, JsonObject content) {
        JsonObject object = content.deepCopy();
        JsonObject before = get(key);
        object.addProperty("apiVersion", key.kind().apiVersion());
        object.addProperty("kind", key.kind().kind());
        JsonObject metadata = Json.child(object, "metadata");
        metadata.addProperty("name", key.name());
        if (key.kind().namespaced()) {
            metadata.addProperty("namespace", key.namespace());
        }
        keep(metadata, before, "uid", UUID.randomUUID().toString());
        keep(
                metadata,
                before,
                "creationTimestamp",
                clock.instant().truncatedTo(ChronoUnit.SECONDS).toString());
        version++;
        metadata.addProperty("resourceVersion", Long.toString(version));
        of(key.kind()).put(key, object);
        publish(new Change(version, key, before == null ? new JsonObject() : before, object));
        return object;
    }

    private static void keep(JsonObject metadata, @Nullable JsonObject before, String field, String otherwise) {
        if (!metadata.has(field)) {
            String old = before == null ? "" : Json.text(before, "metadata", field);
            metadata.addProperty(field, old.isEmpty() ? otherwise : old);
        }
    }

    void remove(ObjectKey key) {
        JsonObject before = of(key.kind()).remove(key);
        if (before != null) {
            version++;
            // The last state of a removed object carries the version of its removal.
            JsonObject last = before.deepCopy();
            Json.child(last, "metadata").addProperty("resourceVersion", Long.toString(version));
            publish(new Change(version, key, last, new JsonObject()));
        }
    }

    private void publish(Change change) {
        if (history.size() == HISTORY_MAX) {
            forgotten = history.removeFirst().version();
        }
        history.addLast(change);
        List.copyOf(listeners).forEach(listener -> listener.accept(change));
    }

    /** Whether all that happened after this version is still known. */
    boolean remembers(long since) {
        return since >= forgotten;
    }

    /** Everything that happened after this version. */
    List<Change> since(long since) {
        return history.stream().filter(change -> change.version() > since).toList();
    }

    /** Forgets the past, as etcd does when it compacts. */
    void compact() {
        history.clear();
        forgotten = version;
    }
}
