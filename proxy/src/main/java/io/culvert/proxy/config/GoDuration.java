package io.culvert.proxy.config;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Durations as Go writes them: {@code 10s}, {@code 1h30m}, {@code 1.5h}, {@code 250ms}. Never negative here. */
final class GoDuration {

    private static final Pattern PART = Pattern.compile("([0-9]+(?:\\.[0-9]+)?)(ns|us|µs|ms|s|m|h)");
    private static final Map<String, Long> UNIT_NANOS = Map.of(
            "ns", 1L,
            "us", 1_000L,
            "µs", 1_000L,
            "ms", 1_000_000L,
            "s", 1_000_000_000L,
            "m", 60_000_000_000L,
            "h", 3_600_000_000_000L);

    /** Longer than this is a mistake, and would overflow timers. */
    private static final Duration MAX = Duration.ofDays(36_500);

    private GoDuration() {}

    static Optional<Duration> parse(String text) {
        if (text.equals("0")) {
            return Optional.of(Duration.ZERO);
        }
        Matcher parts = PART.matcher(text);
        BigDecimal nanos = BigDecimal.ZERO;
        int from = 0;
        while (from < text.length()) {
            if (text.length() > 64 || !parts.find(from) || parts.start() != from) {
                return Optional.empty();
            }
            BigDecimal unit = BigDecimal.valueOf(UNIT_NANOS.getOrDefault(parts.group(2), 1L));
            nanos = nanos.add(new BigDecimal(parts.group(1)).multiply(unit));
            from = parts.end();
        }
        BigDecimal whole = nanos.setScale(0, RoundingMode.DOWN);
        boolean sane = !text.isEmpty()
                && whole.compareTo(BigDecimal.valueOf(MAX.toSeconds()).movePointRight(9)) <= 0;
        return sane
                ? Optional.of(Duration.ofSeconds(
                        whole.movePointLeft(9).longValue(),
                        whole.remainder(BigDecimal.valueOf(1_000_000_000)).longValue()))
                : Optional.empty();
    }
}
