package io.culvert.agent.enrol;

import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.agent.eligibility.Verdict;
import io.culvert.agent.netns.NetnsCache;
import io.culvert.agent.pod.PodFacts;
import io.culvert.agent.pod.PodRef;
import io.culvert.agent.pod.Pods;
import io.culvert.agent.pod.Redirection;
import java.net.InetAddress;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a container runtime is told about a pod that it wants to start. */
final class AdmissionTest {
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
    void admitsANewPodOnceEverythingIsInPlace() {
        cluster.namespace("shop", Bench.AMBIENT);
        cluster.put(Pods.withIps(pod, List.of()));

        assertThat(enrolments.admit(request("uid-1"), true)).isEqualTo(new Admission.Enrolled());
        assertThat(node.calls).containsExactly("open /run/netns/a", "rules", "proxy add", "probes");
        assertThat(node.exempt).containsEntry(pod.uid(), List.of(InetAddress.ofLiteral("10.0.0.7")));
        assertThat(annotation()).isEqualTo(Redirection.ENABLED);
    }

    @Test
    void failsAPodThatNoProxyServes() {
        cluster.namespace("shop", Bench.AMBIENT);
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
        cluster.namespace("shop", Bench.AMBIENT);
        cluster.putUnseen(pod);
        assertThat(enrolments.admit(request("uid-1"), true)).isEqualTo(new Admission.Enrolled());
    }

    @Test
    void asksTheApiServerWhenTheCacheKnowsAnOlderPodOfThatName() {
        cluster.namespace("shop", Bench.AMBIENT);
        cluster.put(Pods.pod("shop", "cart", "uid-0", "10.0.0.1"));
        node.calls.clear();
        cluster.putUnseen(pod);
        assertThat(enrolments.admit(request("uid-1"), true)).isEqualTo(new Admission.Enrolled());
        assertThat(cache.contains(pod.uid())).isTrue();
    }

    @Test
    void admitsAStaticPodByTheUidThatTheKubeletGaveIt() {
        cluster.namespace("shop", Bench.AMBIENT);
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

    private static AddRequest request(String uid) {
        return new AddRequest(
                new PodRef("shop", "cart"), uid, "/run/netns/a", List.of(InetAddress.ofLiteral("10.0.0.7")));
    }

    private Redirection annotation() {
        return cluster.pod(pod.ref()).redirection();
    }
}
