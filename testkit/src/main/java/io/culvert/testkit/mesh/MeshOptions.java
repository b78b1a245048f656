package io.culvert.testkit.mesh;

import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * How a mesh is run: by which programs, and with what besides.
 *
 * @param proxyCommand any program that understands ztunnel's environment; empty: no proxy at all, and pods talk plainly
 * @param proxyCommandOfNode nodes whose proxy is another program than the others'
 * @param proxyEnvironment added to what every proxy is told, and stronger
 * @param agent who programs the pods' redirection
 * @param readyLimit for each program to become ready
 * @param keepFiles whether logs and all else stay when the mesh is closed
 * @param observer is told what happens, while it does
 */
public record MeshOptions(
        List<String> proxyCommand,
        Map<String, List<String>> proxyCommandOfNode,
        Map<String, String> proxyEnvironment,
        Agent agent,
        Duration readyLimit,
        boolean keepFiles,
        MeshObserver observer) {
    private static final Duration READY_LIMIT = Duration.ofSeconds(30);

    public MeshOptions {
        proxyCommand = List.copyOf(proxyCommand);
        proxyCommandOfNode = Map.copyOf(proxyCommandOfNode);
        proxyEnvironment = Map.copyOf(proxyEnvironment);
    }

    /** Every node's proxy is this command; the testkit itself is the agent, until told otherwise. */
    public static Builder proxy(List<String> command) {
        return new Builder(command);
    }

    /** No proxies: the network alone. */
    public static Builder withoutProxies() {
        return new Builder(List.of());
    }

    List<String> proxyCommand(String node) {
        return proxyCommandOfNode.getOrDefault(node, proxyCommand);
    }

    /** Who programs redirection and hands pods to the proxy. */
    public sealed interface Agent {
        /** The testkit does, for tests and measurements of a proxy alone. No Kubernetes API is served. */
        record Testkit() implements Agent {}

        /**
         * A program that understands istio-cni's environment, called through a CNI plugin as a container runtime would.
         */
        record Command(List<String> command, Map<String, String> environment, CniPlugin plugin) implements Agent {
            public Command {
                command = List.copyOf(command);
                environment = Map.copyOf(environment);
            }
        }
    }

    /** What the container runtime executes for each pod. */
    public sealed interface CniPlugin {
        /** The program itself. */
        record Executable(Path path) implements CniPlugin {}

        /** The testkit speaks with the agent in the plugin's place, where no C compiler was at hand to build it. */
        record PlayedByTestkit() implements CniPlugin {}
    }

    /** Says how a mesh is to be run. Used by one thread. */
    public static final class Builder {
        private final List<String> proxyCommand;
        private final Map<String, List<String>> proxyCommandOfNode = new HashMap<>();
        private final Map<String, String> proxyEnvironment = new HashMap<>();
        private Agent agent = new Agent.Testkit();
        private Duration readyLimit = READY_LIMIT;
        private boolean keepFiles;
        private MeshObserver observer = (what, took) -> {};

        private Builder(List<String> proxyCommand) {
            this.proxyCommand = proxyCommand;
        }

        /** This node's proxy is another program. */
        public Builder proxyOn(String node, List<String> command) {
            proxyCommandOfNode.put(node, List.copyOf(command));
            return this;
        }

        public Builder proxyEnvironment(String name, String value) {
            proxyEnvironment.put(name, value);
            return this;
        }

        public Builder agent(Agent value) {
            agent = value;
            return this;
        }

        public Builder readyLimit(Duration value) {
            readyLimit = value;
            return this;
        }

        public Builder keepFiles(boolean value) {
            keepFiles = value;
            return this;
        }

        public Builder observer(MeshObserver value) {
            observer = value;
            return this;
        }

        public MeshOptions build() {
            return new MeshOptions(
                    proxyCommand, proxyCommandOfNode, proxyEnvironment, agent, readyLimit, keepFiles, observer);
        }
    }
}
