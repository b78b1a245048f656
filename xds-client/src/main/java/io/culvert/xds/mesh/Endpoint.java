package io.culvert.xds.mesh;

/** One workload's part in a service, with its own mapping of the service's ports. */
public record Endpoint(String workloadUid, PortMap port, WorkloadStatus status) {}
