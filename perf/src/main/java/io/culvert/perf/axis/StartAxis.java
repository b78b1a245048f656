package io.culvert.perf.axis;

import io.culvert.perf.figure.Quantity;
import io.culvert.perf.figure.Samples;
import io.culvert.perf.load.Line;
import io.culvert.perf.load.Service;
import io.culvert.perf.subject.Memory;
import io.culvert.perf.subject.Route;
import io.culvert.perf.subject.Subject;
import io.culvert.testkit.process.Stopwatch;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** From the start of both proxies: the time to ready, ten seconds of load at once, memory before and after. */
final class StartAxis implements Axis {
    private static final int SECONDS = 10;
    private static final int CONNECTIONS = 4;
    /** The last of the ten seconds, which are taken for the steady state. */
    private static final int STEADY = 4;

    private static final Duration GRACE = Duration.ofSeconds(20);
    /** What is given back after a load is given back by then. */
    private static final Duration REST = Duration.ofSeconds(2);

    @Override
    public String name() {
        return "start";
    }

    @Override
    public String meaning() {
        return "both proxies are started anew: time to ready, memory idle, " + SECONDS + " s of upload over "
                + CONNECTIONS + " connections at once, memory under that load and " + REST.toSeconds() + " s after it";
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
        return Duration.ofSeconds(SECONDS + 4).plus(REST.multipliedBy(2));
    }

    @Override
    public void measure(Subject subject, Lengths lengths, Figures figures) throws IOException {
        for (Duration ready : subject.restartProxies()) {
            figures.show(Quantity.lower(name(), "start to ready", "ms", 0), ready.toNanos() / 1e6);
        }
        pause(REST);
        memory(subject, "idle", figures);
        double[] gigabits = firstSeconds(subject, figures);
        pause(REST);
        memory(subject, "after load", figures);
        double steady = new Samples(Arrays.copyOfRange(gigabits, SECONDS - STEADY, SECONDS)).median();
        figures.show(Quantity.higher(name(), "first second", "Gb/s", 2), gigabits[0]);
        figures.add(
                Quantity.higher(name(), "first ten seconds", "Gb/s", 2),
                Arrays.stream(gigabits).average().orElse(0));
        figures.add(Quantity.higher(name(), "steady after that", "Gb/s", 2), steady);
        figures.show(Quantity.higher(name(), "first second to steady", "×", 2), gigabits[0] / steady);
    }

    /** Gb/s in each of the first seconds; the first begins with connecting. */
    private double[] firstSeconds(Subject subject, Figures figures) throws IOException {
        Route route = subject.route();
        Line before = subject.mark(route);
        route.client()
                .send(Line.of("bulk")
                        .with("mode", "up")
                        .with("connections", CONNECTIONS)
                        .with("to", route.at(Service.SINK))
                        .with("warmup", 0)
                        .with("length", TimeUnit.SECONDS.toMillis(SECONDS + 1)));
        List<Line> marks = new ArrayList<>(List.of(before));
        long startNs = before.number("nanos");
        for (int second = 1; second <= SECONDS; second++) {
            long dueNs = startNs + TimeUnit.SECONDS.toNanos(second);
            pause(Duration.ofNanos(dueNs - subject.mark(route).number("nanos")));
            marks.add(subject.mark(route));
        }
        memory(subject, "under load", figures);
        Line _ = route.client().await(GRACE, "started");
        Line _ = route.client().await(GRACE, "done");
        double[] gigabits = new double[SECONDS];
        for (int i = 0; i < SECONDS; i++) {
            double bytes = marks.get(i + 1).number("received") - marks.get(i).number("received");
            gigabits[i] =
                    bytes * 8 / (marks.get(i + 1).number("nanos") - marks.get(i).number("nanos"));
        }
        return gigabits;
    }

    private void memory(Subject subject, String when, Figures figures) throws IOException {
        for (Memory memory : subject.memory()) {
            figures.add(Quantity.lower(name(), "RSS of each proxy, " + when, "MB", 1), memory.residentMegabytes());
            figures.add(Quantity.lower(name(), "PSS of each proxy, " + when, "MB", 1), memory.proportionalMegabytes());
        }
    }

    /** Time that must pass: what is measured is what happens meanwhile, elsewhere. */
    static void pause(Duration time) {
        Stopwatch watch = Stopwatch.start();
        for (Duration left = time; left.isPositive(); left = time.minus(watch.elapsed())) {
            if (Thread.currentThread().isInterrupted()) {
                return;
            }
            LockSupport.parkNanos(left.toNanos());
        }
    }
}
