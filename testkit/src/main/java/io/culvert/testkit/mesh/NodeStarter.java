package io.culvert.testkit.mesh;

import io.culvert.testkit.controlplane.ControlPlane;
import io.culvert.testkit.controlplane.ProxyAccount;
import io.culvert.testkit.controlplane.ProxySetup;
import io.culvert.testkit.mesh.MeshOptions.Agent;
import io.culvert.testkit.network.NodeNetwork;
import io.culvert.testkit.network.PodNetwork;
import io.culvert.testkit.network.RunDirectory;
import io.culvert.testkit.process.Program;
import io.culvert.testkit.spec.AddressPlan;
import io.culvert.testkit.spec.MeshSpec;
import io.culvert.testkit.spec.PodSpec;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;

/** Starts what runs on a node, by the options: proxy and agent as programs, or the testkit in the agent's place. */
final class NodeStarter {
    private static final int PROXY_READINESS_PORT = 15021;
    private static final int AGENT_READINESS_PORT = 8000;

    /** The Helm chart's default (istio: manifests/charts/istio-cni/values.yaml). */
    private static final String ENABLEMENT_SELECTOR = """
            - podSelector:
                matchLabels: {istio.io/dataplane-mode: ambient}
            - podSelector:
                matchExpressions:
                - {key: istio.io/dataplane-mode, operator: NotIn, values: [none]}
              namespaceSelector:
                matchLabels: {istio.io/dataplane-mode: ambient}
            """;

    private final MeshOptions options;
    private final RunDirectory run;
    private final AddressPlan plan;

    NodeStarter(MeshOptions options, RunDirectory run, AddressPlan plan) {
        this.options = options;
        this.run = run;
        this.plan = plan;
    }

    /** A node whose pods talk plainly. */
    MeshNode startPlain(NodeNetwork network) {
        return new MeshNode(network, new TestkitEnrolment.Nobody(), null, null, null);
    }

    /** A node whose proxy is handed pods by the testkit. */
    MeshNode startWithoutAgent(NodeNetwork network, ControlPlane control, MeshSpec mesh, Predicate<PodSpec> inMesh)
            throws IOException {
        ProxySetup setup = proxySetup(network.name(), control, mesh);
        Enrolment enrolment = TestkitEnrolment.listen(setup.inpodSocket(), inMesh);
        try {
            PodNetwork own = proxyNetwork(network);
            return new MeshNode(network, enrolment, own, startProxy(network.name(), own, setup), null);
        } catch (IOException failure) {
            enrolment.close();
            throw failure;
        }
    }

    /** A node with proxy and agent. */
    MeshNode startWithAgent(
            NodeNetwork network,
            ControlPlane control,
            MeshSpec mesh,
            Agent.Command agent,
            Path kubeconfig,
            Predicate<PodSpec> annotated)
            throws IOException {
        ProxySetup setup = proxySetup(network.name(), control, mesh);
        Path agentRun = run.directory(network.name(), "cni");
        NodeProgram agentProgram = startAgent(network, agent, agentRun, kubeconfig, setup.inpodSocket());
        try {
            PodNetwork own = proxyNetwork(network);
            NodeProgram proxy = startProxy(network.name(), own, setup);
            Enrolment enrolment =
                    new CniEnrolment(network.name(), network.netns(), agentRun, agent.plugin(), annotated);
            return new MeshNode(network, enrolment, own, proxy, agentProgram);
        } catch (IOException failure) {
            agentProgram.close();
            throw failure;
        }
    }

    private PodNetwork proxyNetwork(NodeNetwork network) throws IOException {
        return network.addPod(
                network.name() + "-proxy", plan.proxy(network.name()).list());
    }

    private ProxySetup proxySetup(String node, ControlPlane control, MeshSpec mesh) throws IOException {
        InetSocketAddress reachedAt = new InetSocketAddress(
                plan.controlPlane().v4(), control.address().getPort());
        return ProxySetup.write(
                control,
                mesh,
                ProxyAccount.ofNode(node),
                run.directory("proxy"),
                reachedAt,
                plan.proxy(node).v4());
    }

    private NodeProgram startProxy(String node, PodNetwork own, ProxySetup setup) throws IOException {
        Map<String, String> environment = new TreeMap<>(setup.environment());
        environment.put("RUST_LOG", "info");
        // Pooled connections never end by themselves: without this every take-down waits for the default of five
        // seconds.
        environment.put("CONNECTION_TERMINATION_DEADLINE", "1s");
        environment.putAll(options.proxyEnvironment());
        Program program = program("proxy", node, options.proxyCommand(node), environment);
        return NodeProgram.start(program, own.netns(), PROXY_READINESS_PORT, "/healthz/ready");
    }

    private NodeProgram startAgent(
            NodeNetwork network, Agent.Command agent, Path agentRun, Path kubeconfig, Path zdsSocket)
            throws IOException {
        Map<String, String> environment = new TreeMap<>();
        environment.put("NODE_NAME", network.name());
        environment.put("POD_NAMESPACE", MeshSpec.SYSTEM_NAMESPACE);
        environment.put("POD_NAME", "istio-cni-node-" + network.name());
        environment.put("SYSTEM_NAMESPACE", MeshSpec.SYSTEM_NAMESPACE);
        environment.put("KUBECONFIG", kubeconfig.toString());
        environment.put("AMBIENT_ENABLED", "true");
        environment.put("AMBIENT_ENABLEMENT_SELECTOR", ENABLEMENT_SELECTOR);
        environment.put("AMBIENT_IPV6", "true");
        environment.put("AMBIENT_DNS_CAPTURE", "false");
        environment.put("AMBIENT_RECONCILE_POD_RULES_ON_STARTUP", "true");
        environment.put("NATIVE_NFTABLES", "true");
        environment.put("EXCLUDE_NAMESPACES", "kube-system");
        environment.put("CNI_AGENT_RUN_DIR", agentRun.toString());
        environment.put("ZTUNNEL_UDS_ADDRESS", zdsSocket.toString());
        environment.put("CULVERT_HOST_ROOT", "/");
        environment.putAll(agent.environment());
        Program program = program("agent", network.name(), agent.command(), environment);
        return NodeProgram.start(program, network.netns(), AGENT_READINESS_PORT, "/readyz");
    }

    private Program program(String kind, String node, List<String> command, Map<String, String> environment) {
        return new Program(
                kind + " of " + node,
                command,
                environment,
                run.directory(node, kind),
                run.directory("logs").resolve(node + "-" + kind + ".log"));
    }
}
