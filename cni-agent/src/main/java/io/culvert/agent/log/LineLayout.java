package io.culvert.agent.log;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.classic.spi.StackTraceElementProxy;
import ch.qos.logback.core.LayoutBase;
import com.google.gson.stream.JsonWriter;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Optional;

/**
 * A record as istio-cni writes it [istio pkg/log/config.go: encoderConfig]: time, level, scope and message between
 * tabs, or an object with these keys. Always one line: a thrown exception becomes its chain of causes and the place
 * where it began, and its stack is there at debug only.
 */
final class LineLayout extends LayoutBase<ILoggingEvent> {

    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern(
                    "yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'", Locale.ROOT)
            .withZone(ZoneOffset.UTC);

    /** The original's name for the whole agent. */
    private static final String SCOPE = "cni-agent";

    /** A chain of causes that is longer goes in circles. */
    private static final int CAUSES_MAX = 8;

    private final boolean json;
    private final boolean stacks;

    LineLayout(boolean json, boolean stacks) {
        this.json = json;
        this.stacks = stacks;
    }

    static boolean isOurs(String logger) {
        return logger.equals("agent") || logger.startsWith("io.culvert.");
    }

    @Override
    public String doLayout(ILoggingEvent event) {
        String time = TIME.format(event.getInstant());
        String level = level(event.getLevel());
        String scope = isOurs(event.getLoggerName()) ? SCOPE : event.getLoggerName();
        Optional<IThrowableProxy> thrown = Optional.ofNullable(event.getThrowableProxy());
        return json
                ? object(time, level, scope, event.getFormattedMessage(), thrown)
                : plain(time, level, scope, event.getFormattedMessage(), thrown);
    }

    private String plain(String time, String level, String scope, String message, Optional<IThrowableProxy> thrown) {
        StringBuilder line = new StringBuilder(message.length() + 64);
        line.append(time).append('\t').append(level).append('\t').append(scope).append('\t');
        line.append(message);
        thrown.ifPresent(cause -> {
            line.append("\terror=").append(causes(cause));
            line.append(stacks ? "\tstack=" : "\tat=").append(stacks ? stack(cause) : origin(cause));
        });
        return oneLine(line) + "\n";
    }

    private String object(String time, String level, String scope, String message, Optional<IThrowableProxy> thrown) {
        StringWriter text = new StringWriter();
        try (JsonWriter out = new JsonWriter(text)) {
            out.beginObject().name("level").value(level).name("time").value(time);
            out.name("scope").value(scope).name("msg").value(message);
            if (thrown.isPresent()) {
                out.name("error").value(causes(thrown.get()));
                out.name(stacks ? "stack" : "at").value(stacks ? stack(thrown.get()) : origin(thrown.get()));
            }
            out.endObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return text + "\n";
    }

    /** Whoever names a pod or an annotation must not be able to write lines of the log. */
    private static String oneLine(StringBuilder line) {
        return line.toString().replace("\r", "\\r").replace("\n", "\\n");
    }

    private static String level(Level level) {
        return level.levelStr.toLowerCase(Locale.ROOT);
    }

    private static String causes(IThrowableProxy thrown) {
        StringBuilder text = new StringBuilder();
        IThrowableProxy one = thrown;
        for (int depth = 0; one != null && depth < CAUSES_MAX; depth++) {
            String name = one.getClassName();
            text.append(depth == 0 ? "" : ": ").append(name.substring(name.lastIndexOf('.') + 1));
            text.append(one.getMessage() == null ? "" : "(" + one.getMessage() + ")");
            one = one.getCause();
        }
        return text.toString();
    }

    private static String origin(IThrowableProxy thrown) {
        StackTraceElementProxy[] frames = thrown.getStackTraceElementProxyArray();
        return frames.length == 0 ? "unknown" : frames[0].getStackTraceElement().toString();
    }

    private static String stack(IThrowableProxy thrown) {
        StringBuilder text = new StringBuilder();
        for (StackTraceElementProxy frame : thrown.getStackTraceElementProxyArray()) {
            text.append(text.isEmpty() ? "" : " < ").append(frame.getStackTraceElement());
        }
        return text.toString();
    }
}
