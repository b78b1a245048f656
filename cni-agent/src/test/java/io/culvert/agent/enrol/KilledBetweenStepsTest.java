package io.culvert.agent.enrol;

import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.agent.eligibility.Eligibility;
import io.culvert.agent.eligibility.SelectorYaml;
import io.culvert.agent.kernel.Kernel;
import io.culvert.agent.netns.KnownPod;
import io.culvert.agent.netns.NetnsCache;
import io.culvert.agent.netns.NetnsRef;
import io.culvert.agent.netns.NetnsSource;
import io.culvert.agent.netns.WorkloadIdentity;
import io.culvert.agent.pod.Cluster;
import io.culvert.agent.pod.PodFacts;
import io.culvert.agent.pod.PodOverrides;
import io.culvert.agent.pod.PodUid;
import io.culvert.agent.pod.Pods;
import io.culvert.agent.pod.Redirection;
import io.culvert.agent.rules.NftPodRules;
import io.culvert.agent.rules.PodRules;
import io.culvert.agent.rules.RuleSettings;
import io.culvert.agent.zds.NodeProxies;
import io.culvert.linux.Netns;
import io.culvert.linux.netlink.RouteNetlink;
import io.culvert.linux.nftables.NfBatch;
import io.culvert.linux.nftables.NfFamily;
import io.culvert.linux.nftables.NfTable;
import io.culvert.linux.nftables.NfTables;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * An agent is killed before and after every call that it makes while a pod joins, leaves, or is started by its runtime,
 * and in the middle of its writing to the kernel; meanwhile the pod's label changes, or not. The next agent leaves the
 * pod whole and served, or with nothing of ours. Kernel and rules are real.
 */
@Tag("netns")
final class KilledBetweenStepsTest {
    private static final NfTable TABLE = new NfTable(NfFamily.INET, "culvert-ambient");
    private static final int RETURN_TABLE = 100;
    private static final RuleSettings SETTINGS = new RuleSettings(
            true, false, InetAddress.ofLiteral("169.254.7.127"), InetAddress.ofLiteral("fd16:9254:7127:1337::1"));
    /** Many more than there are calls. */
    private static final int MOMENTS_MAX = 200;

    private static final int TIMERS_MAX = 100;
    private static final String SELECTORS = """
            - podSelector: {matchLabels: {istio.io/dataplane-mode: ambient}}
            - podSelector:
                matchExpressions: [{key: istio.io/dataplane-mode, operator: NotIn, values: [none]}]
              namespaceSelector: {matchLabels: {istio.io/dataplane-mode: ambient}}
            """;

    private final FakeCluster cluster = new FakeCluster();
    private final PodFacts pod = Pods.pod("shop", "cart", "uid-1", "10.0.0.1");
    private final Set<PodUid> served = new HashSet<>();
    private final Queue<Runnable> timers = new ArrayDeque<>();
    private final List<NetnsCache> caches = new ArrayList<>();

    /** What happens to the pod while an agent that may die is at work; {@link Mortal.Killed} passes through. */
    private interface Journey {
        void happen(Enrolments enrolments);
    }

    @Test
    void whileARunningPodJoins() throws Exception {
        for (boolean stays : new boolean[] {true, false}) {
            atEveryMoment("joins", false, agent -> label(true), stays);
        }
    }

    @Test
    void whileARunningPodLeaves() throws Exception {
        for (boolean comesBack : new boolean[] {true, false}) {
            atEveryMoment("leaves", true, agent -> label(false), comesBack);
        }
    }

    /** The runtime hears no answer, throws the sandbox away and makes another. */
    @Test
    void whileARuntimeStartsAPod() throws Exception {
        Kernel.requireNamespaces();
        boolean died = true;
        for (int moment = 0; died; moment++) {
            assertThat(moment).isLessThan(MOMENTS_MAX);
            cluster.namespace("shop", Bench.AMBIENT);
            cluster.put(Pods.withIps(pod, List.of()));
            try (Netns thrownAway = sandbox()) {
                died = run(new Mortal(moment), null, agent -> agent.admit(request(thrownAway), true));
            }
            try (Netns second = sandbox()) {
                assertThat(restarted(null).admit(request(second), true)).isEqualTo(new Admission.Enrolled());
                assertServed("killed at moment " + moment + " of an ADD", second, true);
            }
            forget();
        }
    }

    private AddRequest request(Netns sandbox) {
        return new AddRequest(pod.ref(), pod.uid().value(), path(sandbox), pod.ips());
    }

    private void atEveryMoment(String journey, boolean memberBefore, Journey happening, boolean memberAfter)
            throws Exception {
        Kernel.requireNamespaces();
        boolean died = true;
        for (int moment = 0; died; moment++) {
            assertThat(moment).isLessThan(MOMENTS_MAX);
            try (Netns netns = sandbox()) {
                cluster.namespace("shop", Map.of());
                cluster.put(pod);
                if (memberBefore) {
                    Enrolments _ = restarted(netns);
                    label(true);
                    assertServed("before", netns, true);
                    cluster.deaf();
                }
                died = run(new Mortal(moment), netns, happening);
                label(memberAfter);
                Enrolments _ = restarted(netns);
                String what = "killed at moment " + moment + " while it " + journey + "; then wanted: " + memberAfter;
                assertServed(what, netns, memberAfter);
            }
            forget();
        }
    }

