package io.culvert.perf.axis;

import io.culvert.perf.figure.Quantity;
import io.culvert.perf.load.Line;
import io.culvert.perf.load.Service;
import io.culvert.perf.subject.Measured;
import io.culvert.perf.subject.Subject;
import java.io.IOException;
import java.time.Duration;

/** New connections through tunnels that stand. */
final class ConnectionsAxis implements Axis {
    private static final int CLIENTS = 8;
    private static final double UNITS = 1.5;

    @Override
    public String name() {
        return "connections";
    }

    @Override
    public String meaning() {
        return CLIENTS + " clients connect, ask once (64 B), close, over and over; the tunnel stays";
    }

    @Override
    public boolean suits(Subject.Kind kind) {
        return true;
    }

    @Override
    public Duration estimate(Lengths lengths) {
        return lengths.whole(UNITS);
    }

    @Override
    public void measure(Subject subject, Lengths lengths, Figures figures) throws IOException {
        Line command = lengths.command("connects", UNITS)
                .with("clients", CLIENTS)
                .with("to", subject.route().at(Service.REQUESTS));
        Measured measured = subject.measure(subject.route(), command);
        String load = CLIENTS + " clients";
        figures.show(Quantity.higher(name(), load, "connections/s", 0), measured.perSecond());
        figures.latencies(name(), load, measured.latencies());
        figures.cpuEach(name(), load, "connection", subject.kind(), measured);
    }
}
