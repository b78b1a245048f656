package io.culvert.testkit.spec;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/**
 * A YAML mapping that is read key by key: each reader says what it expects, {@link #finish} refuses what nobody asked
 * for, and every complaint names file, line and key.
 */
final class YamlMap {
    private final String file;
    private final Node node;
    private final Map<String, Node> values = new LinkedHashMap<>();
    private final Map<String, Node> keys = new LinkedHashMap<>();
    private final Set<String> asked = new TreeSet<>();

    private YamlMap(String file, Node node) {
        this.file = file;
        this.node = node;
    }

    /** @param what how to call the node if it is no mapping */
    static YamlMap of(String file, Node node, String what) {
        YamlMap map = new YamlMap(file, node);
        if (!(node instanceof MappingNode mapping)) {
            throw map.error(node, what, "is not a mapping; write 'key: value' lines");
        }
        for (NodeTuple tuple : mapping.getValue()) {
            String key = map.scalar(tuple.getKeyNode(), what);
            if (map.values.put(key, tuple.getValueNode()) != null) {
                throw map.error(tuple.getKeyNode(), key, "appears twice; remove one");
            }
            map.keys.put(key, tuple.getKeyNode());
        }
        return map;
    }

    private @Nullable Node take(String key) {
        asked.add(key);
        return values.get(key);
    }

    String text(String key) {
        return scalar(required(key), key);
    }

    void text(String key, Consumer<String> use) {
        Node value = take(key);
        if (value != null) {
            use.accept(scalar(value, key));
        }
    }

    String text(String key, String otherwise) {
        Node value = take(key);
        return value == null ? otherwise : scalar(value, key);
    }

    int number(String key) {
        return number(key, required(key));
    }

    int number(String key, int otherwise) {
        Node value = take(key);
        return value == null ? otherwise : number(key, value);
    }

    private Node required(String key) {
        Node value = take(key);
        if (value == null) {
            throw error(node, key, "is missing; add it");
        }
        return value;
    }

    /** A mapping inside this one, if there. */
    void map(String key, Consumer<YamlMap> use) {
        Node value = take(key);
        if (value != null) {
            YamlMap inner = of(file, value, key);
            at(value, () -> use.accept(inner));
        }
    }

    void flag(String key, Consumer<Boolean> use) {
        Node value = take(key);
        if (value != null) {
            use.accept(choice(value, key, Map.of("true", true, "false", false)));
        }
    }

    /** One of the given words. */
    <T> T choice(String key, Map<String, T> words, T otherwise) {
        Node value = take(key);
        return value == null ? otherwise : choice(value, key, words);
    }

    <T> T choice(String key, Map<String, T> words) {
        return choice(required(key), key, words);
    }

    private <T> T choice(Node value, String key, Map<String, T> words) {
        T chosen = words.get(scalar(value, key));
        if (chosen == null) {
            throw error(value, key, "is '" + scalar(value, key) + "'; use one of " + new TreeSet<>(words.keySet()));
        }
        return chosen;
    }

    /** Each pair of a mapping of scalars. */
    void pairs(String key, BiConsumer<String, String> use) {
        Node value = take(key);
        if (value != null) {
            YamlMap inner = of(file, value, key);
            inner.values.forEach((name, text) ->
                    inner.at(text, () -> use.accept(name, inner.scalar(text, key + "." + name))));
        }
    }

    /** Each element of a list of scalars. */
    void texts(String key, Consumer<String> use) {
        for (Node element : elements(key)) {
            at(element, () -> use.accept(scalar(element, key)));
        }
    }

    /** Each element of a list of mappings. */
    void maps(String key, Consumer<YamlMap> use) {
        for (Node element : elements(key)) {
            YamlMap map = of(file, element, "an element of " + key);
            at(element, () -> use.accept(map));
        }
    }

    List<Node> elements(String key) {
        Node value = take(key);
        return value == null ? List.of() : sequence(value, key);
    }

    /** A list that says something by being there, as {@code Presence: []}. */
    void elements(String key, Runnable present) {
        if (values.containsKey(key)) {
            elements(key);
            present.run();
        }
        asked.add(key);
    }

    List<Node> sequence(Node value, String key) {
        if (!(value instanceof SequenceNode sequence)) {
            throw error(value, key, "is not a list; write one '- ' line per element, or []");
        }
        return new ArrayList<>(sequence.getValue());
    }

    String scalar(Node value, String key) {
        if (!(value instanceof ScalarNode scalar)) {
            throw error(value, key, "is not a single value; write '" + key + ": value'");
        }
        return scalar.getValue();
    }

    int number(String key, Node value) {
        String text = scalar(value, key);
        try {
            return Integer.parseInt(text);
        } catch (NumberFormatException e) {
            throw error(value, key, "is '" + text + "'; write a whole number");
        }
    }

    YamlMap map(Node value, String what) {
        return of(file, value, what);
    }

    /** Refuses every key that was never asked for. */
    void finish() {
        for (Map.Entry<String, Node> entry : keys.entrySet()) {
            if (!asked.contains(entry.getKey())) {
                throw error(entry.getValue(), entry.getKey(), "is unknown here; known are " + asked);
            }
        }
    }

    /** Runs the reader of a part, and adds the part's place to what it has to complain of. */
    private void at(Node part, Runnable reader) {
        try {
            reader.run();
        } catch (SpecException e) {
            throw e.subject().startsWith(file + ":") ? e : e.at(place(part));
        }
    }

    /** The problem, told at the place of this mapping. */
    SpecException located(SpecException problem) {
        return problem.at(place(node));
    }

    SpecException error(Node where, String key, String problem) {
        return new SpecException(place(where) + ": " + key, problem);
    }

    private String place(Node where) {
        return where.getStartMark()
                .map(mark -> file + ":" + (mark.getLine() + 1))
                .orElse(file);
    }
}
