package io.culvert.agent.enrol;

import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.agent.eligibility.Eligibility;
import io.culvert.agent.eligibility.SelectorYaml;
import io.culvert.agent.kernel.Kernel;
import io.culvert.agent.netns.InterfaceAddresses;
import io.culvert.agent.netns.NetnsCache;
import io.culvert.agent.netns.NetnsFinder;
import io.culvert.agent.netns.ProcScan;
import io.culvert.agent.pod.PodRef;
import io.culvert.agent.pod.Pods;
import io.culvert.agent.rules.NftPodRules;
import io.culvert.agent.rules.RuleSettings;
import io.culvert.agent.zds.ProxyDouble;
import io.culvert.agent.zds.ZdsServer;
import io.culvert.linux.Netns;
import io.culvert.linux.netlink.RouteNetlink;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Many pods in a row, each with a real namespace, real rules and a proxy that acknowledges: nothing may pile up. */
@Tag("netns")
final class EnrolmentCyclesTest {
    /** As many as are promised. */
    private static final int CYCLES = Integer.getInteger("culvert.cycles", 1000);

    private static final int WARM_UP = 10;

    @TempDir
    private Path directory;

    private final FakeCluster cluster = new FakeCluster();
    private final NetnsCache cache = new NetnsCache();

    @Test
    void leavesNothingBehind() throws Exception {
        Kernel.requireNamespaces();
        cluster.namespace("shop", Map.of());
        try (ExecutorService lanes = Executors.newFixedThreadPool(2);
                ZdsServer proxies = ZdsServer.listen(directory.resolve("zds.sock"), cache)) {
            Enrolments enrolments = enrolments(lanes, proxies);
            cluster.listen(enrolments);
            enrolments.open();
            proxies.start();
            try (ProxyDouble proxy = ProxyDouble.connect(directory.resolve("zds.sock"))) {
                Thread.ofPlatform().daemon().start(() -> serve(proxy));
                for (int i = 0; i < WARM_UP; i++) {
                    cycle(enrolments, i);
                }
                int descriptors = Kernel.openDescriptors();
                long threads = Kernel.threads();
                for (int i = 0; i < CYCLES; i++) {
                    cycle(enrolments, WARM_UP + i);
                }
                Kernel.await("descriptors as before").until(() -> Kernel.openDescriptors() <= descriptors);
                Kernel.await("threads as before").until(() -> Kernel.threads() <= threads);
                assertThat(cache.snapshot()).isEmpty();
                assertThat(enrolments.report()).isEmpty();
            }
        }
    }

    private Enrolments enrolments(ExecutorService lanes, ZdsServer proxies) throws IOException {
        ProcScan scan = ProcScan.of(Path.of("/proc"), new InterfaceAddresses());
        RuleSettings rules = new RuleSettings(
                true, false, InetAddress.ofLiteral("169.254.7.127"), InetAddress.ofLiteral("fd16:9254:7127:1337::1"));
        EnrolmentObserver observer = new EnrolmentObserver() {
            @Override
            public void reconciled(EventKind kind) {}

            @Override
            public void enrolled(Duration took) {}
        };
        return new Enrolments(
                new Eligibility(SelectorYaml.parse("[{}]"), Set.of()),
                new Collaborators(
                        cluster,
                        cache,
                        new NetnsFinder(Path.of("/"), scan),
                        new NftPodRules(rules),
                        proxies,
                        ProbeExemptions.NONE),
                lanes,
                (wait, task) -> {
                    throw new IllegalStateException("nothing fails here, so nothing is tried again");
                },
                observer,
                () -> 0);
    }

    private void cycle(Enrolments enrolments, int i) throws IOException {
        PodRef ref = new PodRef("shop", "pod-" + i);
        try (Netns netns = Netns.create()) {
            try (RouteNetlink netlink = RouteNetlink.open(netns)) {
                netlink.setUp("lo");
            }
            cluster.put(Pods.pod("shop", ref.name(), "uid-" + i));
            String path = "/proc/self/fd/" + netns.fd().number();
            Admission admission = enrolments.admit(new AddRequest(ref, "", path, List.of()), true);
            assertThat(admission).isEqualTo(new Admission.Enrolled());
            cluster.delete(ref);
            Kernel.await("forgotten").until(() -> enrolments.report().isEmpty());
        }
    }

    /** Accepts everything until the connection ends. */
    private static void serve(ProxyDouble proxy) {
        try {
            while (true) {
                proxy.take();
            }
        } catch (IOException | AssertionError e) {
            assertThat(e).isNotNull();
        }
    }
}
