package io.culvert.testkit.spec;

import io.culvert.proto.security.Action;
import io.culvert.proto.security.Authorization;
import io.culvert.proto.security.Clause;
import io.culvert.proto.security.Match;
import io.culvert.proto.security.Rule;
import io.culvert.proto.security.Scope;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * An authorization policy, as it goes over the wire, and which pods of its namespace it is for.
 *
 * @param selector labels of the pods that a policy of scope WORKLOAD_SELECTOR is for; empty for the other scopes
 */
public record PolicySpec(Authorization authorization, Map<String, String> selector) {
    public PolicySpec {
        String subject = "policy " + authorization.getNamespace() + "/" + authorization.getName();
        Names.requirePolicyName(subject, authorization.getName());
        Names.requireLabel(subject, "namespace", authorization.getNamespace());
        selector = Map.copyOf(selector);
        boolean selecting = authorization.getScope() == Scope.WORKLOAD_SELECTOR;
        if (selecting && selector.isEmpty()) {
            throw new SpecException(
                    subject, "scope WorkloadSelector needs a selector, such as 'selector: {app: echo}'");
        }
        if (!selecting && !selector.isEmpty()) {
            throw new SpecException(subject, "selector is only for scope WorkloadSelector; remove one of the two");
        }
    }

    /** {@code namespace/name}: the name of the resource. */
    public String key() {
        return authorization.getNamespace() + "/" + authorization.getName();
    }

    public boolean selects(PodSpec pod) {
        return pod.namespace().equals(authorization.getNamespace()) && Names.selects(selector, pod.labels());
    }

    public static Builder allow(String namespace, String name) {
        return new Builder(namespace, name, Action.ALLOW);
    }

    public static Builder deny(String namespace, String name) {
        return new Builder(namespace, name, Action.DENY);
    }

    /** Says what a policy is. Scope NAMESPACE unless it selects pods or is global. */
    public static final class Builder {
        private final Authorization.Builder authorization;
        private final Map<String, String> selector = new LinkedHashMap<>();

        private Builder(String namespace, String name, Action action) {
            authorization = Authorization.newBuilder()
                    .setNamespace(namespace)
                    .setName(name)
                    .setAction(action)
                    .setScope(Scope.NAMESPACE);
        }

        public Builder global() {
            authorization.setScope(Scope.GLOBAL);
            return this;
        }

        public Builder selecting(String label, String value) {
            authorization.setScope(Scope.WORKLOAD_SELECTOR);
            selector.put(label, value);
            return this;
        }

        public Builder dryRun() {
            authorization.setDryRun(true);
            return this;
        }

        /** One more rule with one clause per match: all of them must hold. Without any, the rule always matches. */
        public Builder rule(Match... matches) {
            List<Clause> clauses = new ArrayList<>();
            for (Match match : matches) {
                clauses.add(Clause.newBuilder().addMatches(match).build());
            }
            authorization.addRules(Rule.newBuilder().addAllClauses(clauses));
            return this;
        }

        public PolicySpec build() {
            return new PolicySpec(authorization.build(), selector);
        }
    }
}
