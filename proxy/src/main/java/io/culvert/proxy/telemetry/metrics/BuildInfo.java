package io.culvert.proxy.telemetry.metrics;

/** {@code istio_build}: dashboards count proxies by it, so the component keeps the original's name. */
public record BuildInfo(String tag) implements MetricSource {
    @Override
    public void write(Exposition out) {
        out.family("istio_build", "gauge", "Istio component build info.");
        out.sample(
                "istio_build",
                new Labels().add("component", "ztunnel").add("tag", tag).toString(),
                1);
    }
}
