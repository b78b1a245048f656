package io.culvert.proxy.telemetry.metrics;

import java.util.function.DoubleSupplier;

/** A gauge without labels, read when scraped. */
public record Gauge(String name, String help, DoubleSupplier value) implements MetricSource {
    @Override
    public void write(Exposition out) {
        out.family(name, "gauge", help);
        out.sample(name, "", value.getAsDouble());
    }
}
