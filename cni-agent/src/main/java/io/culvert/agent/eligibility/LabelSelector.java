package io.culvert.agent.eligibility;

import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A Kubernetes label selector: all requirements must hold; none at all matches everything
 * [k8s.io/apimachinery metav1.LabelSelectorAsSelector].
 */
public record LabelSelector(List<Requirement> requirements) {
    /** Matches everything. */
    public static final LabelSelector EVERYTHING = new LabelSelector(List.of());

    public LabelSelector {
        requirements = List.copyOf(requirements);
    }

    public boolean matches(Map<String, String> labels) {
        return requirements.stream().allMatch(requirement -> requirement.holds(labels));
    }

    public boolean isEmpty() {
        return requirements.isEmpty();
    }

    /** One condition on one label. */
    public sealed interface Requirement {
        boolean holds(Map<String, String> labels);
    }

    /** The label is there, with one of these values. */
    public record In(String key, Set<String> values) implements Requirement {
        public In {
            values = Set.copyOf(values);
        }

        @Override
        public boolean holds(Map<String, String> labels) {
            String value = labels.get(key);
            return value != null && values.contains(value);
        }
    }

    /** The label has none of these values; an absent label satisfies it. */
    public record NotIn(String key, Set<String> values) implements Requirement {
        public NotIn {
            values = Set.copyOf(values);
        }

        @Override
        public boolean holds(Map<String, String> labels) {
            String value = labels.get(key);
            return value == null || !values.contains(value);
        }
    }

    /** The label is there. */
    public record Exists(String key) implements Requirement {
        @Override
        public boolean holds(Map<String, String> labels) {
            return labels.containsKey(key);
        }
    }

    /** The label is not there. */
    public record DoesNotExist(String key) implements Requirement {
        @Override
        public boolean holds(Map<String, String> labels) {
            return !labels.containsKey(key);
        }
    }
}
