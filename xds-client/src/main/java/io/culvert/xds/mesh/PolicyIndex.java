package io.culvert.xds.mesh;

import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Policies and for whom they are (ztunnel state/policy.rs:PolicyStore).
 *
 * @param byName by resource name
 * @param byNamespace resource names in order of arrival; global policies under the empty namespace, whatever their own
 */
record PolicyIndex(SharedMap<String, AuthorizationPolicy> byName, SharedMap<String, List<String>> byNamespace) {
    static PolicyIndex empty() {
        return new PolicyIndex(SharedMap.empty(), SharedMap.empty());
    }

    List<String> namesIn(String namespace) {
        List<String> names = byNamespace.get(namespace);
        return names == null ? List.of() : names;
    }

    /** In place of the policy of that name. */
    PolicyIndex with(String resourceName, AuthorizationPolicy added) {
        PolicyIndex rest = without(resourceName);
        String namespace = indexedUnder(added);
        var index = rest.byNamespace;
        if (namespace != null) {
            Stream<String> present = rest.namesIn(namespace).stream();
            index = index.with(
                    namespace, Stream.concat(present, Stream.of(resourceName)).toList());
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
            List<String> rest = namesIn(namespace).stream()
                    .filter(name -> !name.equals(resourceName))
                    .toList();
            index = rest.isEmpty() ? index.without(namespace) : index.with(namespace, rest);
        }
        return new PolicyIndex(byName.without(resourceName), index);
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
