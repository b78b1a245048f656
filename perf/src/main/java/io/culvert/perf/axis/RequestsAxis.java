package io.culvert.perf.axis;

import io.culvert.perf.figure.Quantity;
import io.culvert.perf.load.Line;
import io.culvert.perf.load.Service;
import io.culvert.perf.subject.Measured;
import io.culvert.perf.subject.Subject;
import java.io.IOException;
import java.time.Duration;
import java.util.List;

/** Requests and answers of one size, as many as the subject can bear, by number of connections. */
final class RequestsAxis implements Axis {

    /** A load of so many connections with messages of so many bytes, each way. */
    record Load(String name, int connections, int bytes) {}

    private final String name;
    private final String meaning;
    private final List<Load> loads;
    private final double units;

    /** @param units how long each load is kept up */
    RequestsAxis(String name, String meaning, double units, List<Load> loads) {
        this.name = name;
        this.meaning = meaning;
        this.units = units;
        this.loads = List.copyOf(loads);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String meaning() {
        return meaning;
    }

    @Override
    public boolean suits(Subject.Kind kind) {
        return true;
    }

    @Override
    public Duration estimate(Lengths lengths) {
        return lengths.whole(units).multipliedBy(loads.size());
    }

    @Override
    public void measure(Subject subject, Lengths lengths, Figures figures) throws IOException {
        for (Load load : loads) {
            Line command =
                    command(lengths, units, load).with("to", subject.route().at(Service.REQUESTS));
            Measured measured = subject.measure(subject.route(), command);
            figures.show(Quantity.higher(name, load.name, "requests/s", 0), measured.perSecond());
            figures.latencies(name, load.name, measured.latencies());
            figures.cpuEach(name, load.name, "request", subject.kind(), measured);
        }
    }

    static Line command(Lengths lengths, double units, Load load) {
        return lengths.command("requests", units)
                .with("connections", load.connections)
                .with("request", load.bytes)
                .with("response", load.bytes);
    }
}
