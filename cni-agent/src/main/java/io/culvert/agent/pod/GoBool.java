package io.culvert.agent.pod;

import java.util.Optional;

/** The spellings of a boolean that annotations and environment variables may use [Go strconv.ParseBool]. */
public final class GoBool {
    private GoBool() {}

    /** The value, or empty where the text is none of the twelve spellings. */
    public static Optional<Boolean> parse(String text) {
        return switch (text) {
            case "1", "t", "T", "TRUE", "true", "True" -> Optional.of(true);
            case "0", "f", "F", "FALSE", "false", "False" -> Optional.of(false);
            default -> Optional.empty();
        };
    }
}
