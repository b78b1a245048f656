package io.culvert.testkit.kube;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.LinkedHashMap;
import java.util.Map;

/** Small readings of JSON trees, forgiving about what is absent. */
final class Json {
    private Json() {}

    /** The text at a path of keys; empty if there is none. */
    static String text(JsonObject from, String... path) {
        JsonElement at = from;
        for (String key : path) {
            if (!at.isJsonObject() || !at.getAsJsonObject().has(key)) {
                return "";
            }
            at = at.getAsJsonObject().get(key);
        }
        return at.isJsonPrimitive() ? at.getAsString() : "";
    }

    /** The mapping of texts at a path of keys; empty if there is none. */
    static Map<String, String> map(JsonObject from, String... path) {
        JsonElement at = from;
        for (String key : path) {
            if (!at.isJsonObject() || !at.getAsJsonObject().has(key)) {
                return Map.of();
            }
            at = at.getAsJsonObject().get(key);
        }
        Map<String, String> map = new LinkedHashMap<>();
        if (at.isJsonObject()) {
            at.getAsJsonObject()
                    .entrySet()
                    .forEach(entry -> map.put(entry.getKey(), entry.getValue().getAsString()));
        }
        return map;
    }

    /** The object at a key, made if need be. */
    static JsonObject child(JsonObject parent, String key) {
        JsonElement child = parent.get(key);
        if (child == null || !child.isJsonObject()) {
            child = new JsonObject();
            parent.add(key, child);
        }
        return child.getAsJsonObject();
    }

    static JsonObject of(Map<String, String> map) {
        JsonObject object = new JsonObject();
        map.forEach(object::addProperty);
        return object;
    }

    /** RFC 7396: null removes, objects merge, all else replaces. */
    static void mergePatch(JsonObject target, JsonObject patch) {
        for (Map.Entry<String, JsonElement> entry : patch.entrySet()) {
            JsonElement value = entry.getValue();
            if (value.isJsonNull()) {
                target.remove(entry.getKey());
            } else if (value.isJsonObject()) {
                mergePatch(child(target, entry.getKey()), value.getAsJsonObject());
            } else {
                target.add(entry.getKey(), value.deepCopy());
            }
        }
    }
}
