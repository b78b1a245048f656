package io.culvert.agent.log;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.encoder.LayoutWrappingEncoder;
import java.nio.charset.StandardCharsets;
import java.util.logging.Handler;
import java.util.logging.LogManager;
import java.util.logging.LogRecord;
import java.util.logging.SimpleFormatter;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes over all logging of the process. By code alone, so that no file on the class path changes it and none is parsed
 * at start.
 */
public final class AgentLog {

    private AgentLog() {}

    /** From here on, lines look so; may be called again. */
    public static void install(LogSettings settings) {
        LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
        context.reset();
        boolean debugging = settings.level() == Level.DEBUG;
        ConsoleAppender<ILoggingEvent> appender = new ConsoleAppender<>();
        appender.setContext(context);
        appender.setEncoder(encoder(context, new LineLayout(settings.json(), debugging)));
        appender.start();
        ch.qos.logback.classic.Logger root = context.getLogger(Logger.ROOT_LOGGER_NAME);
        root.addAppender(appender);
        root.setLevel(debugging ? Level.DEBUG : quieter(settings.level(), Level.WARN));
        context.getLogger("agent").setLevel(settings.level());
        context.getLogger("io.culvert").setLevel(settings.level());
        if (!debugging) {
            // What it retries is logged by us, in one line with the remedy.
            context.getLogger("io.fabric8").setLevel(quieter(settings.level(), Level.ERROR));
        }
        LogManager.getLogManager().reset();
        java.util.logging.Logger.getLogger("").addHandler(new JdkLogging());
    }

    private static LayoutWrappingEncoder<ILoggingEvent> encoder(LoggerContext context, LineLayout layout) {
        layout.setContext(context);
        layout.start();
        LayoutWrappingEncoder<ILoggingEvent> encoder = new LayoutWrappingEncoder<>();
        encoder.setContext(context);
        encoder.setCharset(StandardCharsets.UTF_8);
        encoder.setLayout(layout);
        encoder.start();
        return encoder;
    }

    private static Level quieter(Level one, Level other) {
        return one.isGreaterOrEqual(other) ? one : other;
    }

    /** What the JDK and libraries of its school have to say, from its warnings on. */
    private static final class JdkLogging extends Handler {

        private static final SimpleFormatter WORDS = new SimpleFormatter();

        JdkLogging() {
            setLevel(java.util.logging.Level.WARNING);
        }

        @Override
        public void publish(LogRecord said) {
            if (!isLoggable(said)) {
                return;
            }
            boolean severe = said.getLevel().intValue() >= java.util.logging.Level.SEVERE.intValue();
            String name = said.getLoggerName();
            LoggerFactory.getLogger(name == null || name.isEmpty() ? "java" : name)
                    .atLevel(severe ? org.slf4j.event.Level.ERROR : org.slf4j.event.Level.WARN)
                    .setCause(said.getThrown())
                    .log(WORDS.formatMessage(said));
        }

        @Override
        public void flush() {}

        @Override
        public void close() {}
    }
}
