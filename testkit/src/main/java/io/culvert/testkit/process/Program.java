package io.culvert.testkit.process;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What to start: a name for messages, the argument vector, the environment, where it runs and where its output goes.
 *
 * <p>The environment is the whole one, apart from the few variables that any program needs ({@code PATH}, {@code HOME},
 * {@code TMPDIR}, {@code LANG}, {@code JAVA_HOME}), which are taken from the testkit's own: what a developer happens to
 * have exported must not change how a proxy behaves.
 */
public record Program(
        String name, List<String> command, Map<String, String> environment, Path workingDirectory, Path log) {
    private static final List<String> INHERITED = List.of("PATH", "HOME", "TMPDIR", "LANG", "JAVA_HOME");

    public Program {
        if (command.isEmpty()) {
            throw new IllegalArgumentException("program " + name + " has an empty command");
        }
        command = List.copyOf(command);
        environment = Map.copyOf(environment);
    }

    /** The environment that the child gets. */
    Map<String, String> wholeEnvironment() {
        Map<String, String> whole = new HashMap<>();
        for (String key : INHERITED) {
            String value = System.getenv(key);
            if (value != null) {
                whole.put(key, value);
            }
        }
        whole.putAll(environment);
        return whole;
    }
}
