package io.culvert.agent.pod;

import java.net.InetAddress;
import java.util.List;
import java.util.Map;

/**
 * A pod as the agent needs it, read once from the API object.
 *
 * @param hostNetwork the pod shares the node's network namespace
 * @param terminal phase Failed or Succeeded: no process of it runs any more
 * @param ips status.podIPs, or status.podIP, or none; v4-mapped addresses unmapped
 */
public record PodFacts(
        PodRef ref,
        PodUid uid,
        String serviceAccount,
        Map<String, String> labels,
        Map<String, String> annotations,
        boolean hostNetwork,
        boolean terminal,
        List<InetAddress> ips) {

    public PodFacts {
        labels = Map.copyOf(labels);
        annotations = Map.copyOf(annotations);
        ips = List.copyOf(ips);
    }

    public Redirection redirection() {
        return Redirection.of(annotations);
    }

    public PodOverrides overrides() {
        return PodOverrides.of(ref, annotations);
    }

    public boolean hasSidecar() {
        return annotations.containsKey(IstioKeys.SIDECAR_STATUS);
    }

    @Override
    public String toString() {
        return ref + " (" + uid + ")";
    }
}
