package io.culvert.perf.axis;

import io.culvert.perf.figure.Quantity;
import io.culvert.perf.load.Line;
import io.culvert.perf.load.Service;
import io.culvert.perf.subject.Generator;
import io.culvert.perf.subject.Measured;
import io.culvert.perf.subject.Subject;
import java.io.IOException;
import java.time.Duration;

/** What small requests lose beside a bulk flow of the same pods. */
final class FairnessAxis implements Axis {
    private static final int RATE = 500;
    private static final double UNITS = 1.5;
    /** The bulk outlasts the requests, so that all of them have it beside them. */
    private static final Duration LONGER = Duration.ofSeconds(1);

    private static final Duration GRACE = Duration.ofSeconds(20);

    @Override
    public String name() {
        return "fairness";
    }

    @Override
    public String meaning() {
        return RATE + " requests/s of 1 KB, alone and beside one connection of bulk between the same pods";
    }

    @Override
    public boolean suits(Subject.Kind kind) {
        return true;
    }

    @Override
    public Duration estimate(Lengths lengths) {
        return lengths.whole(UNITS).multipliedBy(2).plus(LONGER);
    }

    @Override
    public void measure(Subject subject, Lengths lengths, Figures figures) throws IOException {
        Line requests = LatencyAxis.command(lengths, UNITS, RATE)
                .with("to", subject.route().at(Service.REQUESTS));
        figures.latencies(
                name(), "alone", subject.measure(subject.route(), requests).latencies());
        Generator beside = subject.secondClient();
        Duration whole = lengths.whole(UNITS).plus(LONGER);
        beside.send(Line.of("bulk")
                .with("mode", "up")
                .with("connections", 1)
                .with("to", subject.route().at(Service.SINK))
                .with("warmup", 0)
                .with("length", whole.toMillis()));
        Line _ = beside.await(GRACE, "started");
        Measured measured = subject.measure(subject.route(), requests);
        Line _ = beside.await(whole.plus(GRACE), "done");
        figures.latencies(name(), "beside bulk", measured.latencies());
        figures.show(
                Quantity.higher(name(), "beside bulk: the bulk", "Gb/s", 2),
                measured.taken() * 8 / 1e9 / measured.seconds());
    }
}
