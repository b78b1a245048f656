package io.culvert.agent.config;

import io.culvert.agent.eligibility.Eligibility;
import io.culvert.agent.eligibility.EnablementSelector;
import io.culvert.agent.eligibility.SelectorYaml;
import io.culvert.agent.install.InstallSettings;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * The agent's settings, by the names, defaults and meanings of istio-cni
 * [istio cni/pkg/cmd/root.go, cni/pkg/config/config.go, cni/pkg/nodeagent/options.go]. Those that begin with
 * {@code CULVERT_} are ours.
 *
 * @param nodeName only pods of this node are watched
 * @param systemNamespace where the node proxy's own pods live; they are never part of a snapshot
 * @param ipv6 program v6 rules and routes as well
 * @param reconcileOnStartup write the rules of pods found at start again
 * @param hostRoot where the node's file system is mounted: {@code /host} in the DaemonSet, {@code /} where the agent
 *     runs on the node itself. Paths that the container runtime reports are looked up below it
 * @param runDir holds the event socket; the plugin's configuration names it
 * @param healthPort 0: none
 * @param metricsPort 0: none
 * @param adminPort on loopback; 0: none
 * @param alwaysUninstall every end of the agent counts as an uninstall
 * @param hostRules translate the source of the kubelet's probes
 * @param hostNetns the node's own network namespace
 */
public record AgentConfig(
        String nodeName,
        String podNamespace,
        String systemNamespace,
        boolean ambientEnabled,
        Eligibility eligibility,
        boolean dnsCapture,
        boolean ipv6,
        boolean reconcileOnStartup,
        InetAddress probeAddress4,
        InetAddress probeAddress6,
        Path hostRoot,
        Path runDir,
        Path zdsSocket,
        int healthPort,
        int metricsPort,
        int adminPort,
        InstallSettings install,
        boolean alwaysUninstall,
        boolean hostRules,
        Path hostNetns) {

    private static final int HEALTH_PORT = 8000;
    private static final int METRICS_PORT = 15014;
    /** Where the original serves ControlZ. */
    private static final int ADMIN_PORT = 9876;

    /**
     * Reads the environment.
     *
     * @throws ConfigException for the first setting that cannot be used
     */
    public static AgentConfig read(Map<String, String> variables) throws ConfigException {
        Environment environment = new Environment(variables);
        List<EnablementSelector> selectors = selectors(environment);
        Path hostRoot = environment.absolutePath("CULVERT_HOST_ROOT", hostMounted() ? "/host" : "/");
        Path runDir = environment.absolutePath("CNI_AGENT_RUN_DIR", "/var/run/istio-cni");
        return new AgentConfig(
                environment.required(
                        "NODE_NAME", "name the Kubernetes node that the agent runs on (downward API, spec.nodeName)"),
                environment.text("POD_NAMESPACE", ""),
                environment.text("SYSTEM_NAMESPACE", "istio-system"),
                environment.flag("AMBIENT_ENABLED", false),
                new Eligibility(selectors, environment.list("EXCLUDE_NAMESPACES")),
                environment.flag("AMBIENT_DNS_CAPTURE", false),
                environment.flag("AMBIENT_IPV6", false),
                environment.flag("AMBIENT_RECONCILE_POD_RULES_ON_STARTUP", false),
                environment.address("HOST_PROBE_SNAT_IP", "169.254.7.127", 4),
                environment.address("HOST_PROBE_SNAT_IPV6", "fd16:9254:7127:1337:ffff:ffff:ffff:ffff", 16),
                hostRoot,
                runDir,
                environment.absolutePath("ZTUNNEL_UDS_ADDRESS", "/var/run/ztunnel/ztunnel.sock"),
                environment.port("CULVERT_HEALTH_PORT", HEALTH_PORT),
                environment.port("MONITORING_PORT", METRICS_PORT),
                environment.port("CULVERT_ADMIN_PORT", ADMIN_PORT),
                new InstallReader(environment).read(hostRoot, runDir, hostMounted(), selectors),
                environment.flag("AMBIENT_DISABLE_SAFE_UPGRADE", false),
                environment.flag("CULVERT_HOST_RULES", hostMounted()),
                environment.flag("ALLOW_SWITCH_TO_HOST_NS", false)
                        ? hostRoot.resolve("proc/1/ns/net")
                        : Path.of("/proc/self/ns/net"));
    }

    private static List<EnablementSelector> selectors(Environment environment) throws ConfigException {
        String variable = "AMBIENT_ENABLEMENT_SELECTOR";
        String yaml = environment.text(variable, "");
        try {
            return SelectorYaml.parse(yaml);
        } catch (IllegalArgumentException e) {
            throw new ConfigException(
                    variable,
                    yaml,
                    e.getMessage()
                            + "; write a YAML list of {podSelector, namespaceSelector} pairs of label selectors");
        }
    }

    /** The DaemonSet mounts the node's /proc at /host/proc; outside of it there is no such directory. */
    private static boolean hostMounted() {
        return Files.isDirectory(Path.of("/host/proc"));
    }

    public Path hostProc() {
        return hostRoot.resolve("proc");
    }

    public Path eventSocket() {
        return runDir.resolve("pluginevent.sock");
    }
}
