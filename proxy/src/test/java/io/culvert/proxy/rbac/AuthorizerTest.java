package io.culvert.proxy.rbac;

import static io.culvert.proxy.routing.TestMesh.pod;
import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.proxy.address.IpPort;
import io.culvert.proxy.routing.TestMesh;
import io.culvert.xds.identity.Identity;
import io.culvert.xds.mesh.AuthorizationPolicy;
import io.culvert.xds.mesh.AuthorizationPolicy.Action;
import io.culvert.xds.mesh.AuthorizationPolicy.Clause;
import io.culvert.xds.mesh.AuthorizationPolicy.Rule;
import io.culvert.xds.mesh.AuthorizationPolicy.Scope;
import io.culvert.xds.mesh.Match;
import io.culvert.xds.mesh.StringMatch;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class AuthorizerTest {

    private static final String MINE = "td/ns/client/sa/me";

    private final TestMesh mesh = new TestMesh().workload(pod("server", "10.0.0.2"));
    private final Authorizer authorizer = new Authorizer(false);
    private final Call call = new Call(
            IpPort.parse("10.0.0.1:4711").orElseThrow(),
            IpPort.parse("10.0.0.2:8080").orElseThrow(),
            new Peer.Identified(new Identity("td", "client", "me")));

    private static AuthorizationPolicy policy(
            String name, String namespace, Scope scope, Action action, boolean dryRun, String principal) {
        Match match = Match.builder()
                .principals(List.of(new StringMatch.Exact(principal)))
                .build();
        return new AuthorizationPolicy(
                name, namespace, scope, action, dryRun, List.of(new Rule(List.of(new Clause(List.of(match))))));
    }

    private AuthorizationPolicy inNamespace(String name, Action action, String principal) {
        return policy(name, "ns", Scope.NAMESPACE, action, false, principal);
    }

    private String verdict() {
        return switch (authorizer.evaluate(mesh.snapshot(), mesh.get("server"), call)) {
            case Verdict.Permit ignored -> "permit";
            case Verdict.Denied denied -> denied.reason().text();
        };
    }

    @Test
    void permitsWhereThereIsNoPolicy() {
        assertThat(verdict()).isEqualTo("permit");
        assertThat(authorizer.compiledPolicies()).isZero();
    }

    @Test
    void denyBeatsAllowAndNamesItself() {
        mesh.policy(inNamespace("let-in", Action.ALLOW, MINE));
        assertThat(verdict()).isEqualTo("permit");
        mesh.policy(inNamespace("keep-out", Action.DENY, MINE));
        assertThat(verdict()).isEqualTo("explicitly denied by: ns/keep-out");
    }

    @Test
    void anAllowThatDoesNotMatchDeniesAndADenyThatDoesNotMatchPermits() {
        mesh.policy(inNamespace("other-out", Action.DENY, "td/ns/x/sa/y"));
        assertThat(verdict()).isEqualTo("permit");
        mesh.policy(inNamespace("other-in", Action.ALLOW, "td/ns/x/sa/y"));
        assertThat(verdict()).isEqualTo("allow policies exist, but none allowed");
    }

    @Test
    void dryRunNeverChangesTheVerdict() {
        mesh.policy(policy("dry-out", "ns", Scope.NAMESPACE, Action.DENY, true, MINE));
        mesh.policy(policy("dry-in", "ns", Scope.NAMESPACE, Action.ALLOW, true, "td/ns/x/sa/y"));
        assertThat(verdict()).isEqualTo("permit");
        mesh.policy(inNamespace("other-in", Action.ALLOW, "td/ns/x/sa/y"));
        mesh.policy(policy("dry-me-in", "ns", Scope.NAMESPACE, Action.ALLOW, true, MINE));
        assertThat(verdict()).isEqualTo("allow policies exist, but none allowed");
    }

    @Test
    void globalPoliciesApplyEverywhereWhateverTheirNamespace() {
        mesh.policy(policy("everywhere", "istio-system", Scope.GLOBAL, Action.DENY, false, MINE));
        assertThat(verdict()).isEqualTo("explicitly denied by: istio-system/everywhere");
    }

    @Test
    void namespacePoliciesStayInTheirNamespace() {
        mesh.policy(policy("elsewhere", "other", Scope.NAMESPACE, Action.DENY, false, MINE));
        assertThat(verdict()).isEqualTo("permit");
    }

    @Test
    void selectedPoliciesApplyToThoseThatListThemAndUnknownNamesCountForNothing() {
        mesh.policy(policy("selected", "ns", Scope.WORKLOAD_SELECTOR, Action.DENY, false, MINE));
        assertThat(verdict()).isEqualTo("permit");
        mesh.workload(pod("server", "10.0.0.2").authorizationPolicies(List.of("ns/unknown", "ns/selected")));
        assertThat(verdict()).isEqualTo("explicitly denied by: ns/selected");
    }

    @Test
    void closesExactlyTheConnectionsThatANewPolicyDenies() {
        InboundConnections connections = new InboundConnections(authorizer, mesh.state());
        PodConnections pod = new PodConnections();
        List<String> closed = new ArrayList<>();
        Call plaintext = new Call(call.source(), call.destination(), new Peer.Anonymous());
        var mine = connections.register(call, mesh.get("server"), "", pod, () -> closed.add("mine"));
        var theirs = connections.register(plaintext, mesh.get("server"), "", pod, () -> closed.add("theirs"));
        var gone = connections.register(call, mesh.get("server"), "", pod, () -> closed.add("gone"));
        gone.leave();
        gone.leave();
        mesh.policy(inNamespace("keep-out", Action.DENY, MINE));
        assertThat(closed).containsExactly("mine");
        assertThat(pod.inbound()).containsExactlyInAnyOrder(mine, theirs);
        assertThat(connections.count()).isEqualTo(2);
        mine.leave();
        theirs.leave();
        assertThat(pod.inbound()).isEmpty();
        assertThat(connections.count()).isZero();
    }

    @Test
    void judgesByTheWorkloadThatTheConnectionWasAcceptedWith() {
        InboundConnections connections = new InboundConnections(authorizer, mesh.state());
        List<String> closed = new ArrayList<>();
        var mine = connections.register(call, mesh.get("server"), "", new PodConnections(), () -> closed.add("mine"));
        mesh.workload(pod("server", "10.0.0.2").authorizationPolicies(List.of("ns/selected")));
        mesh.policy(policy("selected", "ns", Scope.WORKLOAD_SELECTOR, Action.DENY, false, MINE));
        assertThat(closed).isEmpty();
        mine.leave();
    }

    @Test
    void forgetsTheCompiledFormOfPoliciesThatAreGone() {
        new InboundConnections(authorizer, mesh.state());
        mesh.policy(inNamespace("a", Action.DENY, "x"));
        assertThat(verdict()).isEqualTo("permit");
        assertThat(authorizer.compiledPolicies()).isEqualTo(1);
        mesh.policy(inNamespace("a", Action.DENY, MINE));
        assertThat(authorizer.compiledPolicies()).isZero();
        assertThat(verdict()).contains("ns/a");
        mesh.state().update(edit -> edit.removePolicy("ns/a"));
        assertThat(authorizer.compiledPolicies()).isZero();
        assertThat(verdict()).isEqualTo("permit");
    }
}
