package io.culvert.agent.eligibility;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class SelectorYamlTest {
    @Test
    void readsNothingAsNoSelector() {
        assertThat(SelectorYaml.parse("")).isEmpty();
        assertThat(SelectorYaml.parse("# only a comment")).isEmpty();
    }

    @Test
    void readsEveryOperator() {
        var selectors = SelectorYaml.parse("""
                [{podSelector: {matchLabels: {a: "1"}, matchExpressions: [
                   {key: b, operator: In, values: [x, y]}, {key: c, operator: NotIn, values: [z]},
                   {key: d, operator: Exists}, {key: e, operator: DoesNotExist}]}}]""");

        assertThat(selectors).hasSize(1);
        assertThat(selectors.getFirst().pod().requirements())
                .containsExactly(
                        new LabelSelector.In("a", Set.of("1")),
                        new LabelSelector.In("b", Set.of("x", "y")),
                        new LabelSelector.NotIn("c", Set.of("z")),
                        new LabelSelector.Exists("d"),
                        new LabelSelector.DoesNotExist("e"));
        assertThat(selectors.getFirst().namespace().isEmpty()).isTrue();
    }

    @Test
    void matchesAsKubernetesDoes() {
        Map<String, String> labels = Map.of("a", "1");
        assertThat(new LabelSelector.In("a", Set.of("1")).holds(labels)).isTrue();
        assertThat(new LabelSelector.In("b", Set.of("1")).holds(labels)).isFalse();
        assertThat(new LabelSelector.NotIn("a", Set.of("1")).holds(labels)).isFalse();
        assertThat(new LabelSelector.NotIn("b", Set.of("1")).holds(labels)).isTrue();
        assertThat(new LabelSelector.Exists("a").holds(labels)).isTrue();
        assertThat(new LabelSelector.Exists("b").holds(labels)).isFalse();
        assertThat(new LabelSelector.DoesNotExist("a").holds(labels)).isFalse();
        assertThat(new LabelSelector.DoesNotExist("b").holds(labels)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "text",
                "[text]",
                "[{podSelector: []}]",
                "[{podSelector: {matchLabel: {}}}]",
                "[{podSelector: {matchLabels: {a: true}}}]",
                "[{podSelector: {matchExpressions: {}}}]",
                "[{podSelector: {matchExpressions: [{key: a, operator: Is, values: [b]}]}}]",
                "[{podSelector: {matchExpressions: [{key: a, operator: In}]}}]",
                "[{podSelector: {matchExpressions: [{key: a, operator: Exists, values: [b]}]}}]",
                "[{podSelector: {matchExpressions: [{operator: Exists}]}}]",
                "[{podSelector: {}, extra: 1}]",
                "[{",
            })
    void refusesWhatItDoesNotUnderstand(String yaml) {
        assertThatThrownBy(() -> SelectorYaml.parse(yaml)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void refusesAnOversizedText() {
        assertThatThrownBy(() -> SelectorYaml.parse("#".repeat(70_000))).hasMessageContaining("longer than");
    }
}
