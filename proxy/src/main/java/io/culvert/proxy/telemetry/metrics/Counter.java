package io.culvert.proxy.telemetry.metrics;

import java.util.concurrent.atomic.LongAdder;

/** A counter without labels. Any thread. */
public final class Counter implements MetricSource {

    private final String name;
    private final String help;
    private final LongAdder value = new LongAdder();

    /**
     * A counter at zero.
     *
     * @param name without {@code _total}
     */
    public Counter(String name, String help) {
        this.name = name;
        this.help = help;
    }

    public void increment() {
        value.increment();
    }

    public void add(long count) {
        value.add(count);
    }

    public long count() {
        return value.sum();
    }

    @Override
    public void write(Exposition out) {
        out.family(name, "counter", help);
        out.sample(name + "_total", "", value.sum());
    }
}
