package io.culvert.proxy.rbac;

import static io.culvert.proxy.routing.TestMesh.pod;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import io.culvert.proxy.address.IpPort;
import io.culvert.proxy.routing.TestMesh;
import io.culvert.xds.mesh.AuthorizationPolicy;
import io.culvert.xds.mesh.AuthorizationPolicy.Action;
import io.culvert.xds.mesh.AuthorizationPolicy.Clause;
import io.culvert.xds.mesh.AuthorizationPolicy.Rule;
import io.culvert.xds.mesh.AuthorizationPolicy.Scope;
import io.culvert.xds.mesh.Match;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** What can be read of each decision, and of policies that are only tried: ztunnel's state.rs:assert_rbac, in order. */
class DecisionLogTest {

    private static final int HERE = 8080;
    private static final int ELSEWHERE = 9090;

    private final Logger logger = (Logger) LoggerFactory.getLogger(Authorizer.class);
    private final List<String> lines = new ArrayList<>();
    private final AppenderBase<ILoggingEvent> lookout = new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent event) {
            String fields = event.getKeyValuePairs() == null ? "" : " " + event.getKeyValuePairs();
            lines.add(event.getLevel() + " " + event.getFormattedMessage() + fields);
        }
    };

    private final TestMesh mesh = new TestMesh().workload(pod("server", "10.0.0.2"));
    private final Call call = new Call(
            IpPort.parse("10.0.0.1:4711").orElseThrow(),
            IpPort.parse("10.0.0.2:" + HERE).orElseThrow(),
            new Peer.Anonymous());

    @BeforeEach
    void listen() {
        // Another class of this JVM may have put a filter before everything that logs.
        logger.getLoggerContext().resetTurboFilterList();
        logger.setLevel(Level.DEBUG);
        lookout.setContext(logger.getLoggerContext());
        lookout.start();
        logger.addAppender(lookout);
    }

    @AfterEach
    void stop() {
        logger.detachAppender(lookout);
        logger.setLevel(null);
    }

    private DecisionLogTest with(String name, Action action, boolean dryRun, int port) {
        Match match = Match.builder().destinationPorts(List.of(port)).build();
        mesh.policy(new AuthorizationPolicy(
                name, "ns", Scope.NAMESPACE, action, dryRun, List.of(new Rule(List.of(new Clause(List.of(match)))))));
        return this;
    }

    private Verdict judge(boolean atInfo) {
        lines.clear();
        return new Authorizer(atInfo).evaluate(mesh.snapshot(), mesh.get("server"), call);
    }

    @Test
    void tellsThatNothingForbidsIt() {
        assertThat(judge(false)).isInstanceOf(Verdict.Permit.class);
        assertThat(lines).containsExactly("DEBUG no allow policies, allow");
    }

    @Test
    void tellsAtInfoWhereThatIsAskedFor() {
        assertThat(judge(true)).isInstanceOf(Verdict.Permit.class);
        assertThat(lines).containsExactly("INFO no allow policies, allow");
    }

    @Test
    void tellsWhichPolicyDenied() {
        with("tried", Action.DENY, true, HERE).with("out", Action.DENY, false, HERE);
        assertThat(judge(false)).isInstanceOf(Verdict.Denied.class);
        assertThat(lines)
                .containsExactly(
                        "DEBUG dry-run: deny policy match [policy=\"ns/tried\"]",
                        "DEBUG deny policy match [policy=\"ns/out\"]");
    }

    @Test
    void tellsOfADryRunBeforeWhatDeniesWhicheverCameFirst() {
        with("out", Action.DENY, false, HERE).with("tried", Action.DENY, true, HERE);
        assertThat(judge(false)).isInstanceOf(Verdict.Denied.class);
        assertThat(lines)
                .containsExactly(
                        "DEBUG dry-run: deny policy match [policy=\"ns/tried\"]",
                        "DEBUG deny policy match [policy=\"ns/out\"]");
    }

    @Test
    void tellsWhichPolicyWouldAllow() {
        with("tried", Action.ALLOW, true, HERE).with("tried-elsewhere", Action.ALLOW, true, ELSEWHERE);
        assertThat(judge(false)).isInstanceOf(Verdict.Permit.class);
        assertThat(lines)
                .containsExactly(
                        "DEBUG dry-run: allow policy match [policy=\"ns/tried\"]", "DEBUG no allow policies, allow");
    }

    @Test
    void tellsThatPoliciesOnTrialWouldRefuse() {
        with("tried", Action.ALLOW, true, ELSEWHERE);
        assertThat(judge(false)).isInstanceOf(Verdict.Permit.class);
        assertThat(lines).containsExactly("DEBUG dry-run: no allow policies match", "DEBUG no allow policies, allow");
    }

    @Test
    void doesNotSayThatTrialsWouldRefuseWhereOthersDecide() {
        with("tried", Action.ALLOW, true, ELSEWHERE).with("in", Action.ALLOW, false, HERE);
        assertThat(judge(false)).isInstanceOf(Verdict.Permit.class);
        assertThat(lines).containsExactly("DEBUG allow policy match [policy=\"ns/in\"]");
    }

    @Test
    void tellsThatNoneAllowed() {
        with("tried", Action.ALLOW, true, HERE).with("in", Action.ALLOW, false, ELSEWHERE);
        assertThat(judge(false)).isInstanceOf(Verdict.Denied.class);
        assertThat(lines)
                .containsExactly(
                        "DEBUG dry-run: allow policy match [policy=\"ns/tried\"]", "DEBUG no allow policies matched");
    }
}
