package io.culvert.perf.axis;

import io.culvert.perf.figure.Quantity;
import io.culvert.perf.figure.Results;
import io.culvert.perf.subject.Measured;
import io.culvert.perf.subject.Subject;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.HdrHistogram.Histogram;

/** Where one measurement puts its figures, under the subject's name, and what of them is worth a progress line. */
public final class Figures {
    private static final double NS_PER_MS = 1e6;
    private static final double US_PER_S = 1e6;

    private final Results results;
    private final String subject;
    private final List<String> highlights = new ArrayList<>();

    public Figures(Results results, String subject) {
        this.results = results;
        this.subject = subject;
    }

    /** A sentence for the report, told once however often it is noted. */
    void note(String sentence) {
        results.note(sentence);
    }

    void add(Quantity quantity, double value) {
        results.add(quantity, subject, value);
    }

    /** Adds it, and shows it while the run goes on. */
    void show(Quantity quantity, double value) {
        add(quantity, value);
        highlights.add(String.format(
                Locale.ROOT, "%s %." + quantity.decimals() + "f %s", quantity.name(), value, quantity.unit()));
    }

    public String highlights() {
        return String.join(", ", highlights);
    }

    // What several axes measure.

    /** Gb/s, and CPU time per gigabyte of carriers and generators. */
    void bulk(String axis, String load, Subject.Kind kind, Measured measured) {
        show(Quantity.higher(axis, load, "Gb/s", 2), measured.gigabits());
        carriers(
                Quantity.lower(axis, load + ": CPU", "s/GB", 2),
                kind,
                measured.carrierCpuSeconds() / measured.gigabytes());
        add(
                Quantity.neutral(axis, load + ": generators' CPU", "s/GB", 2),
                measured.generatorCpuSeconds() / measured.gigabytes());
    }

    /** Percentiles in milliseconds. */
    void latencies(String axis, String load, Histogram latencies) {
        show(Quantity.lower(axis, load + ": p50", "ms", 3), latencies.getValueAtPercentile(50) / NS_PER_MS);
        add(Quantity.lower(axis, load + ": p90", "ms", 3), latencies.getValueAtPercentile(90) / NS_PER_MS);
        show(Quantity.lower(axis, load + ": p99", "ms", 3), latencies.getValueAtPercentile(99) / NS_PER_MS);
        add(Quantity.lower(axis, load + ": p99.9", "ms", 3), latencies.getValueAtPercentile(99.9) / NS_PER_MS);
    }

    /** CPU time of carriers and generators for each of what was answered. */
    void cpuEach(String axis, String load, String what, Subject.Kind kind, Measured measured) {
        carriers(
                Quantity.lower(axis, load + ": CPU per " + what, "µs", 1),
                kind,
                measured.carrierCpuSeconds() * US_PER_S / measured.answered());
        add(
                Quantity.neutral(axis, load + ": generators' CPU per " + what, "µs", 1),
                measured.generatorCpuSeconds() * US_PER_S / measured.answered());
    }

    /** A quantity of proxies and relays; where there is none, it keeps its place among the others. */
    void carriers(Quantity quantity, Subject.Kind kind, double value) {
        if (kind == Subject.Kind.DIRECT) {
            results.declare(quantity);
        } else {
            add(quantity, value);
        }
    }
}
