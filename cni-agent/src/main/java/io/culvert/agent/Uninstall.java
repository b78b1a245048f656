package io.culvert.agent;

import io.culvert.agent.config.AgentConfig;
import io.culvert.agent.install.Installer;
import io.culvert.agent.kube.KubeCluster;
import io.culvert.agent.netns.InterfaceAddresses;
import io.culvert.agent.netns.NetnsFinder;
import io.culvert.agent.netns.NetnsRef;
import io.culvert.agent.netns.ProcScan;
import io.culvert.agent.pod.PodFacts;
import io.culvert.agent.pod.Redirection;
import io.culvert.agent.probes.HostProbes;
import io.culvert.agent.rules.NftPodRules;
import io.culvert.agent.rules.PodRules;
import io.culvert.agent.rules.RuleSettings;
import io.culvert.linux.Netns;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The explicit uninstall: {@code culvert agent uninstall}, on a node whose agent was stopped. First the CNI
 * configuration, so that no new pod comes in; then, pod by pod, the redirection and only after it the annotation: new
 * connections go direct, those that the proxy carries last as long as it does. A step that fails stops no other, and
 * the whole may be repeated.
 */
final class Uninstall {
    private static final Logger log = LoggerFactory.getLogger("uninstall");

    private Uninstall() {}

    /** Whether nothing of ours is left. */
    static boolean run(AgentConfig config) {
        if (agentAnswers(config)) {
            log.error(
                    "an agent still serves {} and would install everything again; stop it first", config.eventSocket());
            return false;
        }
        boolean files = removeFiles(config);
        boolean pods = removePods(config);
        return files && pods;
    }

    private static boolean agentAnswers(AgentConfig config) {
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            return channel.connect(UnixDomainSocketAddress.of(config.eventSocket()));
        } catch (IOException e) {
            return false;
        }
    }

    private static boolean removeFiles(AgentConfig config) {
        try {
            new Installer(config.install()).uninstall().forEach(file -> log.info("uninstalled {}", file));
            removeHostRules(config);
            return true;
        } catch (IOException e) {
            log.error("not everything is uninstalled: {}", e.getMessage());
            return false;
        }
    }

    static void removeHostRules(AgentConfig config) throws IOException {
        if (config.hostRules()) {
            try (Netns host = Netns.open(config.hostNetns())) {
                HostProbes.uninstall(host);
            }
        }
    }

    private static boolean removePods(AgentConfig config) {
        try (KubeCluster cluster = KubeCluster.connect(config.nodeName())) {
            List<PodFacts> enrolled = cluster.fetchPods().stream()
                    .filter(pod -> pod.redirection() != Redirection.ABSENT && !pod.terminal())
                    .toList();
            NetnsFinder finder =
                    new NetnsFinder(config.hostRoot(), ProcScan.of(config.hostProc(), new InterfaceAddresses()));
            PodRules rules = new NftPodRules(new RuleSettings(
                    config.ipv6(), config.dnsCapture(), config.probeAddress4(), config.probeAddress6()));
            boolean all = true;
            for (PodFacts pod : enrolled) {
                all &= remove(pod, cluster, finder, rules);
            }
            return all;
        } catch (IOException e) {
            log.error("the node's pods keep their redirection: {}; run this again when that works", e.getMessage());
            return false;
        }
    }

    private static boolean remove(PodFacts pod, KubeCluster cluster, NetnsFinder finder, PodRules rules) {
        try (NetnsRef netns = finder.scanFor(pod)) {
            rules.remove(netns);
            cluster.annotate(pod, Redirection.ABSENT);
            log.info("pod {} is out of the mesh", pod);
            return true;
        } catch (IOException e) {
            log.error("pod {} keeps its redirection: {}", pod, e.getMessage());
            return false;
        }
    }
}
