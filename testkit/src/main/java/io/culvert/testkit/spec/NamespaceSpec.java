package io.culvert.testkit.spec;

import java.util.LinkedHashMap;
import java.util.Map;

/** A Kubernetes namespace. */
public record NamespaceSpec(String name, Map<String, String> labels) {
    public NamespaceSpec {
        Names.requireLabel("namespace " + name, "name", name);
        labels = Map.copyOf(labels);
    }

    /** Whether the pods of this namespace are in the mesh unless they say otherwise. */
    public boolean mesh() {
        return Labels.AMBIENT.equals(labels.get(Labels.DATAPLANE_MODE));
    }

    /** Says what a namespace is; used within the call that hands it out. */
    public static final class Builder {
        private final String name;
        private final Map<String, String> labels = new LinkedHashMap<>();

        Builder(String name) {
            this.name = name;
        }

        public Builder label(String key, String value) {
            labels.put(key, value);
            return this;
        }

        public Builder mesh(boolean mesh) {
            return label(Labels.DATAPLANE_MODE, mesh ? Labels.AMBIENT : Labels.NONE);
        }

        NamespaceSpec build() {
            return new NamespaceSpec(name, labels);
        }
    }
}
