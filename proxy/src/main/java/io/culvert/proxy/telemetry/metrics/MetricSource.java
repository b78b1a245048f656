package io.culvert.proxy.telemetry.metrics;

/** Writes its families when scraped. */
@FunctionalInterface
public interface MetricSource {
    /** On the admin thread. A family without a sample is left out. */
    void write(Exposition out);
}
