package io.culvert.agent.kube;

import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeSelectorRequirement;
import io.fabric8.kubernetes.api.model.NodeSelectorTerm;
import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Whether an agent that is told to end is being uninstalled, or only replaced
 * [istio cni/pkg/nodeagent/server.go ShouldStopCleanup]. Only what the API server says for certain is an uninstall: the
 * DaemonSet is gone, is being deleted, or does not want this node any more, or the agent's account was revoked (401).
 * An API server that is away, or forbids the question, never is: the next agent finds everything in place, and pods
 * wait for it instead of starting outside the mesh.
 */
public final class DaemonSetFate {
    /** Fixed: the plugin's way for the agent's own pods goes by it, too. */
    public static final String NAME = "istio-cni-node";

    private DaemonSetFate() {}

    /** What is going to happen, and why we think so. */
    public record Answer(boolean uninstall, String reason) {}

    static Answer ask(KubernetesClient client, String namespace, String nodeName) {
        if (namespace.isEmpty()) {
            return new Answer(false, "POD_NAMESPACE does not say where the DaemonSet " + NAME + " is");
        }
        try {
            @Nullable
            DaemonSet daemonSet = client.apps()
                    .daemonSets()
                    .inNamespace(namespace)
                    .withName(NAME)
                    .get();
            if (daemonSet == null) {
                return new Answer(true, "there is no DaemonSet " + namespace + "/" + NAME + " any more");
            }
            if (daemonSet.getMetadata().getDeletionTimestamp() != null) {
                return new Answer(true, "the DaemonSet " + namespace + "/" + NAME + " is being deleted");
            }
            List<NodeSelectorTerm> terms = requiredTerms(daemonSet);
            if (terms.isEmpty()) {
                return new Answer(false, "the DaemonSet " + namespace + "/" + NAME + " is there");
            }
            @Nullable Node node = client.nodes().withName(nodeName).get();
            if (node == null) {
                return new Answer(false, "the API server does not know node " + nodeName);
            }
            return terms.stream().anyMatch(term -> matches(term, node))
                    ? new Answer(false, "the DaemonSet " + namespace + "/" + NAME + " wants this node")
                    : new Answer(true, "the DaemonSet's required node affinity does not match node " + nodeName);
        } catch (KubernetesClientException e) {
            return e.getCode() == 401
                    ? new Answer(true, "the agent's service account was revoked (401)")
                    : new Answer(false, "the API server cannot be asked: " + e.getMessage());
        }
    }

    private static List<NodeSelectorTerm> requiredTerms(DaemonSet daemonSet) {
        return Optional.ofNullable(daemonSet.getSpec())
                .map(spec -> spec.getTemplate())
                .map(template -> template.getSpec())
                .map(pod -> pod.getAffinity())
                .map(affinity -> affinity.getNodeAffinity())
                .map(affinity -> affinity.getRequiredDuringSchedulingIgnoredDuringExecution())
                .map(required -> required.getNodeSelectorTerms())
                .orElse(List.of());
    }

    /** All of its requirements must hold; without any it matches no node [component-helpers nodeaffinity]. */
    private static boolean matches(NodeSelectorTerm term, Node node) {
        Map<String, String> labels =
                Optional.ofNullable(node.getMetadata().getLabels()).orElse(Map.of());
        Map<String, String> fields = Map.of("metadata.name", node.getMetadata().getName());
        boolean says =
                !term.getMatchExpressions().isEmpty() || !term.getMatchFields().isEmpty();
        return says
                && term.getMatchExpressions().stream().allMatch(one -> holds(one, labels))
                && term.getMatchFields().stream().allMatch(one -> holds(one, fields));
    }

    private static boolean holds(NodeSelectorRequirement requirement, Map<String, String> values) {
        @Nullable String value = values.get(requirement.getKey());
        List<String> wanted = requirement.getValues() == null ? List.of() : requirement.getValues();
        return switch (String.valueOf(requirement.getOperator())) {
            case "In" -> value != null && wanted.contains(value);
            case "NotIn" -> value == null || !wanted.contains(value);
            case "Exists" -> value != null;
            case "DoesNotExist" -> value == null;
            case "Gt" -> value != null && compare(value, wanted) > 0;
            case "Lt" -> value != null && compare(value, wanted) < 0;
            // An operator that we do not know must not uninstall anything.
            default -> true;
        };
    }

    /** 0 where either is no integer: then neither Gt nor Lt holds. */
    private static int compare(String value, List<String> wanted) {
        try {
            return Long.compare(Long.parseLong(value), Long.parseLong(wanted.getFirst()));
        } catch (NumberFormatException | NoSuchElementException e) {
            return 0;
        }
    }
}
