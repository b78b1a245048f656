package io.culvert.testkit.mesh;

import io.culvert.linux.Netns;
import io.culvert.testkit.mesh.MeshOptions.CniPlugin;
import io.culvert.testkit.process.Program;
import io.culvert.testkit.process.Spawner;
import io.culvert.testkit.spec.PodSpec;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/**
 * Redirection by an agent: this plays the container runtime, which executes the plugin for each pod (CNI specification
 * 1.1.0 section 2), in the node's namespace. The pod starts only if the plugin says so.
 */
final class CniEnrolment implements Enrolment {
    private static final String CNI_VERSION = "1.0.0";

    /** Longer than the plugin's own six seconds. */
    private static final Duration PLUGIN_LIMIT = Duration.ofSeconds(15);

    private final String node;
    private final Netns nodeNetns;
    private final Path agentRunDirectory;
    private final CniPlugin plugin;
    private final Predicate<PodSpec> annotated;

    /** @param annotated whether the agent has marked the pod as redirected */
    CniEnrolment(String node, Netns nodeNetns, Path agentRunDirectory, CniPlugin plugin, Predicate<PodSpec> annotated) {
        this.node = node;
        this.nodeNetns = nodeNetns;
        this.agentRunDirectory = agentRunDirectory;
        this.plugin = plugin;
        this.annotated = annotated;
    }

    @Override
    public void add(MeshPod pod) throws IOException {
        execute("ADD", pod);
    }

    @Override
    public void remove(MeshPod pod) throws IOException {
        execute("DEL", pod);
    }

    @Override
    public boolean isEnrolled(PodSpec pod) {
        return annotated.test(pod);
    }

    @Override
    public void close() {}

    private void execute(String command, MeshPod pod) throws IOException {
        Map<String, String> environment = environment(command, pod);
        String configuration = CniConfiguration.json(CNI_VERSION, agentRunDirectory, pod);
        switch (plugin) {
            case CniPlugin.Executable executable -> run(executable.path(), environment, configuration, pod);
            case CniPlugin.PlayedByTestkit _ -> {
                if (command.equals("ADD")) {
                    PluginStandIn.add(agentRunDirectory, environment, configuration);
                }
            }
        }
    }

    private static Map<String, String> environment(String command, MeshPod pod) {
        PodSpec spec = pod.spec();
        String container = PodStarter.containerId(spec);
        Map<String, String> environment = new TreeMap<>();
        environment.put("CNI_COMMAND", command);
        environment.put("CNI_CONTAINERID", container);
        environment.put("CNI_NETNS", pod.netnsPath().toString());
        environment.put("CNI_IFNAME", "eth0");
        environment.put("CNI_PATH", "/opt/cni/bin");
        environment.put(
                "CNI_ARGS",
                "IgnoreUnknown=1;K8S_POD_NAMESPACE=" + spec.namespace() + ";K8S_POD_NAME=" + spec.name()
                        + ";K8S_POD_INFRA_CONTAINER_ID=" + container + ";K8S_POD_UID=" + spec.uid());
        return environment;
    }

    private void run(Path executable, Map<String, String> environment, String configuration, MeshPod pod)
            throws IOException {
        Program program = new Program(
                "CNI plugin on " + node,
                List.of(executable.toString()),
                environment,
                agentRunDirectory,
                agentRunDirectory.resolve("plugin.log"));
        Process process = Spawner.startPiped(program, nodeNetns);
        try (OutputStream in = process.getOutputStream()) {
            in.write(configuration.getBytes(StandardCharsets.UTF_8));
        }
        String answer = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        String complaint = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
        if (await(process) != 0) {
            throw new IOException(
                    "CNI " + environment.get("CNI_COMMAND") + " for " + pod + " failed: " + answer.strip() + complaint);
        }
    }

    private static int await(Process process) throws IOException {
        try {
            if (process.waitFor(PLUGIN_LIMIT.toMillis(), TimeUnit.MILLISECONDS)) {
                return process.exitValue();
            }
            process.destroyForcibly();
            throw new IOException("the CNI plugin did not end within " + PLUGIN_LIMIT.toSeconds() + " s");
        } catch (InterruptedException interrupted) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while the CNI plugin ran", interrupted);
        }
    }
}
