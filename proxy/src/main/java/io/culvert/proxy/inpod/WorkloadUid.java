package io.culvert.proxy.inpod;

/** A pod's UID, as Kubernetes gives it. */
public record WorkloadUid(String value) implements Comparable<WorkloadUid> {
    @Override
    public int compareTo(WorkloadUid other) {
        return value.compareTo(other.value);
    }

    @Override
    public String toString() {
        return value;
    }
}
