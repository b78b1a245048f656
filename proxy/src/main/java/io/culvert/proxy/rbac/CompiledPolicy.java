package io.culvert.proxy.rbac;

import io.culvert.xds.mesh.AuthorizationPolicy;
import io.culvert.xds.mesh.Match;
import java.util.List;

/**
 * One policy, ready to be asked. The emptiness rules are load-bearing (ztunnel rbac.rs): no rule never matches; a rule
 * without a clause always matches; a clause without a match object matches; a match object without a field never does.
 */
final class CompiledPolicy {

    private final String name;
    private final CompiledMatch[][][] rules;

    private CompiledPolicy(String name, CompiledMatch[][][] rules) {
        this.name = name;
        this.rules = rules;
    }

    static CompiledPolicy of(AuthorizationPolicy policy) {
        CompiledMatch[][][] rules = new CompiledMatch[policy.rules().size()][][];
        for (int i = 0; i < rules.length; i++) {
            List<AuthorizationPolicy.Clause> clauses = policy.rules().get(i).clauses();
            rules[i] = new CompiledMatch[clauses.size()][];
            for (int j = 0; j < clauses.size(); j++) {
                rules[i][j] = compile(clauses.get(j).matches());
            }
        }
        return new CompiledPolicy(policy.qualifiedName(), rules);
    }

    private static CompiledMatch[] compile(List<Match> matches) {
        CompiledMatch[] compiled = new CompiledMatch[matches.size()];
        for (int i = 0; i < compiled.length; i++) {
            compiled[i] = CompiledMatch.of(matches.get(i));
        }
        return compiled;
    }

    boolean matches(Call call) {
        for (CompiledMatch[][] clauses : rules) {
            if (allClauses(clauses, call)) {
                return true;
            }
        }
        return false;
    }

    private static boolean allClauses(CompiledMatch[][] clauses, Call call) {
        for (CompiledMatch[] matches : clauses) {
            if (!anyMatch(matches, call)) {
                return false;
            }
        }
        return true;
    }

    private static boolean anyMatch(CompiledMatch[] matches, Call call) {
        for (CompiledMatch match : matches) {
            if (match.matches(call)) {
                return true;
            }
        }
        return matches.length == 0;
    }

    /** "namespace/name". */
    String name() {
        return name;
    }
}
