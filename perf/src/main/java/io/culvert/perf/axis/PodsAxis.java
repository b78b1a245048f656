package io.culvert.perf.axis;

import io.culvert.perf.figure.Quantity;
import io.culvert.perf.load.Line;
import io.culvert.perf.load.Service;
import io.culvert.perf.subject.Measured;
import io.culvert.perf.subject.Memory;
import io.culvert.perf.subject.Subject;
import io.culvert.testkit.mesh.MeshPod;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.stream.Collectors;

/** Many pods of one node, each with one connection: listeners, identities and tunnels by the hundred. */
final class PodsAxis implements Axis {
    private static final int PODS = 100;
    /** Seldom more for one pod to come and to go, with a namespace and cables of its own. */
    private static final Duration POD = Duration.ofMillis(100);

    private static final double UNITS = 1;

    @Override
    public String name() {
        return "pods";
    }

    @Override
    public String meaning() {
        return PODS + " more pods on the client's node, each with one connection to the server: requests of 1 KB, each"
                + " next one at once, then bulk; memory of the proxies with them";
    }

    @Override
    public boolean suits(Subject.Kind kind) {
        return kind == Subject.Kind.PROXY;
    }

    @Override
    public Duration estimate(Lengths lengths) {
        return lengths.whole(UNITS).multipliedBy(2).plus(POD.multipliedBy(PODS));
    }

    @Override
    public void measure(Subject subject, Lengths lengths, Figures figures) throws IOException {
        List<MeshPod> pods = subject.addPods(PODS);
        try {
            String paths = pods.stream().map(pod -> pod.netnsPath().toString()).collect(Collectors.joining(","));
            String load = PODS + " pods";
            // Before the bulk: what that leaves on its way in a hundred tunnels is not to be these requests' latency.
            Line requests = RequestsAxis.command(
                            lengths, UNITS, new RequestsAxis.Load(load, PODS, LatencyAxis.MESSAGE_BYTES))
                    .with("pods", paths)
                    .with("to", subject.route().at(Service.REQUESTS));
            Measured measured = subject.measure(subject.route(), requests);
            figures.show(Quantity.higher(name(), load, "requests/s", 0), measured.perSecond());
            figures.latencies(name(), load, measured.latencies());
            figures.cpuEach(name(), load, "request", subject.kind(), measured);
            Line bulk = lengths.command("bulk", UNITS)
                    .with("mode", "up")
                    .with("connections", PODS)
                    .with("pods", paths)
                    .with("to", subject.route().at(Service.SINK));
            figures.bulk(name(), load, subject.kind(), subject.measure(subject.route(), bulk));
            for (Memory memory : subject.memory()) {
                figures.add(Quantity.lower(name(), load + ": RSS of each proxy", "MB", 1), memory.residentMegabytes());
            }
        } finally {
            pods.forEach(subject.mesh()::removePod);
        }
    }
}
