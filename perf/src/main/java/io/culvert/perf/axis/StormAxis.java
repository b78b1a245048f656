package io.culvert.perf.axis;

import io.culvert.perf.figure.Quantity;
import io.culvert.perf.load.Line;
import io.culvert.perf.load.Service;
import io.culvert.perf.subject.Generator;
import io.culvert.perf.subject.Measured;
import io.culvert.perf.subject.Subject;
import java.io.IOException;
import java.time.Duration;

/** What running requests lose while new tunnels arrive at the node of their server. */
final class StormAxis implements Axis {
    private static final int RATE = 1_000;
    private static final int HANDSHAKES = 500;
    /** Enough that none waits for another's end, as long as one takes less than 60 ms. */
    private static final int CLIENTS = 32;

    private static final double UNITS = 2;
    /** The handshakes outlast the requests, so that all of them have some beside them. */
    private static final Duration LONGER = Duration.ofSeconds(1);

    private static final Duration GRACE = Duration.ofSeconds(20);

    @Override
    public String name() {
        return "storm";
    }

    @Override
    public String meaning() {
        return RATE + " requests/s of 1 KB, alone and while " + HANDSHAKES
                + " full mutual TLS handshakes a second arrive at the server's node";
    }

    @Override
    public boolean suits(Subject.Kind kind) {
        return kind == Subject.Kind.PROXY;
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
        Generator stranger = subject.routeIn().client();
        Duration whole = lengths.whole(UNITS).plus(LONGER);
        Line storm = Line.of("handshakes").with("warmup", 0).with("length", whole.toMillis());
        stranger.send(HandshakesAxis.command(subject, storm, CLIENTS, HANDSHAKES));
        Line _ = stranger.await(GRACE, "started");
        Measured measured = subject.measure(subject.route(), requests);
        Line _ = stranger.await(whole.plus(GRACE), "ended");
        Line done = stranger.await(GRACE, "done");
        String load = "beside " + HANDSHAKES + " handshakes/s";
        figures.latencies(name(), load, measured.latencies());
        figures.add(
                Quantity.higher(name(), load + ": of them came about", "handshakes/s", 0),
                done.number("answered") / (done.number("nanos") / 1e9));
    }
}
