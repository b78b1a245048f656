package io.culvert.proxy.rbac;

import io.culvert.xds.mesh.AuthorizationPolicy;
import java.util.List;
import java.util.function.Function;

/**
 * What holds for one workload, sorted by what a match means, so that an evaluation looks at each policy once. Within a
 * kind the order is that of the snapshot: the namespace's, the global ones, those that the workload lists.
 */
final class PolicySet {

    private static final CompiledPolicy[] NO_POLICIES = {};

    private final Object state;
    private final CompiledPolicy[] dryRunDeny;
    private final CompiledPolicy[] deny;
    private final CompiledPolicy[] dryRunAllow;
    private final CompiledPolicy[] allow;

    private PolicySet(Object state, List<AuthorizationPolicy> policies, Compiler compiler) {
        this.state = state;
        this.dryRunDeny = select(policies, AuthorizationPolicy.Action.DENY, true, compiler);
        this.deny = select(policies, AuthorizationPolicy.Action.DENY, false, compiler);
        this.dryRunAllow = select(policies, AuthorizationPolicy.Action.ALLOW, true, compiler);
        this.allow = select(policies, AuthorizationPolicy.Action.ALLOW, false, compiler);
    }

    /** Gives the compiled form of a policy, which several sets share. */
    interface Compiler extends Function<AuthorizationPolicy, CompiledPolicy> {}

    /**
     * The set.
     *
     * @param state {@link io.culvert.xds.mesh.MeshSnapshot#policyState} of the snapshot that the policies are from
     */
    static PolicySet of(Object state, List<AuthorizationPolicy> policies, Compiler compiler) {
        return new PolicySet(state, policies, compiler);
    }

    private static CompiledPolicy[] select(
            List<AuthorizationPolicy> policies, AuthorizationPolicy.Action action, boolean dryRun, Compiler compiler) {
        return policies.stream()
                .filter(policy -> policy.action() == action && policy.dryRun() == dryRun)
                .map(compiler)
                .toArray(size -> size == 0 ? NO_POLICIES : new CompiledPolicy[size]);
    }

    /** Whether it was made of these policies. */
    @SuppressWarnings("ReferenceEquality") // the very object is meant
    boolean isOf(Object policyState) {
        return state == policyState;
    }

    CompiledPolicy[] dryRunDeny() {
        return dryRunDeny;
    }

    CompiledPolicy[] deny() {
        return deny;
    }

    CompiledPolicy[] dryRunAllow() {
        return dryRunAllow;
    }

    CompiledPolicy[] allow() {
        return allow;
    }
}
