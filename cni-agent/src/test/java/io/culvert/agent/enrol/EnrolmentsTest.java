package io.culvert.agent.enrol;

import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.agent.eligibility.Eligibility;
import io.culvert.agent.eligibility.SelectorYaml;
import io.culvert.agent.eligibility.Verdict;
import io.culvert.agent.enrol.EnrolmentObserver.EventKind;
import io.culvert.agent.netns.KnownPod;
import io.culvert.agent.netns.NetnsCache;
import io.culvert.agent.pod.PodFacts;
import io.culvert.agent.pod.PodRef;
import io.culvert.agent.pod.Pods;
import io.culvert.agent.pod.Redirection;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The state machine, one event at a time: lanes run at once, timers when the test says so. */
final class EnrolmentsTest {
    private static final String MODE = "istio.io/dataplane-mode";
    private static final Map<String, String> AMBIENT = Map.of(MODE, "ambient");
    private static final String[] ENROL = {"scan", "rules", "proxy add", "probes"};

    private final FakeCluster cluster = new FakeCluster();
    private final FakeNode node = new FakeNode();
    private final NetnsCache cache = new NetnsCache();
    private final Queue<Runnable> timers = new ArrayDeque<>();
    private final List<Duration> waits = new ArrayList<>();
    private final List<EventKind> events = new ArrayList<>();
    private final Enrolments enrolments = create();
    private final PodFacts pod = Pods.pod("shop", "cart", "uid-1", "10.0.0.1");

    private Enrolments create() {
        EnrolmentObserver observer = new EnrolmentObserver() {
            @Override
            public void reconciled(EventKind kind) {
                events.add(kind);
            }

            @Override
            public void enrolled(Duration took) {
                assertThat(took).isZero();
            }
        };
        return new Enrolments(
                new Eligibility(SelectorYaml.parse("""
                        - podSelector: {matchLabels: {istio.io/dataplane-mode: ambient}}
                        - podSelector:
                            matchExpressions: [{key: istio.io/dataplane-mode, operator: NotIn, values: [none]}]
                          namespaceSelector: {matchLabels: {istio.io/dataplane-mode: ambient}}
                        """), Set.of("kube-system")),
                new Collaborators(cluster, cache, node, node, node, node.probes()),
                Runnable::run,
                (wait, task) -> {
                    waits.add(wait);
                    timers.add(task);
                },
                observer,
                () -> 0);
    }

    @BeforeEach
    void open() {
        cluster.namespace("shop", Map.of());
        cluster.namespace("kube-system", AMBIENT);
        cluster.listen(enrolments);
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

        cluster.namespace("shop", AMBIENT);

        assertThat(node.calls).containsExactly(ENROL);
        assertThat(annotation()).isEqualTo(Redirection.ENABLED);
        assertThat(state()).isEqualTo(EnrolmentState.ENROLLED);
        assertThat(cache.snapshot())
                .hasSize(1)
                .allSatisfy(known -> ((KnownPod.Found) known).netns().close());
    }

    @Test
    void enrolsALabelledPod() {
        cluster.put(Pods.labelled(pod, MODE, "ambient"));
        assertThat(node.calls).containsExactly(ENROL);
    }

    @Test
    void marksThePodPendingUntilAProxyAcceptsIt() {
        node.handOversFail = 2;
        cluster.put(pod);
        cluster.namespace("shop", AMBIENT);

        assertThat(annotation()).isEqualTo(Redirection.PENDING);
        assertThat(state()).isEqualTo(EnrolmentState.REDIRECTED);
        assertThat(cache.contains(pod.uid())).isTrue();
        runTimersUntilQuiet();

        assertThat(annotation()).isEqualTo(Redirection.ENABLED);
        assertThat(enrolments.report().getFirst().lastError()).isEmpty();
    }

    @Test
    void waitsLongerAfterEachFailureButNeverLongerThanFiveSeconds() {
        node.handOversFail = 30;
        cluster.put(pod);
        cluster.namespace("shop", AMBIENT);
        runTimersUntilQuiet();

        assertThat(waits).isSorted().startsWith(Duration.ofMillis(5)).endsWith(Duration.ofSeconds(5));
        assertThat(annotation()).isEqualTo(Redirection.ENABLED);
    }

    @Test
    void dropsAPodWhoseNamespaceIsNotFound() {
        node.netnsMissing = true;
        cluster.put(pod);
        cluster.namespace("shop", AMBIENT);

        assertThat(node.calls).containsExactly("scan");
        assertThat(timers).isEmpty();
        assertThat(annotation()).isEqualTo(Redirection.ABSENT);
        assertThat(cache.contains(pod.uid())).isFalse();
        assertThat(enrolments.report().getFirst().lastError()).contains("no process shows it");

        node.netnsMissing = false;
        cluster.put(Pods.labelled(pod, "version", "2"));
        assertThat(annotation()).isEqualTo(Redirection.ENABLED);
    }

