package io.culvert.xds;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;

/**
 * A YAML mapping that is read key by key; {@link #finish} refuses what nobody asked for. Every complaint names the
 * line.
 */
final class YamlMap {
    private final String what;
    private final Node at;
    private final Map<String, Node> unread = new LinkedHashMap<>();

    private YamlMap(String what, Node at) {
        this.what = what;
        this.at = at;
    }

    /** The keys are texts, each given once. */
    static YamlMap of(Node node, String what) throws InvalidLocalState {
        YamlMap map = new YamlMap(what, node);
        for (var entry : entries(node, what).entrySet()) {
            map.unread.put(text(entry.getKey()), entry.getValue());
        }
        return map;
    }

    /** Of a mapping whose keys are data. */
    static Map<Node, Node> entries(Node node, String what) throws InvalidLocalState {
        if (!(node instanceof MappingNode mapping)) {
            throw invalid(node, "expected a mapping for " + what);
        }
        Map<Node, Node> result = new LinkedHashMap<>();
        Map<String, Node> seen = new LinkedHashMap<>();
        for (var pair : mapping.getValue()) {
            String key = scalar(pair.getKeyNode(), "a key").getValue();
            if (seen.put(key, pair.getKeyNode()) != null) {
                throw invalid(pair.getKeyNode(), "key '" + key + "' is given twice in " + what);
            }
            result.put(pair.getKeyNode(), pair.getValueNode());
        }
        return result;
    }

    static List<Node> elements(Node node, String what) throws InvalidLocalState {
        if (node instanceof SequenceNode sequence) {
            return sequence.getValue();
        }
        throw invalid(node, "expected a list for " + what);
    }

    static ScalarNode scalar(Node node, String what) throws InvalidLocalState {
        if (node instanceof ScalarNode scalar) {
            return scalar;
        }
        throw invalid(node, "expected " + what);
    }

    static String text(Node node) throws InvalidLocalState {
        ScalarNode scalar = scalar(node, "a text");
        if (!scalar.getTag().equals(Tag.STR)) {
            throw invalid(node, "expected a text, not " + scalar.getValue() + ": put it into quotes");
        }
        return scalar.getValue();
    }

    /** A number from 0 to the bound; a quoted one is a text and refused. */
    static int number(Node node, long max) throws InvalidLocalState {
        ScalarNode scalar = scalar(node, "a number");
        if (scalar.getTag().equals(Tag.INT) && scalar.getValue().matches("[0-9]{1,10}")) {
            long value = Long.parseLong(scalar.getValue());
            if (value <= max) {
                return (int) value;
            }
        }
        throw invalid(node, "expected a number from 0 to " + max + ", not " + scalar.getValue());
    }

    static InvalidLocalState invalid(Node at, String complaint) {
        String line = at.getStartMark()
                .map(mark -> "line " + (mark.getLine() + 1) + ": ")
                .orElse("");
        return new InvalidLocalState(line + complaint);
    }

    /** Null if the key is absent or its value is null. */
    @Nullable
    Node optional(String key) {
        Node node = unread.remove(key);
        return node == null || node.getTag().equals(Tag.NULL) ? null : node;
    }

    Node required(String key) throws InvalidLocalState {
        Node node = optional(key);
        if (node == null) {
            throw invalid(at, "'" + key + "' is missing in " + what);
        }
        return node;
    }

    /** Empty if absent. */
    String textOrEmpty(String key) throws InvalidLocalState {
        Node node = optional(key);
        return node == null ? "" : text(node);
    }

    String requiredText(String key) throws InvalidLocalState {
        return text(required(key));
    }

    boolean flag(Node node) throws InvalidLocalState {
        ScalarNode scalar = scalar(node, "true or false");
        if (!scalar.getTag().equals(Tag.BOOL)) {
            throw invalid(node, "expected true or false, not " + scalar.getValue());
        }
        return Boolean.parseBoolean(scalar.getValue());
    }

    /** False if absent. */
    boolean flag(String key) throws InvalidLocalState {
        Node node = optional(key);
        return node != null && flag(node);
    }

    int number(String key, long max, int fallback) throws InvalidLocalState {
        Node node = optional(key);
        return node == null ? fallback : number(node, max);
    }

    /** Empty if absent. */
    List<Node> list(String key) throws InvalidLocalState {
        Node node = optional(key);
        return node == null ? List.of() : elements(node, key);
    }

    /** One of several words; the fallback if absent. */
    <E> E choice(String key, Map<String, E> words, E fallback) throws InvalidLocalState {
        Node node = optional(key);
        return node == null ? fallback : choice(node, words);
    }

    static <E> E choice(Node node, Map<String, E> words) throws InvalidLocalState {
        E chosen = words.get(text(node));
        if (chosen == null) {
            throw invalid(
                    node, "expected one of " + words.keySet().stream().sorted().toList() + ", not " + text(node));
        }
        return chosen;
    }

    /** Nothing else may be in it. */
    void finish() throws InvalidLocalState {
        for (var rest : unread.entrySet()) {
            throw invalid(rest.getValue(), "unknown key '" + rest.getKey() + "' in " + what);
        }
    }
}
