package io.culvert.agent.log;

import ch.qos.logback.classic.Level;
import io.culvert.agent.config.ConfigException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What is logged and how. The original's chart says so by arguments [istio-cni chart, daemonset.yaml: args], which are
 * understood here in both of their spellings; CULVERT_LOG_LEVEL is for those who start the agent by hand.
 *
 * @param level of the agent's own lines; libraries are heard from warn on, and in full at debug
 * @param json an object a line instead of plain text
 * @param ignored arguments that say nothing to this program
 */
public record LogSettings(Level level, boolean json, List<String> ignored) {

    private static final String LEVEL_ARGUMENT = "--log_output_level";
    private static final String JSON_ARGUMENT = "--log_as_json";
    private static final String LEVEL_VARIABLE = "CULVERT_LOG_LEVEL";
    /** Scopes that mean this program; of the original's many others there is none here. */
    private static final Set<String> OUR_SCOPES = Set.of("cni-agent", "default", "all");

    private static final Map<String, Level> LEVELS = Map.of(
            "debug", Level.DEBUG,
            "info", Level.INFO,
            "warn", Level.WARN,
            "error", Level.ERROR,
            "fatal", Level.ERROR,
            "none", Level.OFF);

    public LogSettings {
        ignored = List.copyOf(ignored);
    }

    /** Before anybody could say anything. */
    public static LogSettings standard() {
        return new LogSettings(Level.INFO, false, List.of());
    }

    /**
     * Reads arguments, and the environment where they say nothing.
     *
     * @throws ConfigException if a level has no meaning
     */
    public static LogSettings read(List<String> arguments, Map<String, String> variables) throws ConfigException {
        Level level = level(LEVEL_VARIABLE, variables.getOrDefault(LEVEL_VARIABLE, "info"), Level.INFO);
        boolean json = false;
        List<String> ignored = new ArrayList<>();
        for (int at = 0; at < arguments.size(); at++) {
            String argument = arguments.get(at);
            if (argument.startsWith(LEVEL_ARGUMENT + "=")) {
                level = level(LEVEL_ARGUMENT, argument.substring(LEVEL_ARGUMENT.length() + 1), level);
            } else if (argument.equals(LEVEL_ARGUMENT) && at + 1 < arguments.size()) {
                level = level(LEVEL_ARGUMENT, arguments.get(++at), level);
            } else if (argument.equals(JSON_ARGUMENT) || argument.equals(JSON_ARGUMENT + "=true")) {
                json = true;
            } else if (!argument.equals(JSON_ARGUMENT + "=false")) {
                ignored.add(argument);
            }
        }
        return new LogSettings(level, json, ignored);
    }

    /** A level, or a list of {@code scope:level}, of which the last that means us counts. */
    private static Level level(String name, String text, Level unsaid) throws ConfigException {
        Level found = unsaid;
        for (String one : text.split(",", -1)) {
            int colon = one.indexOf(':');
            Level level = LEVELS.get(one.substring(colon + 1).strip());
            if (level == null) {
                throw new ConfigException(name, text, "write debug, info, warn, error or none");
            }
            if (colon < 0 || OUR_SCOPES.contains(one.substring(0, colon).strip())) {
                found = level;
            }
        }
        return found;
    }
}
