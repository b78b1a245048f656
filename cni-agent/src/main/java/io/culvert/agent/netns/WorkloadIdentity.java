package io.culvert.agent.netns;

import io.culvert.agent.pod.PodFacts;

/**
 * What the proxy is told of a pod besides its namespace: enough to find the workload that the control plane describes.
 */
public record WorkloadIdentity(String name, String namespace, String serviceAccount) {
    public static WorkloadIdentity of(PodFacts pod) {
        return new WorkloadIdentity(pod.ref().name(), pod.ref().namespace(), pod.serviceAccount());
    }
}