    @Test
    void tellsNoProxyOfAPodThatTakesNoRules() {
        node.rulesFail = 1;
        cluster.put(pod);
        cluster.namespace("shop", AMBIENT);

        assertThat(node.calls).containsExactly("scan", "rules");
        assertThat(cache.contains(pod.uid())).isFalse();
        assertThat(annotation()).isEqualTo(Redirection.ABSENT);
    }

    @Test
    void triesAgainWhenTheApiServerIsAway() {
        cluster.put(pod);
        cluster.away(true);
        cluster.namespace("shop", AMBIENT);
        assertThat(annotation()).isEqualTo(Redirection.ABSENT);

        cluster.away(false);
        runTimersUntilQuiet();
        assertThat(annotation()).isEqualTo(Redirection.ENABLED);
    }

    @Test
    void triesAgainWhenTheProbeSetRefuses() {
        node.probesFail = 1;
        cluster.put(pod);
        cluster.namespace("shop", AMBIENT);
        assertThat(annotation()).isEqualTo(Redirection.ABSENT);

        runTimersUntilQuiet();
        assertThat(annotation()).isEqualTo(Redirection.ENABLED);
    }

    @Test
    void leavesPodsWithoutAddressToTheContainerRuntime() {
        cluster.namespace("shop", AMBIENT);
        cluster.put(Pods.withIps(pod, List.of()));
        assertThat(node.calls).isEmpty();
    }

    @Test
    void leavesTheHostsNetworkAlone() {
        cluster.namespace("shop", AMBIENT);
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
        runTimersUntilQuiet();

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
        cluster.namespace("shop", AMBIENT);
        runTimersUntilQuiet();

        assertThat(state()).isEqualTo(EnrolmentState.ENROLLED);
        assertThat(annotation()).isEqualTo(Redirection.ENABLED);
    }

    @Test
    void withdrawsAPodThatOptsOutAndThenLeavesItAlone() {
        enrol();
        PodFacts out = Pods.labelled(cluster.pod(pod.ref()), MODE, "none");
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
        assertThat(node.calls).containsExactly(ENROL);
    }

    @Test
    void forgetsADeletedPodWithoutTouchingItsNamespace() {
        enrol();
        cluster.delete(pod.ref());

        assertThat(node.calls).containsExactly("no probes", "proxy remove");
        assertThat(cache.contains(pod.uid())).isFalse();
        assertThat(enrolments.report()).isEmpty();
        assertThat(events).endsWith(EventKind.DELETE);
    }

    @Test
    void removesADeletedPodWhoseAnnotationNeverReachedTheCache() {
        cluster.namespace("shop", AMBIENT);
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

        runTimersUntilQuiet();
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

        enrolments.podChanged(Pods.labelled(Pods.pod("shop", "gone", "uid-9", "10.0.0.8"), MODE, "ambient"));
        assertThat(node.calls).isEmpty();
    }

    @Test
    void looksAtOnceAtAnEventThatComesWhileARetryIsDue() {
        node.handOversFail = 1;
        cluster.put(pod);
        cluster.away(true);
        cluster.namespace("shop", AMBIENT);
        cluster.away(false);
        cluster.put(Pods.labelled(cluster.pod(pod.ref()), "version", "2"));

        assertThat(annotation()).isEqualTo(Redirection.ENABLED);
    }

    @Test
    void admitsANewPodOnceEverythingIsInPlace() {
        cluster.namespace("shop", AMBIENT);
        cluster.put(Pods.withIps(pod, List.of()));

        assertThat(enrolments.admit(request("uid-1"), true)).isEqualTo(new Admission.Enrolled());
        assertThat(node.calls).containsExactly("open /run/netns/a", "rules", "proxy add", "probes");
        assertThat(node.exempt).containsEntry(pod.uid(), List.of(InetAddress.ofLiteral("10.0.0.7")));
        assertThat(annotation()).isEqualTo(Redirection.ENABLED);
    }

    @Test
    void failsAPodThatNoProxyServes() {
        cluster.namespace("shop", AMBIENT);
        cluster.put(Pods.withIps(pod, List.of()));
        node.handOversFail = 1;

        assertThat(enrolments.admit(request(""), false))
                .isInstanceOfSatisfying(
                        Admission.Failed.class,
                        failed -> assertThat(failed.reason()).contains("no node proxy"));
        assertThat(annotation()).isEqualTo(Redirection.PENDING);
    }

    @Test
    void asksTheApiServerForAPodThatTheCacheDoesNotKnow() {
        cluster.namespace("shop", AMBIENT);
        cluster.putUnseen(pod);
        assertThat(enrolments.admit(request("uid-1"), true)).isEqualTo(new Admission.Enrolled());
    }

    @Test
    void asksTheApiServerWhenTheCacheKnowsAnOlderPodOfThatName() {
        cluster.namespace("shop", AMBIENT);
        cluster.put(Pods.pod("shop", "cart", "uid-0", "10.0.0.1"));
        node.calls.clear();
        cluster.putUnseen(pod);
        assertThat(enrolments.admit(request("uid-1"), true)).isEqualTo(new Admission.Enrolled());
        assertThat(cache.contains(pod.uid())).isTrue();
    }

