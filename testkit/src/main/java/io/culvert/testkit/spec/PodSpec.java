package io.culvert.testkit.spec;

import io.culvert.proto.workload.WorkloadType;
import java.net.InetAddress;
import java.util.List;
import java.util.Map;

/**
 * A pod.
 *
 * @param addresses its own addresses; empty: the {@link AddressPlan} gives one of each family
 * @param uid the Kubernetes UID, in the form of a UUID
 * @param workloadName name of the owner (deployment, job) that made it; its own name if it has none
 * @param ready whether it passes its readiness probe: a pod that does not is an UNHEALTHY workload
 */
public record PodSpec(
        String namespace,
        String name,
        String uid,
        String serviceAccount,
        Map<String, String> labels,
        Map<String, String> annotations,
        boolean hostNetwork,
        List<WorkloadPort> ports,
        List<InetAddress> addresses,
        WorkloadType workloadType,
        String workloadName,
        boolean ready) {
    public PodSpec {
        String subject = subject(namespace, name);
        Names.requireSubdomain(subject, "name", name);
        Names.requireLabel(subject, "namespace", namespace);
        Names.requireSubdomain(subject, "serviceAccount", serviceAccount);
        Names.requireSubdomain(subject, "uid", uid);
        labels = Map.copyOf(labels);
        annotations = Map.copyOf(annotations);
        ports = List.copyOf(ports);
        addresses = List.copyOf(addresses);
        if (ports.stream().map(WorkloadPort::port).distinct().count() < ports.size()) {
            throw new SpecException(subject, "serves the same port twice; give each port one kind");
        }
    }

    /** {@code namespace/name}: the key of this pod. */
    public String key() {
        return namespace + "/" + name;
    }

    /** {@code namespace/serviceAccount}. */
    public String account() {
        return namespace + "/" + serviceAccount;
    }

    static String subject(String namespace, String name) {
        return "pod " + namespace + "/" + name;
    }
}
