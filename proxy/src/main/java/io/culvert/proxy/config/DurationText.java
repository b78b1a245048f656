package io.culvert.proxy.config;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Duration;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Durations as ztunnel's parser takes them (the crate duration-str): {@code 10s}, {@code 1h30m}, {@code 1 day},
 * {@code 3m + 31}, {@code 1m*10}; a number without unit is seconds. Fractions are taken as well, for who writes them as
 * in Go: {@code 1.5h}. Never negative.
 */
final class DurationText {

    private static final Pattern PART = Pattern.compile("\\s*([+*]?)\\s*([0-9]+(?:\\.[0-9]+)?)\\s*(\\p{L}*)\\s*");
    private static final int CHARS_MAX = 64;

    private static final BigDecimal SECOND = BigDecimal.valueOf(1_000_000_000L);

    private static final Map<String, Long> UNIT_NANOS = units();

    /** Longer than this is a mistake, and would overflow timers. */
    private static final Duration MAX = Duration.ofDays(36_500);

    private DurationText() {}

    private static Map<String, Long> units() {
        Map<String, Long> units = new HashMap<>();
        name(units, 1L, "ns", "nsec", "nanosecond", "nanoseconds");
        name(units, 1_000L, "us", "µs", "usec", "µsec", "usecond", "µsecond", "microsecond", "microseconds");
        name(units, 1_000_000L, "ms", "msec", "millisecond", "milliseconds");
        long second = 1_000_000_000L;
        name(units, second, "", "s", "sec", "second", "seconds");
        name(units, 60 * second, "m", "min", "minute", "minutes");
        name(units, 3_600 * second, "h", "hr", "hour", "hours");
        long day = 86_400 * second;
        name(units, day, "d", "day", "days");
        name(units, 7 * day, "w", "week", "weeks");
        name(units, 30 * day, "mon", "month", "months");
        name(units, 365 * day, "y", "year", "years");
        return Map.copyOf(units);
    }

    private static void name(Map<String, Long> units, long nanos, String... names) {
        for (String name : names) {
            units.put(name, nanos);
        }
    }

    static Optional<Duration> parse(String text) {
        if (text.isEmpty() || text.length() > CHARS_MAX) {
            return Optional.empty();
        }
        Matcher parts = PART.matcher(text);
        BigDecimal total = BigDecimal.ZERO;
        String operators = "";
        for (int from = 0; from < text.length(); from = parts.end()) {
            Long unit = parts.find(from) && parts.start() == from
                    ? UNIT_NANOS.get(parts.group(3).toLowerCase(Locale.ROOT))
                    : null;
            boolean first = from == 0;
            if (unit == null || (first && !parts.group(1).isEmpty())) {
                return Optional.empty();
            }
            BigDecimal nanos = new BigDecimal(parts.group(2)).multiply(BigDecimal.valueOf(unit));
            boolean times = parts.group(1).equals("*");
            total = times ? total.multiply(nanos).divide(SECOND, RoundingMode.DOWN) : total.add(nanos);
            operators += first ? "" : times ? "*" : "+";
        }
        boolean mixed = operators.contains("*") && operators.contains("+");
        return mixed ? Optional.empty() : bounded(total.setScale(0, RoundingMode.DOWN));
    }

    private static Optional<Duration> bounded(BigDecimal nanos) {
        return nanos.compareTo(BigDecimal.valueOf(MAX.toSeconds()).movePointRight(9)) > 0
                ? Optional.empty()
                : Optional.of(Duration.ofSeconds(
                        nanos.movePointLeft(9).longValue(),
                        nanos.remainder(SECOND).longValue()));
    }
}
