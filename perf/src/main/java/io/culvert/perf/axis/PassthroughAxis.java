package io.culvert.perf.axis;

import io.culvert.perf.load.Line;
import io.culvert.perf.load.Service;
import io.culvert.perf.subject.Route;
import io.culvert.perf.subject.Subject;
import java.io.IOException;
import java.time.Duration;
import java.util.List;

/** Plain text through one proxy: out of the mesh by 15001, and into it by 15006. */
final class PassthroughAxis implements Axis {
    private static final List<Integer> CONNECTIONS = List.of(1, 16);

    @Override
    public String name() {
        return "passthrough";
    }

    @Override
    public String meaning() {
        return "bulk in plain text through one proxy: from a mesh pod to one outside (15001), and the reverse (15006)";
    }

    @Override
    public boolean suits(Subject.Kind kind) {
        return kind == Subject.Kind.PROXY;
    }

    @Override
    public Duration estimate(Lengths lengths) {
        return lengths.whole(1).multipliedBy(2L * CONNECTIONS.size());
    }

    @Override
    public void measure(Subject subject, Lengths lengths, Figures figures) throws IOException {
        for (int count : CONNECTIONS) {
            upload(subject, subject.routeOut(), "out", count, lengths, figures);
            upload(subject, subject.routeIn(), "in", count, lengths, figures);
        }
    }

    private void upload(Subject subject, Route route, String way, int connections, Lengths lengths, Figures figures)
            throws IOException {
        Line command = lengths.command("bulk", 1)
                .with("mode", "up")
                .with("connections", connections)
                .with("to", route.at(Service.SINK));
        String load = way + ", " + BulkAxis.connections(connections);
        figures.bulk(name(), load, subject.kind(), subject.measure(route, command));
    }
}
