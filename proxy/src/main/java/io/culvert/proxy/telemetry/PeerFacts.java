package io.culvert.proxy.telemetry;

import io.culvert.xds.mesh.Workload;

/**
 * What telemetry says about one end of a connection. Empty texts are unknown.
 *
 * @param known false: nothing contributed, and the locality labels are left out if both ends are so
 * @param logName the {@code workload} field of the access log: the pod's name
 * @param workload the {@code workload} label: the deployment's name
 * @param app canonical name for a workload of the mesh, workload name for one known by baggage only
 */
public record PeerFacts(
        boolean known,
        String logName,
        String workload,
        String canonicalService,
        String canonicalRevision,
        String namespace,
        String app,
        String version,
        String cluster,
        String region,
        String zone) {

    public static final PeerFacts UNKNOWN = new PeerFacts(false, "", "", "", "", "", "", "", "", "", "");

    /** Of a workload that the control plane told about (ztunnel proxy/metrics.rs:CommonTrafficLabels.with_source). */
    public static PeerFacts of(Workload workload) {
        String canonical = workload.canonicalName();
        return new PeerFacts(
                true,
                workload.name().isEmpty() ? canonical : workload.name(),
                workload.workloadName(),
                canonical,
                workload.canonicalRevision(),
                workload.namespace(),
                canonical,
                workload.canonicalRevision(),
                workload.clusterId(),
                workload.locality().region(),
                workload.locality().zone());
    }

    /** Of a peer that described itself (ztunnel proxy/metrics.rs:DerivedWorkload). */
    public static PeerFacts of(Baggage baggage) {
        if (baggage.isEmpty()) {
            return UNKNOWN;
        }
        return new PeerFacts(
                true,
                baggage.workloadName().isEmpty() ? baggage.serviceName() : baggage.workloadName(),
                baggage.workloadName(),
                baggage.serviceName(),
                baggage.serviceVersion(),
                baggage.namespace(),
                baggage.workloadName(),
                baggage.serviceVersion(),
                baggage.cluster(),
                baggage.region(),
                baggage.zone());
    }
}
