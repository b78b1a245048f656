package io.culvert.proxy.telemetry.log;

import java.util.Locale;
import java.util.stream.Stream;

/** The two formats of LOG_FORMAT. */
public enum LogFormat {
    /** Tab separated, for people. */
    PLAIN,
    /** One object a line, for machines. */
    JSON;

    /** Whether it names one of them. */
    public static boolean isKnown(String text) {
        return Stream.of(values()).anyMatch(format -> format.name().equalsIgnoreCase(text));
    }

    /** Anything but "json" is plain, as in ztunnel's telemetry.rs. */
    public static LogFormat parse(String text) {
        return text.toLowerCase(Locale.ROOT).equals("json") ? JSON : PLAIN;
    }
}
