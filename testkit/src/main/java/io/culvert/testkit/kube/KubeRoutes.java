package io.culvert.testkit.kube;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import io.netty.handler.codec.http.QueryStringDecoder;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Which answer a request gets. Runs on the event loop. */
final class KubeRoutes {
    private static final String MERGE_PATCH = "application/merge-patch+json";
    private static final String STRATEGIC_MERGE_PATCH = "application/strategic-merge-patch+json";

    private final KubeStore store;
    private long eventsNamed;

    KubeRoutes(KubeStore store) {
        this.store = store;
    }

    /** What to do about a request. */
    sealed interface Reply {
        /** Answer at once. */
        record Body(int code, JsonObject json) implements Reply {}

        /**
         * Open a watch.
         *
         * @param fromNow whether what there is counts as added; otherwise from the version {@code since} on
         * @param timeoutSeconds 0: none
         */
        record Watching(
                KubeKind kind, Selector selector, boolean bookmarks, boolean fromNow, long since, long timeoutSeconds)
                implements Reply {}
    }

    Reply handle(String method, QueryStringDecoder uri, String contentType, String body) {
        Optional<JsonObject> discovered = method.equals("GET") ? Discovery.find(uri.path()) : Optional.empty();
        if (discovered.isPresent()) {
            return new Reply.Body(200, discovered.get());
        }
        Optional<KubePath> path = KubePath.parse(uri.path());
        if (path.isEmpty()) {
            return reply(KubeStatus.notFound("the path " + uri.path() + " is"));
        }
        try {
            return switch (method) {
                case "GET" -> path.get().name().isEmpty() ? collection(path.get(), uri) : one(path.get());
                case "PATCH" -> patch(path.get(), contentType, body);
                case "POST" -> create(path.get(), body);
                default -> reply(KubeStatus.of(405, "MethodNotAllowed", method + " is not served here"));
            };
        } catch (JsonParseException | IllegalStateException | NumberFormatException malformed) {
            return reply(KubeStatus.badRequest("malformed: " + malformed.getMessage()));
        } catch (Selector.UnsupportedSelectorException unknown) {
            return reply(KubeStatus.badRequest(String.valueOf(unknown.getMessage())));
        }
    }

    private static Reply reply(KubeStatus status) {
        return new Reply.Body(status.code(), status.json());
    }

    private Reply collection(KubePath path, QueryStringDecoder uri) throws Selector.UnsupportedSelectorException {
        Selector selector = Selector.parse(path.namespace(), query(uri, "fieldSelector"), query(uri, "labelSelector"));
        if (!isTrue(query(uri, "watch"))) {
            return new Reply.Body(200, list(path.kind(), selector));
        }
        String since = query(uri, "resourceVersion");
        String timeout = query(uri, "timeoutSeconds");
        return new Reply.Watching(
                path.kind(),
                selector,
                isTrue(query(uri, "allowWatchBookmarks")),
                since.isEmpty() || since.equals("0"),
                since.isEmpty() ? 0 : Long.parseLong(since),
                timeout.isEmpty() ? 0 : Long.parseLong(timeout));
    }

    private static boolean isTrue(String value) {
        return value.equals("true") || value.equals("1");
    }

    private static String query(QueryStringDecoder uri, String name) {
        return uri.parameters().getOrDefault(name, List.of("")).getFirst();
    }

    private JsonObject list(KubeKind kind, Selector selector) {
        JsonArray items = new JsonArray();
        for (Map.Entry<ObjectKey, JsonObject> entry : store.all(kind)) {
            if (selector.matches(entry.getKey(), entry.getValue())) {
                items.add(entry.getValue());
            }
        }
        JsonObject list = new JsonObject();
        list.addProperty("kind", kind.kind() + "List");
        list.addProperty("apiVersion", kind.apiVersion());
        Json.child(list, "metadata").addProperty("resourceVersion", Long.toString(store.version()));
        list.add("items", items);
        return list;
    }

    private Reply one(KubePath path) {
        JsonObject object = store.get(path.key());
        return object == null ? reply(notFound(path)) : new Reply.Body(200, object);
    }

    private static KubeStatus notFound(KubePath path) {
        return KubeStatus.notFound(path.kind().plural() + " \"" + path.name() + "\"");
    }

    /**
     * A patch of status may change status, labels and annotations, and nothing else (kubernetes: podStatusStrategy).
     */
    private Reply patch(KubePath path, String contentType, String body) {
        if (!contentType.startsWith(MERGE_PATCH) && !contentType.startsWith(STRATEGIC_MERGE_PATCH)) {
            return reply(KubeStatus.of(415, "UnsupportedMediaType", "only " + MERGE_PATCH + " is served here"));
        }
        JsonObject before = store.get(path.key());
        if (before == null) {
            return reply(notFound(path));
        }
        JsonObject patch = JsonParser.parseString(body).getAsJsonObject();
        JsonObject changed = before.deepCopy();
        Json.mergePatch(changed, path.subresource().equals("status") ? statusPart(patch) : patch);
        boolean same = changed.equals(before);
        return new Reply.Body(200, same ? before : store.put(path.key(), changed));
    }

    private static JsonObject statusPart(JsonObject patch) {
        JsonObject part = new JsonObject();
        copy(patch, "status", part);
        JsonElement metadata = patch.get("metadata");
        if (metadata != null && metadata.isJsonObject()) {
            JsonObject kept = Json.child(part, "metadata");
            copy(metadata.getAsJsonObject(), "annotations", kept);
            copy(metadata.getAsJsonObject(), "labels", kept);
        }
        return part;
    }

    private static void copy(JsonObject from, String key, JsonObject to) {
        if (from.has(key)) {
            to.add(key, from.get(key));
        }
    }

    /** Only events are made through the API; everything else is put by the test. */
    private Reply create(KubePath path, String body) {
        if (path.kind() != KubeKind.EVENT || !path.name().isEmpty()) {
            return reply(KubeStatus.of(405, "MethodNotAllowed", "only events can be created here"));
        }
        JsonObject event = JsonParser.parseString(body).getAsJsonObject();
        String name = Json.text(event, "metadata", "name");
        if (name.isEmpty()) {
            name = Json.text(event, "metadata", "generateName") + ++eventsNamed;
        }
        ObjectKey key = new ObjectKey(KubeKind.EVENT, path.namespace(), name);
        if (store.get(key) != null) {
            return reply(KubeStatus.of(409, "AlreadyExists", "events \"" + name + "\" already exists"));
        }
        return new Reply.Body(201, store.put(key, event));
    }
}
