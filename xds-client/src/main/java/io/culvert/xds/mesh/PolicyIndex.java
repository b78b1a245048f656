package io.culvert.xds.mesh;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Policies and for whom they are (ztunnel state/policy.rs:PolicyStore).
 *
 * @param byName by resource name
 * @param byNamespace in order of arrival; global policies under the empty namespace, whatever their own
 */
record PolicyIndex(
        SharedMap<String, AuthorizationPolicy> byName, SharedMap<String, List<AuthorizationPolicy>> byNamespace) {
    static PolicyIndex empty() {
        return new PolicyIndex(SharedMap.empty(), SharedMap.empty());
    }

    List<AuthorizationPolicy> in(String namespace) {
        List<AuthorizationPolicy> policies = byNamespace.get(namespace);
        return policies == null ? List.of() : policies;
    }

    /** In place of the policy of that name; an equal one stays, so that what was made of it stays good. */
    PolicyIndex with(String resourceName, AuthorizationPolicy added) {
        if (added.equals(byName.get(resourceName))) {
            return this;
        }
        PolicyIndex rest = without(resourceName);
        String namespace = indexedUnder(added);
        var index = rest.byNamespace;
        if (namespace != null) {
            List<AuthorizationPolicy> policies = new ArrayList<>(rest.in(namespace));
            policies.add(added);
            index = index.with(namespace, List.copyOf(policies));
        }
        return new PolicyIndex(rest.byName.with(resourceName, added), index);
    }

    PolicyIndex without(String resourceName) {
        AuthorizationPolicy removed = byName.get(resourceName);
        if (removed == null) {
            return this;
        }
        String namespace = indexedUnder(removed);
        var index = byNamespace;
        if (namespace != null) {
            List<AuthorizationPolicy> rest = withoutOne(in(namespace), removed);
            index = rest.isEmpty() ? index.without(namespace) : index.with(namespace, rest);
        }
        return new PolicyIndex(byName.without(resourceName), index);
    }

    /** Only the very object goes: two resources of different names may be equal otherwise. */
    @SuppressWarnings("ReferenceEquality")
    private static List<AuthorizationPolicy> withoutOne(
            List<AuthorizationPolicy> policies, AuthorizationPolicy removed) {
        return policies.stream().filter(policy -> policy != removed).toList();
    }

    /** Policies with a selector apply only where a workload lists them. */
    private static @Nullable String indexedUnder(AuthorizationPolicy policy) {
        return switch (policy.scope()) {
            case GLOBAL -> "";
            case NAMESPACE -> policy.namespace();
            case WORKLOAD_SELECTOR -> null;
        };
    }
}
