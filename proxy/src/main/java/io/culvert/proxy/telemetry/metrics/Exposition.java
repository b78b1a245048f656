package io.culvert.proxy.telemetry.metrics;

import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;

/**
 * Collects OpenMetrics text. Not Micrometer's or Prometheus' own, for three reasons that operators can see: their label
 * order is alphabetical where ztunnel's has a meaning, they print counters as {@code 1.0}, and they write HELP, TYPE
 * and UNIT in another order. It is also the whole of what is needed: no registry, no meters, no look-ups.
 */
public final class Exposition {

    private final StringBuilder text = new StringBuilder(16_384);

    /**
     * Opens a family.
     *
     * @param name without the {@code _total} of a counter
     * @param type gauge, counter or histogram
     */
    public void family(String name, String type, String help) {
        text.append("# HELP ").append(name).append(' ').append(help).append('\n');
        text.append("# TYPE ").append(name).append(' ').append(type).append('\n');
    }

    /** Opens a family whose name ends in its unit. */
    public void family(String name, String type, String help, String unit) {
        family(name, type, help);
        text.append("# UNIT ").append(name).append(' ').append(unit).append('\n');
    }

    /**
     * One sample of the family opened last.
     *
     * @param name with the suffix that the type asks for
     * @param labels in braces, or empty
     */
    public void sample(String name, String labels, long value) {
        text.append(name).append(labels).append(' ').append(value).append('\n');
    }

    /** As the other, for values that are not counts. */
    public void sample(String name, String labels, double value) {
        text.append(name).append(labels).append(' ');
        if (value == Math.rint(value) && Math.abs(value) < 1e15) {
            text.append((long) value);
        } else if (Double.isFinite(value)) {
            // Without an exponent, as the original prints numbers.
            text.append(BigDecimal.valueOf(value).stripTrailingZeros().toPlainString());
        } else {
            text.append(value);
        }
        text.append('\n');
    }

    /** The whole, with its end mark. */
    byte[] finish() {
        return text.append("# EOF\n").toString().getBytes(StandardCharsets.UTF_8);
    }
}
