package io.culvert.proxy.telemetry.log;

import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;

/** {@code 2026-11-21T01:43:42.506869Z}: always six digits of a second, always UTC (RFC 3339 section 5.6). */
final class Rfc3339 {

    private Rfc3339() {}

    static void appendMicros(StringBuilder out, Instant time) {
        LocalDateTime utc = LocalDateTime.ofEpochSecond(time.getEpochSecond(), time.getNano(), ZoneOffset.UTC);
        digits(out, utc.getYear(), 1000);
        digits(out.append('-'), utc.getMonthValue(), 10);
        digits(out.append('-'), utc.getDayOfMonth(), 10);
        digits(out.append('T'), utc.getHour(), 10);
        digits(out.append(':'), utc.getMinute(), 10);
        digits(out.append(':'), utc.getSecond(), 10);
        digits(out.append('.'), utc.getNano() / 1000, 100_000);
        out.append('Z');
    }

    private static void digits(StringBuilder out, int value, int highest) {
        for (int power = highest; power > 0; power /= 10) {
            out.append((char) ('0' + value / power % 10));
        }
    }
}