    @Test
    void admitsAStaticPodByTheUidThatTheKubeletGaveIt() {
        cluster.namespace("shop", AMBIENT);
        cluster.put(Pods.annotated(Pods.withIps(pod, List.of()), "kubernetes.io/config.mirror", "f00d"));
        assertThat(enrolments.admit(request("f00d"), true)).isEqualTo(new Admission.Enrolled());
        assertThat(enrolments.admit(request("beef"), true)).isInstanceOf(Admission.Failed.class);
    }

    @Test
    void failsClosedWhereNobodyKnowsThePod() {
        assertThat(enrolments.admit(request(""), true)).isInstanceOf(Admission.Failed.class);
        cluster.away(true);
        assertThat(enrolments.admit(request(""), true)).isEqualTo(new Admission.Failed("the API server is away"));
        assertThat(node.calls).isEmpty();
    }

    @Test
    void letsPodsPassThatAreNotEligible() {
        cluster.put(pod);
        assertThat(enrolments.admit(request(""), true)).isEqualTo(new Admission.NotEligible(Verdict.NOT_SELECTED));

        AddRequest excluded = new AddRequest(new PodRef("kube-system", "dns"), "", "/n", List.of());
        cluster.away(true);
        assertThat(enrolments.admit(excluded, true)).isEqualTo(new Admission.NotEligible(Verdict.NAMESPACE_EXCLUDED));
        assertThat(node.calls).isEmpty();
    }

    @Test
    void findsPodsOfAnEarlierRunAgain() {
        FakeCluster restarted = new FakeCluster();
        restarted.namespace("shop", AMBIENT);
        restarted.put(Pods.annotated(pod, Redirection.ENABLED));
        restarted.put(Pods.annotated(Pods.pod("shop", "p", "uid-2", "10.0.0.2"), Redirection.PENDING));
        restarted.put(Pods.pod("shop", "l", "uid-3", "10.0.0.3"));
        restarted.put(
                Pods.terminal(Pods.annotated(Pods.pod("shop", "t", "uid-4", "10.0.0.4"), Redirection.ENABLED), true));
        restarted.put(Pods.annotated(
                Pods.labelled(Pods.pod("istio-system", "z", "uid-5", "10.0.0.5"), "app", "ztunnel"),
                Redirection.ENABLED));
        Enrolments again = over(restarted);

        again.recover("istio-system", true);

        List<KnownPod> known = cache.snapshot();
        assertThat(known).extracting(KnownPod::uid).containsExactly(pod.uid());
        assertThat(known).allSatisfy(one -> ((KnownPod.Found) one).netns().close());
        assertThat(node.calls).containsExactly("rules");
        assertThat(again.report().getFirst().state()).isEqualTo(EnrolmentState.ENROLLED);
    }

    @Test
    void keepsAPodOfAnEarlierRunInTheSnapshotAndLooksForItAgain() {
        FakeCluster restarted = new FakeCluster();
        restarted.namespace("shop", AMBIENT);
        restarted.put(Pods.annotated(pod, Redirection.ENABLED));
        node.netnsMissing = true;
        Enrolments again = over(restarted);
        again.recover("istio-system", true);
        again.open();

        assertThat(cache.snapshot()).containsExactly(new KnownPod.Missing(pod.uid()));
        assertThat(again.report().getFirst().state()).isEqualTo(EnrolmentState.LOST);
        assertThat(timers).isNotEmpty();

        node.netnsMissing = false;
        node.calls.clear();
        runTimersUntilQuiet();
        assertThat(node.calls).containsExactly(ENROL);
        assertThat(cache.missing()).isEmpty();
        assertThat(again.report().getFirst().state()).isEqualTo(EnrolmentState.ENROLLED);
    }

    private Enrolments over(FakeCluster other) {
        Enrolments made = new Enrolments(
                new Eligibility(SelectorYaml.parse("[{}]"), Set.of()),
                new Collaborators(other, cache, node, node, node, node.probes()),
                Runnable::run,
                (wait, task) -> timers.add(task),
                new EnrolmentObserver() {
                    @Override
                    public void reconciled(EventKind kind) {}

                    @Override
                    public void enrolled(Duration took) {}
                },
                () -> 0);
        other.listen(made);
        return made;
    }

    private void enrol() {
        cluster.put(pod);
        cluster.namespace("shop", AMBIENT);
        assertThat(annotation()).isEqualTo(Redirection.ENABLED);
        node.calls.clear();
    }

    private static AddRequest request(String uid) {
        return new AddRequest(
                new PodRef("shop", "cart"), uid, "/run/netns/a", List.of(InetAddress.ofLiteral("10.0.0.7")));
    }

    private void runTimersUntilQuiet() {
        for (int i = 0; i < 100 && !timers.isEmpty(); i++) {
            timers.remove().run();
        }
        assertThat(timers).isEmpty();
    }

    private Redirection annotation() {
        return cluster.pod(pod.ref()).redirection();
    }

    private EnrolmentState state() {
        return enrolments.report().getFirst().state();
    }
}
