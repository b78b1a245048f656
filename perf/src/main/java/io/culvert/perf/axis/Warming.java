package io.culvert.perf.axis;

import io.culvert.perf.load.Line;
import io.culvert.perf.load.Service;
import io.culvert.perf.subject.Measured;
import io.culvert.perf.subject.Subject;
import java.io.IOException;
import java.time.Duration;

/**
 * Load that nobody measures, for proxies that were just started. They run for months, and are to be measured as they
 * are then; what their first seconds are like is the affair of {@link StartAxis}.
 */
public final class Warming {
    /** What is done for the whole time, and what for this part of it each: connections warm up slowest. */
    private static final int PART = 4;

    private static final int CLIENTS = 8;
    private static final int CONNECTIONS = 16;
    private static final int REQUEST_BYTES = 1_024;

    private final Duration time;

    /** @param time of new connections, the longest of the loads; zero: no warming */
    public Warming(Duration time) {
        this.time = time;
    }

    private boolean suits(Subject.Kind kind) {
        return kind == Subject.Kind.PROXY && time.isPositive();
    }

    /** About how long it takes for one subject. */
    public Duration estimate(Subject.Kind kind) {
        return suits(kind) ? time.plus(time.dividedBy(PART).multipliedBy(3)) : Duration.ZERO;
    }

    /** Every kind of load that the axes know, one after the other. */
    public void warm(Subject subject) throws IOException {
        if (!suits(subject.kind())) {
            return;
        }
        Duration part = time.dividedBy(PART);
        Measured _ = subject.measure(
                subject.route(),
                command("connects", time)
                        .with("clients", CLIENTS)
                        .with("to", subject.route().at(Service.REQUESTS)));
        Measured _ = subject.measure(
                subject.routeIn(), HandshakesAxis.command(subject, command("handshakes", part), CLIENTS, 0));
        Measured _ = subject.measure(
                subject.route(),
                command("bulk", part)
                        .with("mode", "up")
                        .with("connections", CONNECTIONS)
                        .with("to", subject.route().at(Service.SINK)));
        Measured _ = subject.measure(
                subject.route(),
                command("requests", part)
                        .with("connections", CONNECTIONS)
                        .with("request", REQUEST_BYTES)
                        .with("response", REQUEST_BYTES)
                        .with("to", subject.route().at(Service.REQUESTS)));
    }

    private static Line command(String verb, Duration length) {
        return Line.of(verb).with("warmup", 0).with("length", length.toMillis());
    }
}
