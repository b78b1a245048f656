package io.culvert.agent.eligibility;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

/**
 * Reads the value of {@code AMBIENT_ENABLEMENT_SELECTOR}: a YAML (or JSON) list of
 * {@code {podSelector: LabelSelector, namespaceSelector: LabelSelector}} [istio cni/pkg/util/enablement_selector.go].
 * Fails on everything that it does not understand: a selector that silently means something else takes pods into the
 * mesh, or leaves them out.
 */
public final class SelectorYaml {
    /** The chart's value is under 500 characters. */
    private static final int CHARACTERS_MAX = 64 * 1024;

    private SelectorYaml() {}

    /**
     * Reads the text.
     *
     * @return the selectors in order; empty text gives an empty list, by which no pod is ever eligible
     * @throws IllegalArgumentException saying what is wrong and where
     */
    public static List<EnablementSelector> parse(String yaml) {
        if (yaml.length() > CHARACTERS_MAX) {
            throw new IllegalArgumentException("longer than " + CHARACTERS_MAX + " characters");
        }
        Object document = load(yaml);
        if (document == null) {
            return List.of();
        }
        List<EnablementSelector> selectors = new ArrayList<>();
        for (Object item : list("the value", document)) {
            Map<?, ?> pair = map("item " + selectors.size(), item);
            allowKeys("item " + selectors.size(), pair, Set.of("podSelector", "namespaceSelector"));
            selectors.add(new EnablementSelector(
                    selector("podSelector", pair.get("podSelector")),
                    selector("namespaceSelector", pair.get("namespaceSelector"))));
        }
        return List.copyOf(selectors);
    }

    private static @Nullable Object load(String yaml) {
        try {
            return new Load(LoadSettings.builder().build()).loadFromString(yaml);
        } catch (YamlEngineException e) {
            throw new IllegalArgumentException("not YAML: " + firstLine(e.getMessage()), e);
        }
    }

    private static String firstLine(@Nullable String text) {
        return text == null ? "unreadable" : text.lines().findFirst().orElse("unreadable");
    }

    private static LabelSelector selector(String where, @Nullable Object node) {
        if (node == null) {
            return LabelSelector.EVERYTHING;
        }
        Map<?, ?> fields = map(where, node);
        allowKeys(where, fields, Set.of("matchLabels", "matchExpressions"));
        List<LabelSelector.Requirement> requirements = new ArrayList<>();
        Object labels = fields.get("matchLabels");
        if (labels != null) {
            for (Map.Entry<?, ?> label : map(where + ".matchLabels", labels).entrySet()) {
                String key = text(where + ".matchLabels", label.getKey());
                requirements.add(
                        new LabelSelector.In(key, Set.of(text(where + ".matchLabels." + key, label.getValue()))));
            }
        }
        Object expressions = fields.get("matchExpressions");
        if (expressions != null) {
            for (Object expression : list(where + ".matchExpressions", expressions)) {
                requirements.add(requirement(where + ".matchExpressions", expression));
            }
        }
        return new LabelSelector(requirements);
    }

    private static LabelSelector.Requirement requirement(String where, @Nullable Object node) {
        Map<?, ?> fields = map(where, node);
        allowKeys(where, fields, Set.of("key", "operator", "values"));
        String key = text(where + ".key", fields.get("key"));
        String operator = text(where + ".operator", fields.get("operator"));
        Set<String> values = values(where + ".values", fields.get("values"));
        boolean takesValues = operator.equals("In") || operator.equals("NotIn");
        if (takesValues == values.isEmpty()) {
            throw new IllegalArgumentException(
                    where + ": operator " + operator + (takesValues ? " needs values" : " takes no values"));
        }
        return switch (operator) {
            case "In" -> new LabelSelector.In(key, values);
            case "NotIn" -> new LabelSelector.NotIn(key, values);
            case "Exists" -> new LabelSelector.Exists(key);
            case "DoesNotExist" -> new LabelSelector.DoesNotExist(key);
            default ->
                throw new IllegalArgumentException(
                        where + ".operator must be In, NotIn, Exists or DoesNotExist, not \"" + operator + "\"");
        };
    }

    private static Set<String> values(String where, @Nullable Object node) {
        Set<String> values = new LinkedHashSet<>();
        if (node != null) {
            for (Object value : list(where, node)) {
                values.add(text(where, value));
            }
        }
        return values;
    }

    private static void allowKeys(String where, Map<?, ?> fields, Set<String> allowed) {
        for (Object key : fields.keySet()) {
            if (key == null || !allowed.contains(key.toString())) {
                throw new IllegalArgumentException(
                        where + " has the unknown field \"" + key + "\"; known are " + allowed);
            }
        }
    }

    private static List<?> list(String where, @Nullable Object node) {
        if (node instanceof List<?> list) {
            return list;
        }
        throw new IllegalArgumentException(where + " must be a list");
    }

    private static Map<?, ?> map(String where, @Nullable Object node) {
        if (node instanceof Map<?, ?> map) {
            return map;
        }
        throw new IllegalArgumentException(where + " must be a mapping");
    }

    private static String text(String where, @Nullable Object node) {
        if (node instanceof String text) {
            return text;
        }
        throw new IllegalArgumentException(where + " must be a text (quote true, false and numbers)");
    }
}
