package io.culvert.agent;

import io.culvert.agent.cni.OutsideNamespaces;
import io.culvert.agent.config.AgentConfig;
import io.culvert.agent.enrol.ProbeExemptions;
import io.culvert.agent.kube.KubeCluster;
import io.culvert.agent.pod.ClusterListener;
import io.culvert.agent.pod.PodFacts;
import io.culvert.agent.probes.HostProbes;
import io.culvert.agent.probes.KubeletUser;
import io.culvert.linux.Netns;
import io.culvert.linux.netlink.IpFamily;
import java.io.IOException;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the agent looks after besides pods: the node's rules for probes, and the namespaces that it writes down for the
 * plugin. Every look does what is to be done, so a look may come at any time: at each change of a namespace, and every
 * {@link #LOOK_EVERY}. Looks run on the timer's thread, the first on the main one.
 */
final class Upkeep implements AutoCloseable {
    /** Some of these fit into the time for which what is written for the plugin holds. */
    private static final Duration LOOK_EVERY = Duration.ofSeconds(15);

    private static final int ROOT = 0;
    private static final Logger log = LoggerFactory.getLogger("agent");

    private final AgentConfig config;
    private final KubeCluster cluster;
    private final OutsideNamespaces outside;
    private final @Nullable HostProbes probes;
    private final Runnable onRepair;
    private final BiConsumer<Duration, Runnable> timer;
    private String lastTrouble = "";
    private volatile boolean podsAreKnown;

    private Upkeep(
            AgentConfig config,
            KubeCluster cluster,
            @Nullable HostProbes probes,
            Runnable onRepair,
            BiConsumer<Duration, Runnable> timer) {
        this.config = config;
        this.cluster = cluster;
        this.outside = new OutsideNamespaces(config.runDir(), config.hostProc());
        this.probes = probes;
        this.onRepair = onRepair;
        this.timer = timer;
    }

    /**
     * Writes the node's rules, where they are wanted.
     *
     * @param onRepair told when another program had changed them
     * @throws IOException where they cannot be written
     */
    static Upkeep start(
            AgentConfig config, KubeCluster cluster, Runnable onRepair, BiConsumer<Duration, Runnable> timer)
            throws IOException {
        if (!config.hostRules() || !config.ambientEnabled()) {
            return new Upkeep(config, cluster, null, onRepair, timer);
        }
        OptionalInt kubelet = KubeletUser.find(config.hostProc());
        log.info(
                kubelet.isPresent()
                        ? "the kubelet's user is {}: its probes reach pods of the mesh directly"
                        : "no kubelet is to be seen: connections of the node's user {} count as its probes",
                kubelet.orElse(ROOT));
        Map<IpFamily, InetAddress> sources = new TreeMap<>();
        sources.put(IpFamily.V4, config.probeAddress4());
        if (config.ipv6()) {
            sources.put(IpFamily.V6, config.probeAddress6());
        }
        try (Netns host = Netns.open(config.hostNetns())) {
            HostProbes probes = HostProbes.start(host, kubelet.orElse(ROOT), sources);
            return new Upkeep(config, cluster, probes, onRepair, timer);
        }
    }

    ProbeExemptions probes() {
        return probes == null ? ProbeExemptions.NONE : probes;
    }

    /** Begins to look, now that it is known which pods there are. */
    void begin() {
        podsAreKnown = true;
        look();
        timer.accept(LOOK_EVERY, this::begin);
    }

    /** Tells another listener, and looks at each change of a namespace. */
    ClusterListener before(ClusterListener next) {
        return new ClusterListener() {
            @Override
            public void podChanged(PodFacts pod) {
                next.podChanged(pod);
            }

            @Override
            public void podDeleted(PodFacts lastSeen) {
                next.podDeleted(lastSeen);
            }

            @Override
            public void namespaceChanged(String name) {
                if (podsAreKnown) {
                    timer.accept(Duration.ZERO, Upkeep.this::look);
                }
                next.namespaceChanged(name);
            }
        };
    }

    private synchronized void look() {
        String trouble = "";
        try {
            writeNamespaces();
            if (probes != null) {
                probes.retain(cluster.pods().stream().map(PodFacts::uid).collect(Collectors.toSet()));
                if (probes.repair()) {
                    onRepair.run();
                }
            }
        } catch (IOException | RuntimeException e) {
            trouble = e.toString();
        }
        if (!trouble.isEmpty() && !trouble.equals(lastTrouble)) {
            log.warn("the node's upkeep is not complete and is tried again: {}", trouble);
        }
        lastTrouble = trouble;
    }

    /** While namespaces are not being watched nothing new is written, and what was written ends by itself. */
    private void writeNamespaces() throws IOException {
        var namespaces = cluster.watchedNamespaces();
        if (namespaces.isPresent()) {
            List<String> certain = namespaces.get().entrySet().stream()
                    .filter(entry -> config.eligibility().rulesOut(entry.getValue()))
                    .map(Map.Entry::getKey)
                    .toList();
            outside.write(certain);
        }
    }

    /** Leaves everything as it is. */
    @Override
    public void close() {
        if (probes != null) {
            probes.close();
        }
    }
}
