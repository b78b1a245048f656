package io.culvert.proxy;

import io.culvert.proxy.relay.DataLoops;
import io.culvert.proxy.relay.HandshakeQueue;
import io.culvert.proxy.telemetry.metrics.Exposition;
import io.culvert.proxy.telemetry.metrics.MetricSource;
import java.util.concurrent.TimeUnit;
import java.util.function.ToLongFunction;

/**
 * How TLS handshakes wait on the data loops (see {@link HandshakeQueue}). A node whose steps wait for longer than a few
 * milliseconds each opens more tunnels than it has time for.
 *
 * @param loops may be ended while this is read
 */
record HandshakeMetrics(DataLoops loops) implements MetricSource {
    @Override
    public void write(Exposition out) {
        out.family("culvert_handshake_steps_waiting", "gauge", "Steps of TLS handshakes that wait (unstable).");
        out.sample("culvert_handshake_steps_waiting", "", sum(HandshakeQueue::waiting));
        out.family("culvert_handshake_steps", "counter", "Steps of TLS handshakes made (unstable).");
        out.sample("culvert_handshake_steps_total", "", sum(HandshakeQueue::steps));
        out.family(
                "culvert_handshake_wait_milliseconds",
                "counter",
                "Time that those steps have waited together (unstable).",
                "milliseconds");
        out.sample(
                "culvert_handshake_wait_milliseconds_total",
                "",
                TimeUnit.NANOSECONDS.toMillis(sum(HandshakeQueue::waitedNanos)));
        out.family(
                "culvert_handshakes_refused",
                "counter",
                "TLS handshakes refused because too many were waiting (unstable).");
        out.sample("culvert_handshakes_refused_total", "", sum(HandshakeQueue::refused));
    }

    private long sum(ToLongFunction<HandshakeQueue> figure) {
        return loops.all().stream()
                .mapToLong(loop -> figure.applyAsLong(loop.handshakes()))
                .sum();
    }
}
