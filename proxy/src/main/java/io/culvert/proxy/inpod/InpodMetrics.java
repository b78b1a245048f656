package io.culvert.proxy.inpod;

import io.culvert.proxy.telemetry.metrics.Exposition;
import io.culvert.proxy.telemetry.metrics.MetricSource;

/**
 * The {@code workload_manager_*} families (ztunnel inpod/metrics.rs). Written by the ZDS thread, read by the admin
 * thread.
 */
public final class InpodMetrics implements MetricSource {

    private volatile int active;
    private volatile int pending;
    private volatile long started;
    private volatile long stopped;

    void population(int activeProxies, int pendingProxies) {
        active = activeProxies;
        pending = pendingProxies;
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // one writer
    void started() {
        started++;
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // one writer
    void stopped() {
        stopped++;
    }

    public int active() {
        return active;
    }

    public int pending() {
        return pending;
    }

    public long startedCount() {
        return started;
    }

    public long stoppedCount() {
        return stopped;
    }

    @Override
    public void write(Exposition out) {
        gauge(out, "workload_manager_active_proxy_count", "workloads with active proxies", active);
        gauge(out, "workload_manager_pending_proxy_count", "workloads with pending proxies", pending);
        counter(out, "workload_manager_proxies_started", "started", started);
        counter(out, "workload_manager_proxies_stopped", "stopped", stopped);
    }

    private static void gauge(Exposition out, String name, String what, int value) {
        out.family(name, "gauge", "The total number current " + what + " (unstable).");
        out.sample(name, "", value);
    }

    private static void counter(Exposition out, String name, String what, long value) {
        out.family(name, "counter", "The total number of proxies that were " + what + " (unstable).");
        out.sample(name + "_total", "", value);
    }
}
