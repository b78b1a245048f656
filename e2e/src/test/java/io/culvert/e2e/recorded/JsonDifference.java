package io.culvert.e2e.recorded;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * Where one JSON document differs from another: keys and their order, types, and values as far as a rule for each path
 * asks. A path is {@code a.b[].c}.
 */
final class JsonDifference {

    /** How closely a path is looked at, and all below it. */
    enum Rule {
        SAME,
        /** The same keys and types; any values, and any number of elements that look like the other's first. */
        SHAPE,
        IGNORED
    }

    private final Function<String, Rule> rules;
    private final List<String> found = new ArrayList<>();

    private JsonDifference(Function<String, Rule> rules) {
        this.rules = rules;
    }

    static List<String> between(JsonElement expected, JsonElement actual, Function<String, Rule> rules) {
        JsonDifference difference = new JsonDifference(rules);
        difference.compare("", Rule.SAME, expected, actual);
        return difference.found;
    }

    private void compare(String path, Rule above, JsonElement expected, JsonElement actual) {
        Rule own = rules.apply(path);
        Rule rule = own.compareTo(above) > 0 ? own : above;
        if (rule == Rule.IGNORED) {
            return;
        }
        if (!type(expected).equals(type(actual))) {
            found.add(
                    path + ": a " + type(expected) + " (" + expected + ") is a " + type(actual) + " (" + actual + ")");
        } else if (expected.isJsonObject()) {
            objects(path, rule, expected.getAsJsonObject(), actual.getAsJsonObject());
        } else if (expected.isJsonArray()) {
            arrays(
                    path + "[]",
                    rule,
                    expected.getAsJsonArray().asList(),
                    actual.getAsJsonArray().asList());
        } else if (rule == Rule.SAME && !expected.equals(actual)) {
            found.add(path + ": " + expected + " is " + actual);
        }
    }

    private void objects(String path, Rule rule, JsonObject expected, JsonObject actual) {
        List<String> keys = List.copyOf(expected.keySet());
        if (!keys.equals(List.copyOf(actual.keySet()))) {
            found.add(path + ": keys " + keys + " are " + actual.keySet());
            return;
        }
        String prefix = path.isEmpty() ? "" : path + ".";
        keys.forEach(key -> compare(prefix + key, rule, expected.get(key), actual.get(key)));
    }

    private void arrays(String path, Rule rule, List<JsonElement> expected, List<JsonElement> actual) {
        if (rule == Rule.SAME && expected.size() != actual.size()) {
            found.add(path + ": " + expected.size() + " elements are " + actual.size());
            return;
        }
        for (int i = 0; i < actual.size() && !expected.isEmpty(); i++) {
            compare(path, rule, expected.get(rule == Rule.SAME ? i : 0), actual.get(i));
        }
    }

    private static String type(JsonElement element) {
        if (element.isJsonObject()) {
            return "object";
        }
        if (element.isJsonArray()) {
            return "array";
        }
        if (element.isJsonNull()) {
            return "null";
        }
        return element.getAsJsonPrimitive().isString()
                ? "string"
                : element.getAsJsonPrimitive().isNumber() ? "number" : "boolean";
    }
}
