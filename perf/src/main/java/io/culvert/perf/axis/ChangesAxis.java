package io.culvert.perf.axis;

import io.culvert.perf.axis.RequestsAxis.Load;
import io.culvert.perf.figure.Quantity;
import io.culvert.perf.load.Line;
import io.culvert.perf.load.Service;
import io.culvert.perf.subject.EndpointChanges;
import io.culvert.perf.subject.Measured;
import io.culvert.perf.subject.Subject;
import java.io.IOException;
import java.time.Duration;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * What requests lose while the mesh changes around them: each load alone and beside the changes, one right after the
 * other, so that the two say something of each other.
 */
final class ChangesAxis implements Axis {
    private static final int CHANGES = 1_000;
    private static final int RATE = 1_000;
    private static final int CONNECTIONS = 16;
    private static final double UNITS = LatencyAxis.UNITS;
    private static final double TAIL = 99;
    /** A second, before anything is measured: changes have code of their own, which is to be compiled by then. */
    private static final int WARMING_CHANGES = 3_000;

    private static final Lengths WARMING = new Lengths(Duration.ofSeconds(10), Duration.ZERO);

    private final Set<Subject> warm = new HashSet<>();

    @Override
    public String name() {
        return "changes";
    }

    @Override
    public String meaning() {
        return "requests of 1 KB, " + RATE + " a second and as many as " + CONNECTIONS
                + " connections bear, alone and while " + CHANGES
                + " endpoints a second change their health, told to both proxies ten times a second";
    }

    @Override
    public boolean suits(Subject.Kind kind) {
        return kind == Subject.Kind.PROXY;
    }

    @Override
    public Duration estimate(Lengths lengths) {
        return lengths.whole(UNITS).multipliedBy(4).plus(WARMING.whole(1));
    }

    @Override
    public void measure(Subject subject, Lengths lengths, Figures figures) throws IOException {
        String to = subject.route().at(Service.REQUESTS);
        if (warm.add(subject)) {
            try (EndpointChanges _ = subject.startChanges(WARMING_CHANGES)) {
                Measured _ = subject.measure(
                        subject.route(), LatencyAxis.command(WARMING, 1, RATE).with("to", to));
            }
        }
        Map<String, Line> loads = new LinkedHashMap<>();
        loads.put(RATE + " requests/s", LatencyAxis.command(lengths, UNITS, RATE));
        loads.put(
                CONNECTIONS + " connections",
                RequestsAxis.command(lengths, UNITS, new Load("", CONNECTIONS, LatencyAxis.MESSAGE_BYTES)));
        for (var load : loads.entrySet()) {
            Line command = load.getValue().with("to", to);
            Measured alone = subject.measure(subject.route(), command);
            show(figures, load.getKey() + " alone", alone, subject.kind());
            String beside = load.getKey() + " beside " + CHANGES + " changes/s";
            try (EndpointChanges changes = subject.startChanges(CHANGES)) {
                long before = changes.made();
                Measured with = subject.measure(subject.route(), command);
                double seconds = lengths.whole(UNITS).toMillis() / 1e3;
                show(figures, beside, with, subject.kind());
                figures.add(
                        Quantity.neutral(name(), beside + ": changes", "changes/s", 0),
                        (changes.made() - before) / seconds);
                figures.show(Quantity.lower(name(), beside + ": p99 to that alone", "×", 3), p99(with) / p99(alone));
            }
        }
    }

    private static double p99(Measured measured) {
        return measured.latencies().getValueAtPercentile(TAIL);
    }

    private void show(Figures figures, String load, Measured measured, Subject.Kind kind) {
        figures.show(Quantity.higher(name(), load, "requests/s", 0), measured.perSecond());
        figures.latencies(name(), load, measured.latencies());
        figures.cpuEach(name(), load, "request", kind, measured);
    }
}
