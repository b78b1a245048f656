package io.culvert.proxy.telemetry.log;

import io.netty.util.concurrent.FastThreadLocalThread;
import java.time.InstantSource;

/** Format, filter and writer together: where every line of the process goes. Any thread. */
public final class LogSink {

    private final LogFormat format;
    private final LogWriter writer;
    private final InstantSource clock;
    private final LogFilter startupFilter;
    private volatile LogFilter filter;
    private volatile Runnable filterChanged = () -> {};

    public LogSink(LogFormat format, LogFilter startupFilter, LogWriter writer, InstantSource clock) {
        this.format = format;
        this.writer = writer;
        this.clock = clock;
        this.startupFilter = startupFilter;
        this.filter = startupFilter;
        writer.droppedLine(this::droppedLine);
    }

    /** Written whatever the filter says: what is missing from a log must not be missing silently. */
    private byte[] droppedLine(long count) {
        return ownLine(LogLevel.WARN, "telemetry", "log lines were dropped: standard output is not being read")
                .number("lines", count)
                .bytes();
    }

    public boolean enabled(String target, LogLevel level) {
        return filter.level(target).admits(level);
    }

    /** A line of a target that stands alone, like {@code access}. */
    public LogLine line(LogLevel level, String target, String message) {
        return new LogLine(format, clock.instant(), level, target, false, message);
    }

    /** A line of one of the program's own targets. */
    LogLine ownLine(LogLevel level, String target, String message) {
        return new LogLine(format, clock.instant(), level, target, true, message);
    }

    /** From a data loop: never waits for long, see {@link LogWriter#offer}. */
    public void offer(LogLine line) {
        writer.offer(line.bytes());
    }

    /** From any thread; only event loops are spared the wait. */
    void write(LogLine line) {
        if (Thread.currentThread() instanceof FastThreadLocalThread) {
            writer.offer(line.bytes());
        } else {
            writer.write(line.bytes());
        }
    }

    public LogFilter filter() {
        return filter;
    }

    /** The filter that the process began with. */
    public LogFilter startupFilter() {
        return startupFilter;
    }

    public void setFilter(LogFilter changed) {
        filter = changed;
        filterChanged.run();
    }

    void onFilterChange(Runnable action) {
        filterChanged = action;
    }

    public long droppedLines() {
        return writer.droppedLines();
    }
}