    /** Lives one agent through a journey. True if it died of it. */
    private boolean run(Mortal life, @Nullable Netns shown, Journey happening) {
        NetnsCache cache = new NetnsCache();
        try {
            Enrolments agent = agent(life, shown, cache);
            agent.recover("istio-system", true);
            cluster.listen(agent);
            agent.open();
            happening.happen(agent);
            runTimersUntilQuiet();
            return false;
        } catch (Mortal.Killed killed) {
            return true;
        } finally {
            timers.clear();
            cluster.deaf();
            cache.clear();
        }
    }

    /** An agent that lives, after its start: it has recovered, and the proxy has its snapshot. */
    private Enrolments restarted(@Nullable Netns shown) {
        NetnsCache cache = new NetnsCache();
        caches.add(cache);
        Enrolments agent = agent(new Mortal(Integer.MAX_VALUE), shown, cache);
        agent.recover("istio-system", true);
        served.clear();
        List<KnownPod> snapshot = cache.snapshot();
        for (KnownPod known : snapshot) {
            served.add(known.uid());
            if (known instanceof KnownPod.Found found) {
                found.netns().close();
            }
        }
        cluster.listen(agent);
        agent.open();
        runTimersUntilQuiet();
        return agent;
    }

    private Enrolments agent(Mortal life, @Nullable Netns shown, NetnsCache cache) {
        Node node = new Node(life, shown);
        EnrolmentObserver nobody = new EnrolmentObserver() {
            @Override
            public void reconciled(EventKind kind) {}

            @Override
            public void enrolled(Duration took) {}
        };
        return new Enrolments(
                new Eligibility(SelectorYaml.parse(SELECTORS), Set.of()),
                new Collaborators(
                        life.calls(Cluster.class, cluster),
                        cache,
                        life.calls(NetnsSource.class, node),
                        life.calls(PodRules.class, node),
                        life.calls(NodeProxies.class, node),
                        life.calls(ProbeExemptions.class, ProbeExemptions.NONE)),
                Runnable::run,
                (wait, task) -> timers.add(task),
                nobody,
                () -> 0);
    }

    private void label(boolean member) {
        cluster.put(Pods.labelled(cluster.pod(pod.ref()), Bench.MODE, member ? "ambient" : "none"));
    }

    private void runTimersUntilQuiet() {
        for (int i = 0; i < TIMERS_MAX && !timers.isEmpty(); i++) {
            timers.remove().run();
        }
        assertThat(timers).isEmpty();
    }

    private void forget() {
        cluster.deaf();
        cluster.delete(pod.ref());
        caches.forEach(NetnsCache::clear);
        caches.clear();
        served.clear();
    }

    private void assertServed(String what, Netns netns, boolean member) throws IOException {
        try (NfTables tables = NfTables.open(netns);
                RouteNetlink routing = RouteNetlink.open(netns)) {
            assertThat(tables.tables(NfFamily.INET).contains(TABLE))
                    .as("%s: table", what)
                    .isEqualTo(member);
            assertThat(routing.rules().stream().filter(rule -> rule.table() == RETURN_TABLE))
                    .as("%s: rules", what)
                    .hasSize(member ? 2 : 0);
            assertThat(routing.routes(RETURN_TABLE)).as("%s: routes", what).hasSize(member ? 2 : 0);
        }
        assertThat(served).as("%s: at the proxy", what).isEqualTo(member ? Set.of(pod.uid()) : Set.of());
        Redirection annotation = cluster.pod(pod.ref()).redirection();
        assertThat(annotation).as(what).isEqualTo(member ? Redirection.ENABLED : Redirection.ABSENT);
    }

    private static Netns sandbox() throws IOException {
        Netns netns = Netns.create();
        try (RouteNetlink links = RouteNetlink.open(netns)) {
            links.setUp("lo");
        }
        return netns;
    }

    private static String path(Netns netns) {
        return "/proc/self/fd/" + netns.fd().number();
    }

    /** A node with one pod, a kernel, and a proxy that takes everything. */
    private final class Node implements NetnsSource, PodRules, NodeProxies {
        private final NftPodRules rules = new NftPodRules(SETTINGS);
        private final Mortal life;
        private final @Nullable Netns shown;

        /** @param shown the namespace of the pod's processes, if it has any */
        Node(Mortal life, @Nullable Netns shown) {
            this.life = life;
            this.shown = shown;
        }

        @Override
        public NetnsRef open(String reported) throws IOException {
            return NetnsRef.own(Netns.open(Path.of(reported)));
        }

        @Override
        public NetnsRef scanFor(PodFacts wanted) throws IOException {
            if (shown == null) {
                throw new IOException("no process shows it");
            }
            return open(path(shown));
        }

        @Override
        public Map<PodUid, NetnsRef> scanFor(Collection<PodFacts> wanted) throws IOException {
            return shown == null ? Map.of() : Map.of(pod.uid(), open(path(shown)));
        }

        /** Routes are written before the table. */
        @Override
        public void apply(NetnsRef netns, PodOverrides overrides) throws IOException {
            rules.apply(netns, overrides);
            takeTableOut(netns);
            life.pass();
            rules.apply(netns, overrides);
        }

        /** The table is taken out before routes are. */
        @Override
        public void remove(NetnsRef netns) throws IOException {
            takeTableOut(netns);
            life.pass();
            rules.remove(netns);
        }

        private static void takeTableOut(NetnsRef netns) throws IOException {
            try (NfTables tables = NfTables.open(netns.netns())) {
                tables.commit(new NfBatch().addTable(TABLE).deleteTable(TABLE));
            }
        }

        @Override
        public void add(PodUid uid, WorkloadIdentity identity, NetnsRef netns) {
            served.add(uid);
        }

        @Override
        public void remove(PodUid uid) {
            served.remove(uid);
        }
    }
}
