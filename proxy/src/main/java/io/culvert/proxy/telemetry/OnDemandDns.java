package io.culvert.proxy.telemetry;

import io.culvert.proxy.telemetry.metrics.Exposition;
import io.culvert.proxy.telemetry.metrics.LabelledCounters;
import io.culvert.proxy.telemetry.metrics.MetricSource;
import io.culvert.xds.mesh.Workload;
import java.util.List;

/**
 * Connections for which a workload's host name was resolved, answered from a cache or not (ztunnel
 * proxy/metrics.rs:OnDemandDnsLabels). Any thread.
 */
public final class OnDemandDns implements MetricSource {

    /** Callers of one node times names that they call; what is beyond is counted as unknown. */
    private static final int LABEL_SETS_MAX = 10_000;

    private static final String UNKNOWN = "unknown";

    private final LabelledCounters counters = new LabelledCounters(
            "istio_on_demand_dns",
            "The total number of requests that used on-demand DNS (unstable).",
            "",
            List.of(
                    "source_workload",
                    "source_canonical_service",
                    "source_canonical_revision",
                    "source_workload_namespace",
                    "source_principal",
                    "source_app",
                    "source_version",
                    "source_cluster",
                    "hostname"));

    /** One more, for a connection of {@code source}. */
    public void count(Workload source, String hostname) {
        counters.addWithin(
                LABEL_SETS_MAX,
                UNKNOWN,
                orUnknown(source.workloadName()),
                orUnknown(source.canonicalName()),
                orUnknown(source.canonicalRevision()),
                orUnknown(source.namespace()),
                source.identity().toString(),
                orUnknown(source.canonicalName()),
                orUnknown(source.canonicalRevision()),
                orUnknown(source.clusterId()),
                orUnknown(hostname));
    }

    private static String orUnknown(String value) {
        return value.isEmpty() ? UNKNOWN : value;
    }

    @Override
    public void write(Exposition out) {
        counters.write(out);
    }
}
