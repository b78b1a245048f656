package io.culvert.e2e.mesh;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.culvert.testkit.mesh.MeshOptions;
import io.culvert.testkit.mesh.MeshOptions.Agent;
import io.culvert.testkit.mesh.MeshOptions.CniPlugin;
import io.culvert.testkit.network.Privileges;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How proxy and agent of this build are started: with the launcher's own flags, so that tests run what operators run.
 */
public final class Programs {

    /** Two JVMs a node start at once on a busy machine. */
    private static final Duration READY_LIMIT = Duration.ofSeconds(90);

    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();

    private Programs() {}

    public static Path root() {
        return ROOT;
    }

    /** Meshes need namespaces; where there are none the test says so and is not run. */
    public static void assumeMeshesCanRun() {
        Optional<String> obstacle = Privileges.obstacleToNamespaces();
        assumeTrue(obstacle.isEmpty(), () -> "mesh tests were not run: " + obstacle.orElse(""));
    }

    public static List<String> proxy() {
        return command("program_command proxy");
    }

    /**
     * The same with options of the operator's for its JVM.
     *
     * @param javaOptions separated by spaces
     */
    public static List<String> proxy(String javaOptions) {
        return command("CULVERT_PROXY_JAVA_OPTS='" + javaOptions + "'; program_command proxy");
    }

    public static List<String> agent() {
        return command("program_command agent");
    }

    /** The demonstration, as {@code ./culvert demo} starts it. */
    static List<String> demo() {
        return command("harness_command testkit io.culvert.testkit.demo.DemoMain");
    }

    /** The load harness, as {@code ./culvert perf} starts it. */
    static List<String> perf() {
        return command("harness_command perf io.culvert.perf.PerfMain");
    }

    /** Our proxy, our agent, and the compiled plugin where there is one. */
    public static MeshOptions.Builder options() {
        return options(plugin());
    }

    private static CniPlugin plugin() {
        Path plugin = ROOT.resolve("cni-agent/target/culvert-cni");
        return Files.isExecutable(plugin) ? new CniPlugin.Executable(plugin) : new CniPlugin.PlayedByTestkit();
    }

    /** As {@link #options()}, with more for the agents to be told. */
    static MeshOptions.Builder options(Map<String, String> agentEnvironment) {
        return options(plugin(), agentEnvironment);
    }

    static MeshOptions.Builder options(CniPlugin how) {
        return options(how, Map.of());
    }

    private static MeshOptions.Builder options(CniPlugin how, Map<String, String> agentEnvironment) {
        return MeshOptions.proxy(proxy())
                .agent(new Agent.Command(agent(), agentEnvironment, how))
                .readyLimit(READY_LIMIT);
    }

    /** A shell that runs some of the launcher's functions, such as build nothing. */
    static List<String> launcher(String functions) {
        String script = "set -eu; root=$0; say() { echo \"$*\" >&2; }; die() { say \"$*\"; exit 1; }; JAVA_HOME=$1;"
                + " for part in build commands namespaces aot; do . \"$root/launcher/$part.sh\"; done; "
                + functions;
        return List.of("bash", "-c", script, ROOT.toString(), System.getProperty("java.home"));
    }

    /** The command line that a function of the launcher leaves in its array COMMAND. */
    static List<String> command(String functions) {
        String print = "; printf '%s\\0' \"${COMMAND[@]}\"";
        try {
            Process process = new ProcessBuilder(launcher(functions + print))
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            String answer = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (process.waitFor() != 0) {
                throw new IllegalStateException("the launcher gives no command line for: " + functions);
            }
            return List.of(answer.split("\0", -1)).stream()
                    .filter(argument -> !argument.isEmpty())
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}
