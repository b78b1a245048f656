package io.culvert.testkit.mesh;

import io.culvert.testkit.mesh.MeshOptions.Agent;
import io.culvert.testkit.mesh.MeshOptions.CniPlugin;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How proxy and agent are started, as the launcher says it in system properties: one argument a line. Without an agent
 * the testkit stands in, and without a plugin it plays the plugin's part.
 */
public record NodePrograms(List<String> proxy, Agent agent) {
    public static final String PROXY = "culvert.proxy.command";
    public static final String AGENT = "culvert.agent.command";
    public static final String PLUGIN = "culvert.cni.plugin";

    /** Empty if not even a proxy is named. */
    public static Optional<NodePrograms> of(Map<String, String> properties) {
        List<String> proxy = arguments(properties.getOrDefault(PROXY, ""));
        if (proxy.isEmpty()) {
            return Optional.empty();
        }
        List<String> agent = arguments(properties.getOrDefault(AGENT, ""));
        Agent programmed = agent.isEmpty()
                ? new Agent.Testkit()
                : new Agent.Command(agent, Map.of(), plugin(properties.getOrDefault(PLUGIN, "")));
        return Optional.of(new NodePrograms(proxy, programmed));
    }

    private static List<String> arguments(String lines) {
        return lines.lines().filter(line -> !line.isEmpty()).toList();
    }

    private static CniPlugin plugin(String path) {
        Path executable = Path.of(path);
        return !path.isEmpty() && Files.isExecutable(executable)
                ? new CniPlugin.Executable(executable)
                : new CniPlugin.PlayedByTestkit();
    }

    /** Who programs the pods, in words. */
    public String agentInWords() {
        return switch (agent) {
            case Agent.Testkit _ -> "no agent was given: the testkit programs the pods itself";
            case Agent.Command command ->
                switch (command.plugin()) {
                    case CniPlugin.Executable plugin -> "pods join through the CNI plugin " + plugin.path();
                    case CniPlugin.PlayedByTestkit _ ->
                        "no CNI plugin was built (no C compiler?): the testkit plays its part over the same socket";
                };
        };
    }
}
