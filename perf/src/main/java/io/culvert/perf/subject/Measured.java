package io.culvert.perf.subject;

import io.culvert.perf.load.Latencies;
import io.culvert.perf.load.Line;
import org.HdrHistogram.Histogram;

/**
 * What one stretch of load came to.
 *
 * @param done what the client says of it
 * @param seconds that the stretch took, by the server's clock
 * @param taken bytes of bulk that came to the server
 * @param carrierCpuSeconds CPU time of both proxies, or relays, in the stretch
 * @param generatorCpuSeconds CPU time of client and server in the stretch
 */
public record Measured(Line done, double seconds, long taken, double carrierCpuSeconds, double generatorCpuSeconds) {

    /** Bytes of bulk, in both directions. */
    public double bytes() {
        return taken + (double) done.number("received");
    }

    public double gigabits() {
        return bytes() * 8 / 1e9 / seconds;
    }

    public double gigabytes() {
        return bytes() / 1e9;
    }

    /** Requests answered, or connections served. */
    public double answered() {
        return done.number("answered");
    }

    public double perSecond() {
        return answered() / (done.number("nanos") / 1e9);
    }

    public Histogram latencies() {
        return Latencies.decode(done.text("latencies"));
    }
}
