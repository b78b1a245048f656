package io.culvert.xds;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.slf4j.LoggerFactory;

/** What a class logs, line by line. */
final class LogCapture extends AppenderBase<ILoggingEvent> implements AutoCloseable {
    private final Logger logger;
    private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();

    private LogCapture(Logger logger) {
        this.logger = logger;
    }

    static LogCapture of(Class<?> owner) {
        LogCapture capture = new LogCapture((Logger) LoggerFactory.getLogger(owner));
        capture.start();
        capture.logger.addAppender(capture);
        return capture;
    }

    @Override
    protected void append(ILoggingEvent event) {
        lines.add(event.getFormattedMessage());
    }

    /** The next line that has this in it. */
    String await(String part) throws InterruptedException {
        while (true) {
            String line = FakeControlPlane.await(lines);
            if (line.contains(part)) {
                return line;
            }
        }
    }

    @Override
    public void close() {
        logger.detachAppender(this);
    }
}
