package io.culvert.perf.axis;

import io.culvert.perf.figure.Quantity;
import io.culvert.perf.load.Line;
import io.culvert.perf.load.Service;
import io.culvert.perf.subject.Generator;
import io.culvert.perf.subject.Memory;
import io.culvert.perf.subject.Subject;
import java.io.IOException;
import java.time.Duration;
import java.util.List;

/** Memory of many connections at rest. */
final class IdleAxis implements Axis {
    private static final Duration REST = Duration.ofSeconds(1);
    /** What is given back after such a burst is given back by then: spare buffers are kept for ten seconds. */
    private static final Duration AFTER = Duration.ofSeconds(15);

    private static final Duration HOLD_LIMIT = Duration.ofMinutes(2);
    /** Far below what either proxy does, for the estimate. */
    private static final int CONNECTIONS_PER_SECOND = 800;

    private final int connections;

    IdleAxis(int connections) {
        this.connections = connections;
    }

    @Override
    public String name() {
        return "idle";
    }

    @Override
    public String meaning() {
        return connections
                + " connections through fresh proxies asked once and rest: memory of each proxy with and after them";
    }

    @Override
    public boolean suits(Subject.Kind kind) {
        return kind == Subject.Kind.PROXY;
    }

    @Override
    public boolean startsAnew() {
        return true;
    }

    @Override
    public Duration estimate(Lengths lengths) {
        return Duration.ofSeconds(connections / CONNECTIONS_PER_SECOND + 4)
                .plus(REST.multipliedBy(2))
                .plus(AFTER);
    }

    @Override
    public void measure(Subject subject, Lengths lengths, Figures figures) throws IOException {
        // Fresh proxies: memory that earlier loads left over would hide what these connections need.
        List<Duration> _ = subject.restartProxies();
        StartAxis.pause(REST);
        List<Memory> before = subject.memory();
        // Half in each of two processes: neither comes near the limit of open files.
        List<Generator> clients = List.of(subject.client(), subject.secondClient());
        for (Generator client : clients) {
            client.send(Line.of("hold")
                    .with("connections", connections / clients.size())
                    .with("to", subject.route().at(Service.REQUESTS)));
        }
        for (Generator client : clients) {
            Line _ = client.await(HOLD_LIMIT, "holding");
        }
        StartAxis.pause(REST);
        List<Memory> with = subject.memory();
        for (Generator client : clients) {
            Line _ = client.ask(Line.of("release"), HOLD_LIMIT, "released");
        }
        StartAxis.pause(AFTER);
        List<Memory> after = subject.memory();
        for (int node = 0; node < before.size(); node++) {
            figures.add(
                    Quantity.lower(name(), "RSS of each proxy, with them", "MB", 1),
                    with.get(node).residentMegabytes());
            figures.add(
                    Quantity.lower(name(), "PSS of each proxy, with them", "MB", 1),
                    with.get(node).proportionalMegabytes());
            figures.add(
                    Quantity.lower(
                            name(), "RSS of each proxy, " + AFTER.toSeconds() + " s after they ended at once", "MB", 1),
                    after.get(node).residentMegabytes());
            figures.add(
                    Quantity.lower(
                            name(), "PSS of each proxy, " + AFTER.toSeconds() + " s after they ended at once", "MB", 1),
                    after.get(node).proportionalMegabytes());
            figures.show(
                    Quantity.lower(name(), "RSS per connection", "KB", 2),
                    (with.get(node).residentBytes() - before.get(node).residentBytes()) / 1e3 / connections);
        }
    }
}
