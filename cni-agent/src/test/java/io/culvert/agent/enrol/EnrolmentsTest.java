package io.culvert.agent.enrol;

import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.agent.enrol.EnrolmentObserver.EventKind;
import io.culvert.agent.netns.KnownPod;
import io.culvert.agent.netns.NetnsCache;
import io.culvert.agent.pod.PodFacts;
import io.culvert.agent.pod.Pods;
import io.culvert.agent.pod.Redirection;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The state machine, one event at a time. */
final class EnrolmentsTest {
    private final Bench bench = new Bench();
    private final FakeCluster cluster = bench.cluster;
    private final FakeNode node = bench.node;
    private final NetnsCache cache = bench.cache;
    private final Enrolments enrolments = bench.enrolments;
    private final PodFacts pod = Pods.pod("shop", "cart", "uid-1", "10.0.0.1");

    @BeforeEach
    void open() {
        enrolments.open();
    }

    @AfterEach
    void close() {
        cache.clear();
    }

    @Test
    void enrolsARunningPodWhenItsNamespaceIsLabelled() {
        cluster.put(pod);
        assertThat(node.calls).isEmpty();

        cluster.namespace("shop", Bench.AMBIENT);

        assertThat(node.calls).containsExactly(Bench.ENROL);
        assertThat(annotation()).isEqualTo(Redirection.ENABLED);
        assertThat(state()).isEqualTo(EnrolmentState.ENROLLED);
        assertThat(cache.snapshot())
                .hasSize(1)
                .allSatisfy(known -> ((KnownPod.Found) known).netns().close());
    }

    @Test
    void enrolsALabelledPod() {
        cluster.put(Pods.labelled(pod, Bench.MODE, "ambient"));
        assertThat(node.calls).containsExactly(Bench.ENROL);
    }

    @Test
    void marksThePodPendingUntilAProxyAcceptsIt() {
        node.handOversFail = 2;
        cluster.put(pod);
        cluster.namespace("shop", Bench.AMBIENT);

        assertThat(annotation()).isEqualTo(Redirection.PENDING);
        assertThat(state()).isEqualTo(EnrolmentState.REDIRECTED);
        assertThat(cache.contains(pod.uid())).isTrue();
        bench.runTimersUntilQuiet();

        assertThat(annotation()).isEqualTo(Redirection.ENABLED);
        assertThat(enrolments.report().getFirst().lastError()).isEmpty();
    }

    @Test
    void writesNoRulesInARunningPodThatItCannotMark() {
        cluster.put(pod);
        cluster.away(true);
        cluster.namespace("shop", Bench.AMBIENT);
        assertThat(node.calls).containsExactly("scan");
        assertThat(cache.contains(pod.uid())).isFalse();

        cluster.away(false);
        bench.runTimersUntilQuiet();
        assertThat(annotation()).isEqualTo(Redirection.ENABLED);
    }

    @Test
    void takesOutWhatAnEarlierRunMarkedAndDidNotFinish() {
        cluster.put(Pods.annotated(pod, Redirection.PENDING));
        assertThat(node.calls).containsExactly("no probes", "scan", "no rules", "proxy remove");
        assertThat(annotation()).isEqualTo(Redirection.ABSENT);
    }

    @Test
    void saysAgainThatAPodIsEnrolledWhereTheApiShowsAnOlderMark() {
        enrol();
        cluster.put(Pods.annotated(cluster.pod(pod.ref()), Redirection.PENDING));
        assertThat(node.calls).isEmpty();
        assertThat(annotation()).isEqualTo(Redirection.ENABLED);
    }

    @Test
    void waitsLongerAfterEachFailureButNeverLongerThanFiveSeconds() {
        node.handOversFail = 30;
        cluster.put(pod);
        cluster.namespace("shop", Bench.AMBIENT);
        bench.runTimersUntilQuiet();

        assertThat(bench.waits).isSorted().startsWith(Duration.ofMillis(5)).endsWith(Duration.ofSeconds(5));
        assertThat(annotation()).isEqualTo(Redirection.ENABLED);
    }

