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
 *   <li>every dry-run DENY that matches is logged;
 *   <li>any enforced DENY that matches: no;
 *   <li>every dry-run ALLOW that matches is logged, and that none does where none is enforced;
 *   <li>no enforced ALLOW: yes;
 *   <li>any enforced ALLOW that matches: yes; else no.
 * </ol>
 *
 * What is in the wrong words of a dry run therefore decides nothing, and can be read in the log before it does. A
 * policy that the workload lists and nobody has sent counts for nothing: unknown names fail open, as in the original,
 * because istiod sends workloads and policies apart.
 *
 * <p>Which policies hold for a workload is worked out once for each state of the policies, when its first connection
 * asks; after that a connection costs one look-up, and each policy its own matching. One without policies costs the
 * look-up alone. Policies are compiled once, when they are first asked, and kept until they leave the snapshot. Any
 * thread.
 */
public final class Authorizer {

    private static final Logger log = LoggerFactory.getLogger(Authorizer.class);

    /** Names beyond this are not warned of any more; each is warned of once until policies change. */
    private static final int MISSING_NAMES_MAX = 1_000;

    /** More workloads than a node has pods; workloads that went away stay until policies change or this is reached. */
    private static final int WORKLOADS_MAX = 4_096;

    private final Level decisionLevel;

    private final Set<String> missing = ConcurrentHashMap.newKeySet();

    private final ConcurrentHashMap<ByIdentity<AuthorizationPolicy>, CompiledPolicy> compiled =
            new ConcurrentHashMap<>();

    private final ConcurrentHashMap<ByIdentity<Workload>, PolicySet> sets = new ConcurrentHashMap<>();

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
        PolicySet policies = policiesOf(mesh, destination);
        for (CompiledPolicy policy : policies.dryRunDeny()) {
            if (policy.matches(call)) {
                decision("dry-run: deny policy match", policy);
            }
        }
        for (CompiledPolicy policy : policies.deny()) {
            if (policy.matches(call)) {
                decision("deny policy match", policy);
                return new Verdict.Denied(new RejectReason.ExplicitlyDenied(policy.name()));
            }
        }
        return allow(policies, call);
    }

    private PolicySet policiesOf(MeshSnapshot mesh, Workload destination) {
        ByIdentity<Workload> key = new ByIdentity<>(destination);
        PolicySet known = sets.get(key);
        if (known != null && known.isOf(mesh.policyState())) {
            return known;
        }
        warnOfMissing(mesh, destination);
        List<AuthorizationPolicy> policies = mesh.policiesOf(destination);
        PolicySet made = PolicySet.of(mesh.policyState(), policies, this::compile);
        if (sets.size() >= WORKLOADS_MAX) {
            sets.clear();
        }
        sets.put(key, made);
        return made;
    }

    private CompiledPolicy compile(AuthorizationPolicy policy) {
        return compiled.computeIfAbsent(new ByIdentity<>(policy), key -> CompiledPolicy.of(key.object()));
    }

    private void warnOfMissing(MeshSnapshot mesh, Workload destination) {
        for (String name : destination.authorizationPolicies()) {
            boolean news = mesh.policy(name) == null && missing.size() < MISSING_NAMES_MAX && missing.add(name);
            if (news) {
                log.warn("policy {} of workload {} is not known, and not enforced", name, destination.uid());
            }
        }
    }

    private Verdict allow(PolicySet policies, Call call) {
        boolean dryRunMatched = false;
        for (CompiledPolicy policy : policies.dryRunAllow()) {
            if (policy.matches(call)) {
                dryRunMatched = true;
                decision("dry-run: allow policy match", policy);
            }
        }
        CompiledPolicy[] allow = policies.allow();
        if (allow.length == 0) {
            if (policies.dryRunAllow().length > 0 && !dryRunMatched) {
                // Enforced, they would have refused this call.
                decision("dry-run: no allow policies match");
            }
            decision("no allow policies, allow");
            return new Verdict.Permit(call);
        }
        for (CompiledPolicy policy : allow) {
            if (policy.matches(call)) {
                decision("allow policy match", policy);
                return new Verdict.Permit(call);
            }
        }
        decision("no allow policies matched");
        return new Verdict.Denied(new RejectReason.NotAllowed());
    }

    private void decision(String message, CompiledPolicy policy) {
        if (log.isEnabledForLevel(decisionLevel)) {
            log.atLevel(decisionLevel).addKeyValue("policy", policy.name()).log(message);
        }
    }

    private void decision(String message) {
        if (log.isEnabledForLevel(decisionLevel)) {
            log.atLevel(decisionLevel).log(message);
        }
    }

    /**
     * Forgets the compiled form of policies that are no longer there: looks at those that were asked, not at all that
     * are known. On the control thread, after each push. A loop that works by the snapshot before may put a set back;
     * its state says that it is of the past.
     */
    @SuppressWarnings("ReferenceEquality") // the very object is meant
    void retain(MeshSnapshot mesh) {
        missing.clear();
        sets.clear();
        compiled.keySet().removeIf(key -> mesh.policy(key.object().qualifiedName()) != key.object());
    }

    int compiledPolicies() {
        return compiled.size();
    }
}
