package io.culvert.proxy.telemetry.metrics;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** The sources of one process, in the order in which their families are printed. */
public final class MetricsRegistry {

    private final List<MetricSource> sources = new CopyOnWriteArrayList<>();

    /** Adds a source behind those that are there. */
    public MetricsRegistry add(MetricSource source) {
        sources.add(source);
        return this;
    }

    /** A counter without labels, registered here. */
    public Counter counter(String name, String help) {
        Counter counter = new Counter(name, help);
        add(counter);
        return counter;
    }

    /** Counters that differ in one label, registered here. */
    public LabelledCounters counters(String name, String help, String label) {
        LabelledCounters counters = new LabelledCounters(name, help, "", List.of(label));
        add(counters);
        return counters;
    }

    /** OpenMetrics text, UTF-8, with its end mark. On the admin thread: it walks everything. */
    public byte[] scrape() {
        Exposition out = new Exposition();
        sources.forEach(source -> source.write(out));
        return out.finish();
    }
}