    @Test
    void dropsAPodWhoseNamespaceIsNotFound() {
        node.netnsMissing = true;
        cluster.put(pod);
        cluster.namespace("shop", Bench.AMBIENT);

        assertThat(node.calls).containsExactly("scan");
        assertThat(bench.timers).isEmpty();
        assertThat(annotation()).isEqualTo(Redirection.ABSENT);
        assertThat(cache.contains(pod.uid())).isFalse();
        assertThat(enrolments.report().getFirst().lastError()).contains("no process shows it");

        node.netnsMissing = false;
        cluster.put(Pods.labelled(pod, "version", "2"));
        assertThat(annotation()).isEqualTo(Redirection.ENABLED);
    }

    @Test
    void tellsNoProxyOfAPodThatTakesNoRules() {
        node.rulesFail = 10;
        cluster.put(pod);
        cluster.namespace("shop", Bench.AMBIENT);

        // Twice: it hears of its own mark.
        assertThat(node.calls).containsExactly("scan", "rules", "no rules", "scan", "rules", "no rules");
        assertThat(cache.contains(pod.uid())).isFalse();
        // What could not be written may not be gone either, so the mark stays.
        assertThat(annotation()).isEqualTo(Redirection.PENDING);
        assertThat(bench.timers).isEmpty();
    }

    @Test
    void triesAgainWhenTheApiServerIsAway() {
        cluster.put(pod);
        cluster.away(true);
        cluster.namespace("shop", Bench.AMBIENT);
        assertThat(annotation()).isEqualTo(Redirection.ABSENT);

        cluster.away(false);
        bench.runTimersUntilQuiet();
        assertThat(annotation()).isEqualTo(Redirection.ENABLED);
    }

    @Test
    void triesAgainWhenTheProbeSetRefuses() {
        node.probesFail = 2;
        cluster.put(pod);
        cluster.namespace("shop", Bench.AMBIENT);
        assertThat(annotation()).isEqualTo(Redirection.PENDING);

        bench.runTimersUntilQuiet();
        assertThat(annotation()).isEqualTo(Redirection.ENABLED);
    }

    @Test
    void leavesPodsWithoutAddressToTheContainerRuntime() {
        cluster.namespace("shop", Bench.AMBIENT);
        cluster.put(Pods.withIps(pod, List.of()));
        assertThat(node.calls).isEmpty();
    }

    @Test
    void leavesTheHostsNetworkAlone() {
        cluster.namespace("shop", Bench.AMBIENT);
        cluster.put(Pods.onHostNetwork(pod));
        assertThat(node.calls).isEmpty();
    }

    @Test
    void withdrawsInTheOrderThatLeavesNothingBehind() {
        enrol();
        cluster.namespace("shop", Map.of());

        assertThat(node.calls).containsExactly("no probes", "no rules", "proxy remove");
        assertThat(annotation()).isEqualTo(Redirection.ABSENT);
        assertThat(cache.contains(pod.uid())).isFalse();
        assertThat(state()).isEqualTo(EnrolmentState.OUTSIDE);
    }

    @Test
    void keepsTheNamespaceUntilItsRulesAreGone() {
        enrol();
        node.removalsFail = 2;
        cluster.namespace("shop", Map.of());

        assertThat(cache.contains(pod.uid())).isTrue();
        assertThat(node.calls).doesNotContain("proxy remove");
        assertThat(annotation()).isEqualTo(Redirection.ENABLED);
        assertThat(state()).isEqualTo(EnrolmentState.LEAVING);
        bench.runTimersUntilQuiet();

        assertThat(node.calls)
                .containsExactly(
                        "no probes", "no rules", "no probes", "no rules", "no probes", "no rules", "proxy remove");
        assertThat(annotation()).isEqualTo(Redirection.ABSENT);
    }

    @Test
    void takesAPodBackThatIsWantedAgainWhileItLeaves() {
        enrol();
        node.removalsFail = 1;
        cluster.namespace("shop", Map.of());
        cluster.namespace("shop", Bench.AMBIENT);
        bench.runTimersUntilQuiet();

        assertThat(state()).isEqualTo(EnrolmentState.ENROLLED);
        assertThat(annotation()).isEqualTo(Redirection.ENABLED);
    }

    @Test
    void withdrawsAPodThatOptsOutAndThenLeavesItAlone() {
        enrol();
        PodFacts out = Pods.labelled(cluster.pod(pod.ref()), Bench.MODE, "none");
        cluster.put(out);
        assertThat(annotation()).isEqualTo(Redirection.ABSENT);
        node.calls.clear();

        cluster.put(Pods.labelled(cluster.pod(pod.ref()), "version", "2"));
        assertThat(node.calls).isEmpty();
    }

