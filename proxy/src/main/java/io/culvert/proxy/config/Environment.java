package io.culvert.proxy.config;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Environment variables with types. An unset variable is absent; an empty one is set, as in ztunnel. The texts in
 * parentheses are those of its parsers.
 */
final class Environment {

    private static final String NOT_A_NUMBER = "invalid digit found in string";

    private final Map<String, String> variables;
    private final Path workingDirectory;
    private final Consumer<String> warnings;

    Environment(Map<String, String> variables, Path workingDirectory, Consumer<String> warnings) {
        this.variables = Map.copyOf(variables);
        this.workingDirectory = workingDirectory;
        this.warnings = warnings;
    }

    /** Tells the operator of something that does not end the start. */
    void warn(String text) {
        warnings.accept(text);
    }

    /**
     * A value that the original passes over in silence, and takes for something else. So do we, but say so.
     *
     * @param taken what it is taken for
     * @param write what is understood
     */
    void warnOfUnknown(String name, String value, String taken, String write) {
        warn("env var " + name + "=" + value + " is not understood and means " + taken + " (write " + write + ")");
    }

    /** On by exactly "true", as in ztunnel; anything but that, "false" and nothing is told. */
    boolean lenientFlag(String name) {
        String value = text(name, "");
        if (!value.isEmpty() && parseFlag(value).isEmpty()) {
            warnOfUnknown(name, value, "false", "true or false");
        }
        return value.equals("true");
    }

    Optional<String> text(String name) {
        return Optional.ofNullable(variables.get(name));
    }

    String text(String name, String fallback) {
        return text(name).orElse(fallback);
    }

    boolean flag(String name, boolean fallback) throws ConfigException {
        return parse(name, "provided string was not `true` or `false`", Environment::parseFlag)
                .orElse(fallback);
    }

    Optional<Boolean> optionalFlag(String name) throws ConfigException {
        return parse(name, "provided string was not `true` or `false`", Environment::parseFlag);
    }

    private static Optional<Boolean> parseFlag(String text) {
        return switch (text) {
            case "true" -> Optional.of(true);
            case "false" -> Optional.of(false);
            default -> Optional.empty();
        };
    }

    Duration duration(String name, Duration fallback) throws ConfigException {
        return optionalDuration(name).orElse(fallback);
    }

    Optional<Duration> optionalDuration(String name) throws ConfigException {
        return parse(name, "not a duration such as 10s or 5m", DurationText::parse);
    }

    /** A whole number between 0 and the bound. */
    long number(String name, long fallback, long max) throws ConfigException {
        return optionalNumber(name, max).orElse(fallback);
    }

    Optional<Long> optionalNumber(String name, long max) throws ConfigException {
        return optionalNumber(name, max, "");
    }

    /** @param prefix of what is said of one that is none */
    Optional<Long> optionalNumber(String name, long max, String prefix) throws ConfigException {
        Optional<String> text = text(name);
        if (text.isEmpty()) {
            return Optional.empty();
        }
        String digits = text.get();
        if (digits.isEmpty()) {
            throw ConfigException.invalid(name, digits, prefix + "cannot parse integer from empty string");
        }
        if (!digits.chars().allMatch(c -> c >= '0' && c <= '9')) {
            throw ConfigException.invalid(name, digits, prefix + NOT_A_NUMBER);
        }
        if (digits.length() > 18 || Long.parseLong(digits) > max) {
            throw ConfigException.invalid(name, digits, prefix + "number too large to fit in target type");
        }
        return Optional.of(Long.parseLong(digits));
    }

    <T> Optional<T> parse(String name, String why, Function<String, Optional<T>> parser) throws ConfigException {
        Optional<String> text = text(name);
        if (text.isEmpty()) {
            return Optional.empty();
        }
        Optional<T> parsed = parser.apply(text.get());
        if (parsed.isEmpty()) {
            throw ConfigException.invalid(name, text.get(), why);
        }
        return parsed;
    }

    /** Variables with that prefix, which is removed from their names; sorted. */
    Map<String, String> withPrefix(String prefix) {
        Map<String, String> found = new TreeMap<>();
        variables.forEach((name, value) -> {
            if (name.startsWith(prefix) && name.length() > prefix.length()) {
                found.put(name.substring(prefix.length()), value);
            }
        });
        return found;
    }

    /** A path of the configuration, relative ones from the working directory. */
    Path path(String text) {
        return workingDirectory.resolve(text).normalize();
    }
}
