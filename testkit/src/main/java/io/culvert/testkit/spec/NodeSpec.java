package io.culvert.testkit.spec;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** A node and the pods that run on it. Its locality is in its labels ({@link Labels#REGION} and the others). */
public record NodeSpec(String name, Map<String, String> labels, List<PodSpec> pods) {
    public NodeSpec {
        Names.requireSubdomain("node " + name, "name", name);
        labels = Map.copyOf(labels);
        pods = List.copyOf(pods);
    }

    /** Says what a node is; used within the call that hands it out. */
    public static final class Builder {
        private final String mesh;
        private final String name;
        private final Map<String, String> labels = new LinkedHashMap<>();
        private final List<PodSpec> pods = new ArrayList<>();

        Builder(String mesh, String name) {
            this.mesh = mesh;
            this.name = name;
        }

        public Builder label(String key, String value) {
            labels.put(key, value);
            return this;
        }

        public Builder locality(String region, String zone, String subzone) {
            return label(Labels.REGION, region).label(Labels.ZONE, zone).label(Labels.SUBZONE, subzone);
        }

        public Builder pod(String podName, Consumer<PodBuilder> content) {
            PodBuilder pod = new PodBuilder(mesh, podName);
            content.accept(pod);
            pods.add(pod.build());
            return this;
        }

        NodeSpec build() {
            return new NodeSpec(name, labels, pods);
        }
    }
}
