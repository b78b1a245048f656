package io.culvert.linux.nftables;

import java.util.List;

/** A rule: steps in order. {@link NfRuleBuilder} has the words to write one. */
public record NfRule(List<NfExpression> expressions) {
    public NfRule {
        expressions = List.copyOf(expressions);
    }

    public static NfRuleBuilder builder() {
        return new NfRuleBuilder();
    }
}
