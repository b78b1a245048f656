package io.culvert.proxy.telemetry.metrics;

import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;

/**
 * Counters of one family that differ in their labels. Label values must come from a small, closed set, or the caller
 * bounds them. Any thread.
 */
public final class LabelledCounters implements MetricSource {

    private final String name;
    private final String help;
    private final String unit;
    private final List<String> labelNames;
    private final ConcurrentHashMap<List<String>, LongAdder> values = new ConcurrentHashMap<>();

    /**
     * A family without samples.
     *
     * @param name without {@code _total}; with the unit, if there is one
     * @param unit empty for none
     */
    public LabelledCounters(String name, String help, String unit, List<String> labelNames) {
        this.name = name;
        this.help = help;
        this.unit = unit;
        this.labelNames = List.copyOf(labelNames);
    }

    public void add(long count, String... labelValues) {
        if (labelValues.length != labelNames.size()) {
            throw new IllegalArgumentException(
                    name + " has labels " + labelNames + ", got " + Arrays.toString(labelValues));
        }
        values.computeIfAbsent(List.of(labelValues), ignored -> new LongAdder()).add(count);
    }

    /** Adds one; to the labels {@code otherwise} all over where these would be more sets than {@code setsMax}. */
    public void addWithin(int setsMax, String otherwise, String... labelValues) {
        boolean fits = values.size() < setsMax || values.containsKey(List.of(labelValues));
        if (!fits) {
            Arrays.fill(labelValues, otherwise);
        }
        add(1, labelValues);
    }

    @Override
    public void write(Exposition out) {
        if (values.isEmpty()) {
            return;
        }
        if (unit.isEmpty()) {
            out.family(name, "counter", help);
        } else {
            out.family(name, "counter", help, unit);
        }
        values.forEach((labelValues, adder) -> {
            Labels labels = new Labels();
            for (int i = 0; i < labelValues.size(); i++) {
                labels.add(labelNames.get(i), labelValues.get(i));
            }
            out.sample(name + "_total", labels.toString(), adder.sum());
        });
    }
}
