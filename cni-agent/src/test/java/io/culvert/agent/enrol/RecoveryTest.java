package io.culvert.agent.enrol;

import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.agent.netns.KnownPod;
import io.culvert.agent.netns.NetnsCache;
import io.culvert.agent.pod.PodFacts;
import io.culvert.agent.pod.Pods;
import io.culvert.agent.pod.Redirection;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What the agent finds of an earlier run. */
final class RecoveryTest {
    private final Bench bench = new Bench();
    private final FakeCluster cluster = bench.cluster;
    private final FakeNode node = bench.node;
    private final NetnsCache cache = bench.cache;
    private final Enrolments enrolments = bench.enrolments;
    private final PodFacts pod = Pods.pod("shop", "cart", "uid-1", "10.0.0.1");

    @AfterEach
    void close() {
        cache.clear();
    }

    @Test
    void findsPodsOfAnEarlierRunAgain() {
        cluster.namespace("shop", Bench.AMBIENT);
        cluster.put(Pods.annotated(pod, Redirection.ENABLED));
        cluster.put(Pods.annotated(Pods.pod("shop", "p", "uid-2", "10.0.0.2"), Redirection.PENDING));
        cluster.put(Pods.pod("shop", "l", "uid-3", "10.0.0.3"));
        cluster.put(
                Pods.terminal(Pods.annotated(Pods.pod("shop", "t", "uid-4", "10.0.0.4"), Redirection.ENABLED), true));
        cluster.put(Pods.annotated(
                Pods.labelled(Pods.pod("istio-system", "z", "uid-5", "10.0.0.5"), "app", "ztunnel"),
                Redirection.ENABLED));

        enrolments.recover("istio-system", true);

        List<KnownPod> known = cache.snapshot();
        assertThat(known).extracting(KnownPod::uid).containsExactly(pod.uid());
        assertThat(known).allSatisfy(one -> ((KnownPod.Found) one).netns().close());
        assertThat(node.calls).containsExactly("rules");
        assertThat(enrolments.report().getFirst().state()).isEqualTo(EnrolmentState.ENROLLED);
    }

    @Test
    void keepsAPodOfAnEarlierRunInTheSnapshotAndLooksForItAgain() {
        cluster.namespace("shop", Bench.AMBIENT);
        cluster.put(Pods.annotated(pod, Redirection.ENABLED));
        node.netnsMissing = true;
        enrolments.recover("istio-system", true);
        enrolments.open();

        assertThat(cache.snapshot()).containsExactly(new KnownPod.Missing(pod.uid()));
        assertThat(enrolments.report().getFirst().state()).isEqualTo(EnrolmentState.LOST);
        assertThat(bench.timers).isNotEmpty();

        node.netnsMissing = false;
        node.calls.clear();
        bench.runTimersUntilQuiet();
        assertThat(node.calls).containsExactly(Bench.ENROL);
        assertThat(cache.missing()).isEmpty();
        assertThat(enrolments.report().getFirst().state()).isEqualTo(EnrolmentState.ENROLLED);
    }
}
