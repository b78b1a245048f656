package io.culvert.proxy.routing;

/** What the node agent knows of a pod: enough to find its workload among those of this node. */
public record WorkloadRef(String name, String namespace, String serviceAccount) {
    /** {@code namespace/name/account}, as errors name it. */
    @Override
    public String toString() {
        return namespace + "/" + name + "/" + serviceAccount;
    }
}
