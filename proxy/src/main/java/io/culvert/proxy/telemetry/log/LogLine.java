package io.culvert.proxy.telemetry.log;

import java.nio.charset.StandardCharsets;
import java.time.Instant;

/**
 * One line in the making, in either format (ztunnel telemetry.rs: IstioFormat, IstioJsonFormat). Not shared between
 * threads; used once.
 *
 * <p>Plain: {@code time \t level \t target \t message \t k=v k=v}, texts quoted, numbers and addresses bare. JSON:
 * {@code level, time, scope, message}, then the fields in their order; addresses are texts there.
 */
public final class LogLine {

    private static final String SCOPE_PREFIX = "ztunnel::";

    private final LogFormat format;
    private final StringBuilder text = new StringBuilder(512);
    private boolean firstField = true;

    /**
     * Begins the line.
     *
     * @param target without the prefix "ztunnel::", which JSON gets back for all targets of the program itself
     * @param ours whether the target is one of the program, rather than a library's or one that stands alone like
     *     "access"
     */
    LogLine(LogFormat format, Instant time, LogLevel level, String target, boolean ours, String message) {
        this.format = format;
        switch (format) {
            case PLAIN -> {
                Rfc3339.appendMicros(text, time);
                text.append('\t')
                        .append(level.text())
                        .append('\t')
                        .append(target)
                        .append('\t');
                Quoting.bare(text, message);
                text.append('\t');
            }
            case JSON -> {
                text.append("{\"level\":\"").append(level.text()).append("\",\"time\":\"");
                Rfc3339.appendMicros(text, time);
                text.append("\",\"scope\":");
                Quoting.json(text, ours ? scope(target) : target);
                text.append(",\"message\":");
                Quoting.json(text, message);
            }
        }
    }

    private static String scope(String target) {
        return target.equals("ztunnel") ? target : SCOPE_PREFIX + target;
    }

    /** A text: quoted. */
    public LogLine text(String key, String value) {
        key(key);
        switch (format) {
            case PLAIN -> Quoting.debug(text, value);
            case JSON -> Quoting.json(text, value);
        }
        return this;
    }

    /** Something that prints itself, like an address: bare in plain, a text in JSON. */
    public LogLine bare(String key, String value) {
        key(key);
        switch (format) {
            case PLAIN -> text.append(value);
            case JSON -> Quoting.json(text, value);
        }
        return this;
    }

    /** A number: bare in both. */
    public LogLine number(String key, long value) {
        key(key);
        text.append(value);
        return this;
    }

    /** A truth value: bare in both. */
    public LogLine flag(String key, boolean value) {
        key(key);
        text.append(value);
        return this;
    }

    private void key(String key) {
        switch (format) {
            case PLAIN -> text.append(firstField ? "" : " ").append(key).append('=');
            case JSON -> {
                text.append(',');
                Quoting.json(text, key);
                text.append(':');
            }
        }
        firstField = false;
    }

    /** The finished line with its line feed, UTF-8. */
    byte[] bytes() {
        text.append(format == LogFormat.JSON ? "}\n" : "\n");
        return text.toString().getBytes(StandardCharsets.UTF_8);
    }
}
