package io.culvert.xds.mesh;

import java.util.List;

/**
 * A layer 4 authorization policy as it was sent; how it is evaluated is the proxy's affair. Names and nesting are those
 * of ztunnel's proto/authorization.proto.
 *
 * @param dryRun matches are logged and decide nothing
 * @param rules any of them matches the policy; none at all: never
 */
public record AuthorizationPolicy(
        String name, String namespace, Scope scope, Action action, boolean dryRun, List<Rule> rules) {
    public AuthorizationPolicy {
        rules = List.copyOf(rules);
    }

    /** "namespace/name", as logs and refusals name it. */
    public String qualifiedName() {
        return namespace + "/" + name;
    }

    /** To which workloads it applies. */
    public enum Scope {
        /** All, whatever namespace it is in. */
        GLOBAL,
        /** Those of its namespace. */
        NAMESPACE,
        /** Those that list it. */
        WORKLOAD_SELECTOR
    }

    /** What a match means. */
    public enum Action {
        ALLOW,
        DENY
    }

    /** All clauses must match; none at all: always. */
    public record Rule(List<Clause> clauses) {
        public Rule {
            clauses = List.copyOf(clauses);
        }
    }

    /** Any match must match; none at all: always. */
    public record Clause(List<Match> matches) {
        public Clause {
            matches = List.copyOf(matches);
        }
    }

    /** A namespace and a service account, in whatever trust domain. */
    public record ServiceAccountMatch(String namespace, String serviceAccount) {}
}
