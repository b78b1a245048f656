package io.culvert.agent.eligibility;

import io.culvert.agent.pod.PodFacts;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Judges pods [istio cni/pkg/util/enablement_selector.go CompiledEnablementSelectors.Matches]. Host network and the
 * sidecar annotation come first and cannot be overridden by labels; exclusion of a namespace comes next, and only where
 * the caller asks: the {@code /cmdadd} and delete roads of the original do not look at it.
 */
public final class Eligibility {
    private final List<EnablementSelector> selectors;
    private final Set<String> excludedNamespaces;

    /** With no selector at all, no pod is ever eligible. */
    public Eligibility(List<EnablementSelector> selectors, Set<String> excludedNamespaces) {
        this.selectors = List.copyOf(selectors);
        this.excludedNamespaces = Set.copyOf(excludedNamespaces);
    }

    /** The whole judgement. */
    public Verdict judge(PodFacts pod, Optional<Map<String, String>> namespaceLabels) {
        if (!pod.hostNetwork() && !pod.hasSidecar() && excludes(pod.ref().namespace())) {
            return Verdict.NAMESPACE_EXCLUDED;
        }
        return judgeLabels(pod, namespaceLabels);
    }

    /** As {@link #judge}, but the exclusion list is not looked at. */
    public Verdict judgeLabels(PodFacts pod, Optional<Map<String, String>> namespaceLabels) {
        if (pod.hostNetwork()) {
            return Verdict.HOST_NETWORK;
        }
        if (pod.hasSidecar()) {
            return Verdict.SIDECAR;
        }
        if (namespaceLabels.isEmpty()) {
            return Verdict.NAMESPACE_UNKNOWN;
        }
        for (EnablementSelector selector : selectors) {
            if (selector.pod().matches(pod.labels()) && selector.namespace().matches(namespaceLabels.get())) {
                return Verdict.ELIGIBLE;
            }
        }
        return Verdict.NOT_SELECTED;
    }

    /** Whether no pod of a namespace with these labels can be selected, whatever the pod's own labels are. */
    public boolean rulesOut(Map<String, String> namespaceLabels) {
        return selectors.stream().noneMatch(selector -> selector.namespace().matches(namespaceLabels));
    }

    public boolean excludes(String namespace) {
        return excludedNamespaces.contains(namespace);
    }

    @Override
    public String toString() {
        return "selectors " + selectors + ", excluded namespaces " + excludedNamespaces;
    }
}
