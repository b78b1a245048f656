package io.culvert.agent.pod;

/** A pod by name. Names are reused over time (StatefulSets); only a {@link PodUid} is not. */
public record PodRef(String namespace, String name) {
    @Override
    public String toString() {
        return namespace + "/" + name;
    }
}
