package io.culvert.xds.mesh;

/** Whether a workload is ready to serve. */
public enum WorkloadStatus {
    HEALTHY,
    UNHEALTHY
}
