package io.culvert.perf.axis;

import io.culvert.perf.load.Line;
import io.culvert.perf.load.Service;
import io.culvert.perf.subject.Measured;
import io.culvert.perf.subject.Subject;
import java.io.IOException;
import java.time.Duration;
import java.util.List;

/** Latency at fixed rates. */
final class LatencyAxis implements Axis {
    static final int CONNECTIONS = 16;
    static final int MESSAGE_BYTES = 1_024;
    /** Longer than other stretches: a p99.9 of 1,000 requests a second needs some thousand of them. */
    static final double UNITS = 2;

    private final List<Integer> rates;

    LatencyAxis(List<Integer> rates) {
        this.rates = List.copyOf(rates);
    }

    @Override
    public String name() {
        return "latency";
    }

    @Override
    public String meaning() {
        return "requests of 1 KB at fixed rates over " + CONNECTIONS
                + " connections, each latency counted from when the request was due (coordinated omission corrected)";
    }

    @Override
    public boolean suits(Subject.Kind kind) {
        return true;
    }

    @Override
    public Duration estimate(Lengths lengths) {
        return lengths.whole(UNITS).multipliedBy(rates.size());
    }

    @Override
    public void measure(Subject subject, Lengths lengths, Figures figures) throws IOException {
        for (int rate : rates) {
            Line command =
                    command(lengths, UNITS, rate).with("to", subject.route().at(Service.REQUESTS));
            Measured measured = subject.measure(subject.route(), command);
            String load = rate + " requests/s";
            figures.latencies(name(), load, measured.latencies());
            figures.cpuEach(name(), load, "request", subject.kind(), measured);
        }
    }

    static Line command(Lengths lengths, double units, int rate) {
        return lengths.command("paced", units)
                .with("rate", rate)
                .with("connections", CONNECTIONS)
                .with("request", MESSAGE_BYTES)
                .with("response", MESSAGE_BYTES);
    }
}
