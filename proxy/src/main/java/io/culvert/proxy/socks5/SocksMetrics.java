package io.culvert.proxy.socks5;

import io.culvert.proxy.telemetry.metrics.Exposition;
import io.culvert.proxy.telemetry.metrics.MetricSource;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.LongAdder;

/** Conversations that led nowhere, by reason. Counted on data loops, written on admin loops. */
public final class SocksMetrics implements MetricSource {
    private static final String NAME = "culvert_socks5_refused";

    private final Map<String, LongAdder> refused;

    public SocksMetrics() {
        Map<String, LongAdder> reasons = new TreeMap<>();
        reasons.put("busy", new LongAdder());
        reasons.put("timeout", new LongAdder());
        for (SocksRefusal.Kind kind : SocksRefusal.Kind.values()) {
            reasons.put(kind.label(), new LongAdder());
        }
        this.refused = Map.copyOf(reasons);
    }

    void refused(String reason) {
        LongAdder counter = refused.get(reason);
        if (counter != null) {
            counter.increment();
        }
    }

    long count(String reason) {
        LongAdder counter = refused.get(reason);
        return counter == null ? 0 : counter.sum();
    }

    @Override
    public void write(Exposition out) {
        out.family(NAME, "counter", "SOCKS5 conversations that led to no connection (unstable).");
        new TreeMap<>(refused)
                .forEach(
                        (reason, counter) -> out.sample(NAME + "_total", "{reason=\"" + reason + "\"}", counter.sum()));
    }
}
