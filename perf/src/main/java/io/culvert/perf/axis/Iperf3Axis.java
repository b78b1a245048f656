package io.culvert.perf.axis;

import io.culvert.perf.figure.Quantity;
import io.culvert.perf.subject.Iperf3;
import io.culvert.perf.subject.Subject;
import java.io.IOException;
import java.time.Duration;
import java.util.List;

/** The upload again, with iperf3 as generator, where it is installed. */
final class Iperf3Axis implements Axis {
    private static final List<Integer> CONNECTIONS = List.of(1, 16);
    /** It starts, connects and exchanges results in less. */
    private static final Duration BESIDES = Duration.ofMillis(500);

    private final boolean installed = Iperf3.isInstalled();

    @Override
    public String name() {
        return "iperf3";
    }

    @Override
    public String meaning() {
        return "bulk from client to server by iperf3 instead of our generator, connecting included"
                + (installed ? "" : " (not measured: iperf3 is not installed here)");
    }

    @Override
    public boolean suits(Subject.Kind kind) {
        return installed;
    }

    @Override
    public Duration estimate(Lengths lengths) {
        return lengths.length(1).plus(BESIDES).multipliedBy(CONNECTIONS.size());
    }

    @Override
    public void measure(Subject subject, Lengths lengths, Figures figures) throws IOException {
        for (int count : CONNECTIONS) {
            Subject.ByIperf3 measured = subject.measureByIperf3(count, lengths.length(1));
            String load = BulkAxis.connections(count);
            Iperf3.Result result = measured.result();
            figures.show(Quantity.higher(name(), load, "Gb/s", 2), result.gigabits());
            figures.carriers(
                    Quantity.lower(name(), load + ": CPU", "s/GB", 2),
                    subject.kind(),
                    measured.carrierCpuSeconds() / result.gigabytes());
            figures.add(
                    Quantity.neutral(name(), load + ": generators' CPU", "s/GB", 2),
                    result.cpuSeconds() / result.gigabytes());
        }
    }
}
