package io.culvert.agent.enrol;

import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.agent.eligibility.Eligibility;
import io.culvert.agent.eligibility.SelectorYaml;
import io.culvert.agent.netns.NetnsCache;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;

/** Enrolment over a cluster and a node in memory: lanes run at once, timers when the test says so. */
final class Bench implements EnrolmentObserver {
    static final String MODE = "istio.io/dataplane-mode";
    static final Map<String, String> AMBIENT = Map.of(MODE, "ambient");
    /** What the node is asked to do for a running pod that joins. */
    static final String[] ENROL = {"scan", "rules", "proxy add", "probes"};

    final FakeCluster cluster = new FakeCluster();
    final FakeNode node = new FakeNode();
    final NetnsCache cache = new NetnsCache();
    final Queue<Runnable> timers = new ArrayDeque<>();
    final List<Duration> waits = new ArrayList<>();
    final List<EventKind> events = new ArrayList<>();
    final Enrolments enrolments = new Enrolments(
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
            this,
            () -> 0);

    /** With a namespace outside the mesh, and one that is excluded from it. */
    Bench() {
        cluster.namespace("shop", Map.of());
        cluster.namespace("kube-system", AMBIENT);
        cluster.listen(enrolments);
    }

    void runTimersUntilQuiet() {
        for (int i = 0; i < 100 && !timers.isEmpty(); i++) {
            timers.remove().run();
        }
        assertThat(timers).isEmpty();
    }

    @Override
    public void reconciled(EventKind kind) {
        events.add(kind);
    }

    @Override
    public void enrolled(Duration took) {
        assertThat(took).isZero();
    }
}
