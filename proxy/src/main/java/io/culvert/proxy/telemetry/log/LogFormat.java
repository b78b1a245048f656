package io.culvert.proxy.telemetry.log;

import java.util.Locale;

/** The two formats of LOG_FORMAT. */
public enum LogFormat {
    /** Tab separated, for people. */
    PLAIN,
    /** One object a line, for machines. */
    JSON;

    /** Anything but "json" is plain, as in ztunnel's telemetry.rs. */
    public static LogFormat parse(String text) {
        return text.toLowerCase(Locale.ROOT).equals("json") ? JSON : PLAIN;
    }
}
