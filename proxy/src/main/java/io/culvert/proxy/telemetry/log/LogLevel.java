package io.culvert.proxy.telemetry.log;

import java.util.Locale;
import java.util.Optional;

/** Levels as filters name them, from silent to everything; {@code OFF} is only ever a filter's. */
public enum LogLevel {
    OFF,
    ERROR,
    WARN,
    INFO,
    DEBUG,
    TRACE;

    private final String text = name().toLowerCase(Locale.ROOT);

    /** In any case; empty if there is no such level. */
    public static Optional<LogLevel> parse(String text) {
        for (LogLevel level : values()) {
            if (level.text.equalsIgnoreCase(text)) {
                return Optional.of(level);
            }
        }
        return Optional.empty();
    }

    /** Whether a filter at this level lets a line of the other through. */
    public boolean admits(LogLevel line) {
        return line.compareTo(this) <= 0;
    }

    /** In lower case, as lines and filters spell it. */
    public String text() {
        return text;
    }
}
