package io.culvert.agent.eligibility;

import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.agent.pod.IstioKeys;
import io.culvert.agent.pod.PodFacts;
import io.culvert.agent.pod.Pods;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class EligibilityTest {
    /** As the chart writes it. */
    static final String CHART_SELECTORS = """
            - podSelector:
                matchLabels:
                  istio.io/dataplane-mode: ambient
            - podSelector:
                matchExpressions:
                - key: istio.io/dataplane-mode
                  operator: NotIn
                  values: [none]
              namespaceSelector:
                matchLabels:
                  istio.io/dataplane-mode: ambient
            """;

    private static final String MODE = "istio.io/dataplane-mode";
    private static final Optional<Map<String, String>> PLAIN = Optional.of(Map.of());
    private static final Optional<Map<String, String>> AMBIENT = Optional.of(Map.of(MODE, "ambient"));

    private final Eligibility eligibility = new Eligibility(SelectorYaml.parse(CHART_SELECTORS), Set.of("kube-system"));
    private final PodFacts pod = Pods.pod("ns", "pod", "uid-1", "10.0.0.1");

    @Test
    void takesPodsOfAnAmbientNamespace() {
        assertThat(eligibility.judge(pod, AMBIENT)).isEqualTo(Verdict.ELIGIBLE);
        assertThat(eligibility.judge(pod, PLAIN)).isEqualTo(Verdict.NOT_SELECTED);
    }

    @Test
    void takesALabelledPodOfAnyNamespace() {
        assertThat(eligibility.judge(Pods.labelled(pod, MODE, "ambient"), PLAIN))
                .isEqualTo(Verdict.ELIGIBLE);
    }

    @Test
    void leavesAPodThatOptsOut() {
        assertThat(eligibility.judge(Pods.labelled(pod, MODE, "none"), AMBIENT)).isEqualTo(Verdict.NOT_SELECTED);
    }

    @Test
    void leavesTheHostsNetworkAloneWhateverTheLabels() {
        PodFacts host = Pods.onHostNetwork(Pods.labelled(pod, MODE, "ambient"));
        assertThat(eligibility.judge(host, AMBIENT)).isEqualTo(Verdict.HOST_NETWORK);
    }

    @Test
    void leavesPodsWithASidecarAloneWhateverTheAnnotationSays() {
        PodFacts sidecar = Pods.annotated(pod, IstioKeys.SIDECAR_STATUS, "");
        assertThat(eligibility.judge(sidecar, AMBIENT)).isEqualTo(Verdict.SIDECAR);
    }

    @Test
    void appliesExclusionOnlyWhereAsked() {
        PodFacts excluded = Pods.labelled(Pods.pod("kube-system", "dns", "uid-2"), MODE, "ambient");
        assertThat(eligibility.judge(excluded, AMBIENT)).isEqualTo(Verdict.NAMESPACE_EXCLUDED);
        assertThat(eligibility.judgeLabels(excluded, AMBIENT)).isEqualTo(Verdict.ELIGIBLE);
    }

    @Test
    void doesNotGuessAboutAnUnknownNamespace() {
        assertThat(eligibility.judge(pod, Optional.empty())).isEqualTo(Verdict.NAMESPACE_UNKNOWN);
    }

    @Test
    void takesNobodyWithoutSelectors() {
        Eligibility none = new Eligibility(List.of(), Set.of());
        assertThat(none.judge(Pods.labelled(pod, MODE, "ambient"), AMBIENT)).isEqualTo(Verdict.NOT_SELECTED);
    }

    @Test
    void takesEverybodyByAnEmptySelector() {
        Eligibility all = new Eligibility(SelectorYaml.parse("[{}]"), Set.of());
        assertThat(all.judge(pod, PLAIN)).isEqualTo(Verdict.ELIGIBLE);
    }

    @Test
    void rulesOutOnlyNamespacesThatNoSelectorCanMatch() {
        Eligibility byNamespace = new Eligibility(SelectorYaml.parse("""
                        - podSelector:
                            matchExpressions:
                            - {key: mode, operator: NotIn, values: [none]}
                          namespaceSelector:
                            matchLabels: {mode: ambient}
                        """), Set.of());
        assertThat(byNamespace.rulesOut(Map.of())).isTrue();
        assertThat(byNamespace.rulesOut(Map.of("mode", "ambient"))).isFalse();
        Eligibility alsoByPod = new Eligibility(SelectorYaml.parse("""
                        - podSelector:
                            matchLabels: {mode: ambient}
                        """), Set.of());
        assertThat(alsoByPod.rulesOut(Map.of())).as("a pod can select itself").isFalse();
        assertThat(new Eligibility(List.of(), Set.of()).rulesOut(Map.of())).isTrue();
    }
}
