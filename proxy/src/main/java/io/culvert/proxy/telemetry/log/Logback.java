package io.culvert.proxy.telemetry.log;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.classic.turbo.TurboFilter;
import ch.qos.logback.core.UnsynchronizedAppenderBase;
import ch.qos.logback.core.spi.FilterReply;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.logging.Formatter;
import java.util.logging.Handler;
import java.util.logging.LogManager;
import java.util.logging.LogRecord;
import java.util.logging.SimpleFormatter;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;
import org.slf4j.Marker;
import org.slf4j.event.KeyValuePair;

/**
 * Joins slf4j to the {@link LogSink}: every statement is judged by the sink's filter and written in the sink's format.
 * Configured by code alone, so that no file on the class path can change it and nothing is parsed at start.
 */
public final class Logback {

    /** Below info it writes whole HTTP/2 frames, and with them the bearer token of each call. */
    private static final String WRITES_HEADERS = "io.grpc.netty";

    private Logback() {}

    /**
     * Lets nothing out until {@link #install}. Must come before the first class that logs is loaded: left alone,
     * Logback prints everything, in a format that nobody who reads our output understands.
     */
    public static void silence() {
        LoggerContext context = context();
        context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME).setLevel(Level.OFF);
        LogManager.getLogManager().reset();
    }

    private static LoggerContext context() {
        LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
        context.reset();
        return context;
    }

    /** Takes over all logging of the process. */
    public static void install(LogSink sink) {
        LoggerContext context = context();
        FilterByTarget filter = new FilterByTarget(sink);
        sink.onFilterChange(filter.levels::clear);
        context.addTurboFilter(filter);
        SinkAppender appender = new SinkAppender(sink);
        appender.setContext(context);
        appender.start();
        Logger root = context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
        root.setLevel(Level.TRACE);
        root.addAppender(appender);
        context.getLogger(WRITES_HEADERS).setLevel(Level.INFO);
        LogManager.getLogManager().reset();
        java.util.logging.Logger.getLogger("").addHandler(new JdkLogging());
    }

    /**
     * What libraries tell the JDK's own logging, which is gRPC alone. Its finer levels are not even asked for, so that
     * no connection pays for them.
     */
    private static final class JdkLogging extends Handler {

        private static final Formatter WORDS = new SimpleFormatter();

        @Override
        public void publish(LogRecord said) {
            int level = said.getLevel().intValue();
            org.slf4j.event.Level ours = level >= java.util.logging.Level.SEVERE.intValue()
                    ? org.slf4j.event.Level.ERROR
                    : level >= java.util.logging.Level.WARNING.intValue()
                            ? org.slf4j.event.Level.WARN
                            : org.slf4j.event.Level.INFO;
            String name = said.getLoggerName();
            LoggerFactory.getLogger(name == null ? "java" : name)
                    .atLevel(ours)
                    .setCause(said.getThrown())
                    .log(WORDS.formatMessage(said));
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    }

    /** Decides by the target of the logger; remembers what it decided until the filter changes. */
    private static final class FilterByTarget extends TurboFilter {

        private final LogSink sink;
        final ConcurrentHashMap<String, LogLevel> levels = new ConcurrentHashMap<>();

        FilterByTarget(LogSink sink) {
            this.sink = sink;
        }

        @Override
        public FilterReply decide(
                @Nullable Marker marker,
                Logger logger,
                Level level,
                @Nullable String format,
                Object @Nullable [] params,
                @Nullable Throwable thrown) {
            LogLevel allowed = levels.computeIfAbsent(
                    logger.getName(), name -> sink.filter().level(Targets.of(name)));
            return allowed.admits(level(level)) ? FilterReply.NEUTRAL : FilterReply.DENY;
        }
    }

    private static final class SinkAppender extends UnsynchronizedAppenderBase<ILoggingEvent> {

        private final LogSink sink;

        SinkAppender(LogSink sink) {
            this.sink = sink;
        }

        @Override
        protected void append(ILoggingEvent event) {
            String name = event.getLoggerName();
            LogLevel level = level(event.getLevel());
            String target = Targets.of(name);
            LogLine line = Targets.isOurs(name)
                    ? sink.ownLine(level, target, event.getFormattedMessage())
                    : sink.line(level, target, event.getFormattedMessage());
            List<KeyValuePair> pairs = event.getKeyValuePairs();
            if (pairs != null) {
                pairs.forEach(pair -> field(line, pair.key, pair.value));
            }
            thrown(line, event.getThrowableProxy(), level);
            sink.write(line);
        }

        private static void field(LogLine line, String key, @Nullable Object value) {
            switch (value) {
                case null -> line.bare(key, "null");
                case String text -> line.text(key, text);
                case Integer number -> line.number(key, number);
                case Long number -> line.number(key, number);
                case Boolean flag -> line.flag(key, flag);
                default -> line.bare(key, value.toString());
            }
        }

        /** The cause chain as one text; for errors also where it began. */
        private static void thrown(LogLine line, @Nullable IThrowableProxy thrown, LogLevel level) {
            StringBuilder causes = new StringBuilder();
            IThrowableProxy one = thrown;
            for (int depth = 0; one != null && depth < 8; depth++) {
                causes.append(depth == 0 ? "" : ": ").append(simpleName(one.getClassName()));
                causes.append(one.getMessage() == null ? "" : "(" + one.getMessage() + ")");
                one = one.getCause();
            }
            if (!causes.isEmpty()) {
                line.text("error", causes.toString());
            }
            if (thrown != null && level == LogLevel.ERROR && thrown.getStackTraceElementProxyArray().length > 0) {
                line.text("at", thrown.getStackTraceElementProxyArray()[0].getSTEAsString());
            }
        }

        private static String simpleName(String className) {
            return className.substring(className.lastIndexOf('.') + 1);
        }
    }

    private static LogLevel level(Level level) {
        return switch (level.toInt()) {
            case Level.ERROR_INT -> LogLevel.ERROR;
            case Level.WARN_INT -> LogLevel.WARN;
            case Level.INFO_INT -> LogLevel.INFO;
            case Level.DEBUG_INT -> LogLevel.DEBUG;
            default -> LogLevel.TRACE;
        };
    }
}