    @Test
    void forgetsAPodThatEndedWithoutTouchingItsNamespaceAndTakesItBack() {
        enrol();
        cluster.put(Pods.terminal(cluster.pod(pod.ref()), true));

        assertThat(node.calls).containsExactly("no probes", "proxy remove");
        assertThat(annotation()).isEqualTo(Redirection.ABSENT);
        node.calls.clear();

        cluster.put(Pods.terminal(cluster.pod(pod.ref()), false));
        assertThat(node.calls).containsExactly(Bench.ENROL);
    }

    @Test
    void forgetsADeletedPodWithoutTouchingItsNamespace() {
        enrol();
        cluster.delete(pod.ref());

        assertThat(node.calls).containsExactly("no probes", "proxy remove");
        assertThat(cache.contains(pod.uid())).isFalse();
        assertThat(enrolments.report()).isEmpty();
        assertThat(bench.events).endsWith(EventKind.DELETE);
    }

    @Test
    void removesADeletedPodWhoseAnnotationNeverReachedTheCache() {
        cluster.namespace("shop", Bench.AMBIENT);
        enrolments.podDeleted(pod);
        assertThat(node.calls).containsExactly("no probes", "proxy remove");
    }

    @Test
    void leavesADeletedPodAloneThatWasNeverOurs() {
        enrolments.podDeleted(pod);
        assertThat(node.calls).isEmpty();
    }

    @Test
    void triesADeletionAgain() {
        enrol();
        node.probesFail = 1;
        cluster.delete(pod.ref());
        assertThat(cache.contains(pod.uid())).isTrue();

        bench.runTimersUntilQuiet();
        assertThat(cache.contains(pod.uid())).isFalse();
        assertThat(enrolments.report()).isEmpty();
    }

    @Test
    void movesProbeExemptionsWithTheAddresses() {
        enrol();
        InetAddress moved = InetAddress.ofLiteral("10.0.0.2");
        cluster.put(Pods.withIps(cluster.pod(pod.ref()), List.of(moved)));
        assertThat(node.calls).containsExactly("probes");
        assertThat(node.exempt).containsEntry(pod.uid(), List.of(moved));
        node.calls.clear();

        cluster.put(Pods.labelled(cluster.pod(pod.ref()), "version", "2"));
        assertThat(node.calls).isEmpty();
    }

    @Test
    void neverEnrolsInAnExcludedNamespaceButCleansItUp() {
        PodFacts dns = Pods.pod("kube-system", "dns", "uid-2", "10.0.0.9");
        cluster.put(dns);
        assertThat(node.calls).isEmpty();

        cluster.put(Pods.annotated(dns, Redirection.ENABLED));
        assertThat(node.calls).containsExactly("no probes", "scan", "no rules", "proxy remove");
    }

    @Test
    void waitsForANamespaceThatIsNotKnownYet() {
        PodFacts early = Pods.annotated(Pods.pod("later", "p", "uid-3", "10.0.0.3"), Redirection.ENABLED);
        cluster.put(early);
        assertThat(node.calls).isEmpty();
    }

    @Test
    void looksAtWhatThePodIsNowNotAtWhatTheEventSaid() {
        enrol();
        enrolments.podChanged(pod);
        assertThat(node.calls).isEmpty();

        enrolments.podChanged(Pods.labelled(Pods.pod("shop", "gone", "uid-9", "10.0.0.8"), Bench.MODE, "ambient"));
        assertThat(node.calls).isEmpty();
    }

    @Test
    void looksAtOnceAtAnEventThatComesWhileARetryIsDue() {
        node.handOversFail = 1;
        cluster.put(pod);
        cluster.away(true);
        cluster.namespace("shop", Bench.AMBIENT);
        cluster.away(false);
        cluster.put(Pods.labelled(cluster.pod(pod.ref()), "version", "2"));

        assertThat(annotation()).isEqualTo(Redirection.ENABLED);
    }

    private void enrol() {
        cluster.put(pod);
        cluster.namespace("shop", Bench.AMBIENT);
        assertThat(annotation()).isEqualTo(Redirection.ENABLED);
        node.calls.clear();
    }

    private Redirection annotation() {
        return cluster.pod(pod.ref()).redirection();
    }

    private EnrolmentState state() {
        return enrolments.report().getFirst().state();
    }
}
