package io.culvert.proxy.telemetry.log;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * What RUST_LOG says: comma separated directives, {@code level} or {@code target=level}; the longest target that a
 * line's target begins with decides, and a line that no directive speaks of is not logged. Immutable.
 *
 * <p>Order and spelling of {@link #toString} are those of the original's filter (tracing-subscriber filter::Targets),
 * because {@code /logging} shows them. Targets may be written with or without {@code ztunnel::}.
 */
public final class LogFilter {

    /** Silences a library of ztunnel's; kept so that {@code /logging} answers with the same words. */
    private static final Directive FIXED = new Directive("hickory_server::server", LogLevel.OFF);

    private static final Comparator<Directive> MOST_SPECIFIC_FIRST = Comparator.<Directive>comparingInt(
                    directive -> directive.target().length())
            .thenComparing(Directive::target)
            .reversed();

    private static final String OWN_PREFIX = "ztunnel::";

    /** More than any operator writes; keeps a hostile {@code /logging} caller from growing the list. */
    private static final int DIRECTIVES_MAX = 256;

    private final List<Directive> directives;

    private LogFilter(List<Directive> directives) {
        this.directives = directives;
    }

    private record Directive(String target, LogLevel level) {
        boolean covers(String lineTarget) {
            return lineTarget.startsWith(target) || lineTarget.startsWith(ownTarget());
        }

        /** As our lines have it. */
        String ownTarget() {
            return target.startsWith(OWN_PREFIX) ? target.substring(OWN_PREFIX.length()) : target;
        }

        @Override
        public String toString() {
            return target.isEmpty() ? level.text() : target + "=" + level.text();
        }
    }

    /**
     * The start-up filter: the text of RUST_LOG behind the fixed directive; "info" if it is empty or says nothing
     * legible.
     */
    public static LogFilter startup(String rustLog) {
        LogFilter fixed = new LogFilter(List.of(FIXED));
        return fixed.with(rustLog.isBlank() ? "info" : rustLog).orElseGet(() -> fixed.withLevel(LogLevel.INFO));
    }

    /** Whether {@link #startup} does what the text says, and does not fall back. */
    public static boolean isLegible(String rustLog) {
        return rustLog.isBlank() || new LogFilter(List.of()).with(rustLog).isPresent();
    }

    /**
     * With more directives; one for the same target replaces the earlier.
     *
     * @return empty if a directive is neither a level, nor {@code target=level}, nor {@code target:level}
     */
    public Optional<LogFilter> with(String spec) {
        List<Directive> merged = new ArrayList<>(directives);
        for (String clause : spec.split(",", -1)) {
            Optional<Directive> directive = directive(clause.strip());
            if (directive.isEmpty()) {
                return Optional.empty();
            }
            merged.removeIf(known -> known.target().equals(directive.get().target()));
            merged.add(directive.get());
        }
        if (merged.size() > DIRECTIVES_MAX) {
            return Optional.empty();
        }
        merged.sort(MOST_SPECIFIC_FIRST);
        return Optional.of(new LogFilter(List.copyOf(merged)));
    }

    private LogFilter withLevel(LogLevel level) {
        return with(level.text()).orElseThrow();
    }

    private static Optional<Directive> directive(String clause) {
        Optional<LogLevel> bare = LogLevel.parse(clause);
        if (bare.isPresent()) {
            return bare.map(level -> new Directive("", level));
        }
        int separator = Math.max(clause.indexOf('='), -1);
        if (separator < 0) {
            // "mod:level", which the original prints in its help and then refuses. A path separator is not one.
            separator = clause.lastIndexOf(':');
            boolean path = separator > 0 && clause.charAt(separator - 1) == ':';
            separator = path ? -1 : separator;
        }
        if (separator <= 0) {
            return Optional.empty();
        }
        String target = clause.substring(0, separator).strip();
        return LogLevel.parse(clause.substring(separator + 1).strip()).map(level -> new Directive(target, level));
    }

    /** The most talkative level that lines of this target may have. */
    public LogLevel level(String target) {
        LogLevel decided = LogLevel.OFF;
        int longest = -1;
        for (Directive directive : directives) {
            int length = directive.ownTarget().length();
            if (length > longest && directive.covers(target)) {
                decided = directive.level();
                longest = length;
            }
        }
        return decided;
    }

    /** As {@code /logging} lists it. */
    @Override
    public String toString() {
        return directives.stream().map(Directive::toString).collect(Collectors.joining(","));
    }
}
