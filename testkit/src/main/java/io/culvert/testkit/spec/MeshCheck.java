package io.culvert.testkit.spec;

import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** What must hold between the parts of a mesh. */
final class MeshCheck {
    private final Set<String> namespaces = new HashSet<>();

    private MeshCheck() {}

    static void check(
            List<NamespaceSpec> namespaces,
            List<NodeSpec> nodes,
            List<ServiceSpec> services,
            List<PolicySpec> policies) {
        MeshCheck check = new MeshCheck();
        for (NamespaceSpec namespace : namespaces) {
            check.once(check.namespaces, namespace.name(), "namespace " + namespace.name());
        }
        check.nodes(nodes);
        Set<String> seen = new HashSet<>();
        for (ServiceSpec service : services) {
            String subject = ServiceSpec.subject(service.namespace(), service.name());
            check.once(seen, service.key(), subject);
            check.declared(service.namespace(), subject);
        }
        seen.clear();
        for (PolicySpec policy : policies) {
            check.once(seen, policy.key(), "policy " + policy.key());
            check.declared(policy.authorization().getNamespace(), "policy " + policy.key());
        }
    }

    private void nodes(List<NodeSpec> nodes) {
        Set<String> names = new HashSet<>();
        Set<String> pods = new HashSet<>();
        Set<String> uids = new HashSet<>();
        for (NodeSpec node : nodes) {
            once(names, node.name(), "node " + node.name());
            for (PodSpec pod : node.pods()) {
                String subject = PodSpec.subject(pod.namespace(), pod.name());
                once(pods, pod.key(), subject);
                declared(pod.namespace(), subject);
                if (!uids.add(pod.uid())) {
                    throw new SpecException(subject, "uid " + pod.uid() + " is another pod's too; leave it out");
                }
            }
        }
    }

    private void once(Set<String> seen, String key, String subject) {
        if (!seen.add(key)) {
            throw new SpecException(subject, "appears twice; rename or remove one");
        }
    }

    private void declared(String namespace, String subject) {
        if (!namespaces.contains(namespace)) {
            throw new SpecException(
                    subject, "namespace " + namespace + " is not declared; add it under namespaces, with its labels");
        }
    }
}
