package io.culvert.agent.cni;

import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The compiled plugin, executed as a container runtime does. Built once per run, by the script that the launcher uses.
 */
public final class Plugin {
    private static final int NO_COMPILER = 3;
    private static @Nullable Path built;

    private final List<String> prefix;
    private final Map<String, String> variables = new HashMap<>();

    private Plugin(List<String> command) {
        this.prefix = command;
    }

    /** What a run of it ended in. */
    public record Outcome(int status, String output, String errors) {}

    /** With the variables of an ADD; aborts the test, and says so, where there is no C compiler. */
    public static Plugin add(String podNamespace, String podName, String netns) throws Exception {
        return new Plugin(List.of(executable().toString()))
                .with("CNI_COMMAND", "ADD")
                .with("CNI_CONTAINERID", "c0ffee")
                .with("CNI_IFNAME", "eth0")
                .with("CNI_NETNS", netns)
                .with("CNI_ARGS", "IgnoreUnknown=1;K8S_POD_NAMESPACE=" + podNamespace + ";K8S_POD_NAME=" + podName);
    }

    public static synchronized Path executable() throws IOException, InterruptedException {
        if (built == null) {
            Path out = Path.of("target", "culvert-cni").toAbsolutePath();
            Process build = new ProcessBuilder("./build-plugin", out.toString())
                    .redirectErrorStream(true)
                    .start();
            String said = new String(build.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            int status = build.waitFor();
            if (status == NO_COMPILER) {
                abort("not run: " + said.strip());
            }
            if (status != 0) {
                throw new IOException("the plugin does not compile:\n" + said);
            }
            built = out;
        }
        return built;
    }

    public Plugin with(String variable, String value) {
        variables.put(variable, value);
        return this;
    }

    /** Runs it by way of another program, such as one that changes the user. */
    Plugin by(String... command) {
        List<String> whole = new ArrayList<>(List.of(command));
        whole.addAll(prefix);
        Plugin other = new Plugin(whole);
        other.variables.putAll(variables);
        return other;
    }

    public Outcome run(String stdin) throws IOException, InterruptedException {
        return run(stdin.getBytes(StandardCharsets.UTF_8));
    }

    Outcome run(byte[] stdin) throws IOException, InterruptedException {
        ProcessBuilder builder = new ProcessBuilder(prefix);
        builder.environment().clear();
        builder.environment().putAll(variables);
        Process process = builder.start();
        try (OutputStream in = process.getOutputStream()) {
            in.write(stdin);
        } catch (IOException e) {
            // It refused before it had read everything: its answer says why.
            process.onExit().join();
        }
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        String errors = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
        if (!process.waitFor(30, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw new IOException("the plugin did not end");
        }
        return new Outcome(process.exitValue(), output, errors);
    }
}
