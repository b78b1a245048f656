package io.culvert.proxy.rbac;

import io.culvert.proxy.outcome.RejectReason;
import io.culvert.xds.mesh.AuthorizationPolicy;
import io.culvert.xds.mesh.MeshSnapshot;
import io.culvert.xds.mesh.Workload;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Evaluates policies for a destination workload (ztunnel state.rs: assert_rbac):
 *
 * <ol>
 *   <li>any enforced DENY that matches: no;
 *   <li>no enforced ALLOW: yes;
 *   <li>any enforced ALLOW that matches: yes; else no.
 * </ol>
 *
 * Dry-run policies are only logged. A policy that the workload lists and nobody has sent counts for nothing: unknown
 * names fail open, as in the original, because istiod sends workloads and policies apart.
 *
 * <p>A workload without policies costs three map look-ups. Policies are compiled once, when they are first asked, and
 * kept until they leave the snapshot. Any thread.
 */
public final class Authorizer {

    private static final Logger log = LoggerFactory.getLogger(Authorizer.class);

    /** Names beyond this are not warned of any more; each is warned of once until policies change. */
    private static final int MISSING_NAMES_MAX = 1_000;

    private final Level decisionLevel;

    private final Set<String> missing = ConcurrentHashMap.newKeySet();

    /** By the policy object itself: an update is another object. */
    private final ConcurrentHashMap<IdentityKey, CompiledPolicy> compiled = new ConcurrentHashMap<>();

    /**
     * An authorizer that has compiled nothing yet.
     *
     * @param decisionsAtInfo log decisions at info instead of debug (AUTHZ_POLICY_INFO_LOGGING)
     */
    public Authorizer(boolean decisionsAtInfo) {
        this.decisionLevel = decisionsAtInfo ? Level.INFO : Level.DEBUG;
    }

    /** The verdict for a call to that workload. */
    public Verdict evaluate(MeshSnapshot mesh, Workload destination, Call call) {
        warnOfMissing(mesh, destination);
        List<AuthorizationPolicy> policies = mesh.policiesOf(destination);
        if (policies.isEmpty()) {
            return new Verdict.Permit(call);
        }
        for (AuthorizationPolicy policy : policies) {
            if (policy.action() == AuthorizationPolicy.Action.DENY && matches(policy, call)) {
                if (!policy.dryRun()) {
                    decision("deny policy match", policy);
                    return new Verdict.Denied(new RejectReason.ExplicitlyDenied(policy.qualifiedName()));
                }
                decision("dry-run: deny policy match", policy);
            }
        }
        return allow(policies, call);
    }

    private void warnOfMissing(MeshSnapshot mesh, Workload destination) {
        for (String name : destination.authorizationPolicies()) {
            boolean news = mesh.policy(name) == null && missing.size() < MISSING_NAMES_MAX && missing.add(name);
            if (news) {
                log.warn("policy {} of workload {} is not known, and not enforced", name, destination.uid());
            }
        }
    }

    private Verdict allow(List<AuthorizationPolicy> policies, Call call) {
        boolean enforced = false;
        boolean dryRun = false;
        boolean dryRunMatched = false;
        for (AuthorizationPolicy policy : policies) {
            if (policy.action() != AuthorizationPolicy.Action.ALLOW) {
                continue;
            }
            if (!policy.dryRun()) {
                enforced = true;
            } else {
                dryRun = true;
                if (matches(policy, call)) {
                    dryRunMatched = true;
                    decision("dry-run: allow policy match", policy);
                }
            }
        }
        if (!enforced) {
            boolean wouldDeny = dryRun && !dryRunMatched;
            decision(wouldDeny ? "dry-run: no allow policies match" : "no allow policies, allow");
            return new Verdict.Permit(call);
        }
        for (AuthorizationPolicy policy : policies) {
            boolean decides = policy.action() == AuthorizationPolicy.Action.ALLOW && !policy.dryRun();
            if (decides && matches(policy, call)) {
                decision("allow policy match", policy);
                return new Verdict.Permit(call);
            }
        }
        decision("no allow policies matched");
        return new Verdict.Denied(new RejectReason.NotAllowed());
    }

    private boolean matches(AuthorizationPolicy policy, Call call) {
        return compiled.computeIfAbsent(new IdentityKey(policy), key -> CompiledPolicy.of(key.policy))
                .matches(call);
    }

    private void decision(String message, AuthorizationPolicy policy) {
        if (log.isEnabledForLevel(decisionLevel)) {
            log.atLevel(decisionLevel)
                    .addKeyValue("policy", policy.qualifiedName())
                    .log(message);
        }
    }

    private void decision(String message) {
        if (log.isEnabledForLevel(decisionLevel)) {
            log.atLevel(decisionLevel).log(message);
        }
    }

    /**
     * Forgets the compiled form of policies that are no longer there: looks at those that were asked, not at all that
     * are known. On the control thread, after each push.
     */
    @SuppressWarnings("ReferenceEquality") // the very object is meant
    void retain(MeshSnapshot mesh) {
        missing.clear();
        compiled.keySet().removeIf(key -> mesh.policy(key.policy.qualifiedName()) != key.policy);
    }

    int compiledPolicies() {
        return compiled.size();
    }

    private static final class IdentityKey {
        final AuthorizationPolicy policy;

        IdentityKey(AuthorizationPolicy policy) {
            this.policy = policy;
        }

        @Override
        @SuppressWarnings("ReferenceEquality") // the very object is meant
        public boolean equals(Object other) {
            return other instanceof IdentityKey that && policy == that.policy;
        }

        @Override
        public int hashCode() {
            return System.identityHashCode(policy);
        }
    }
}
