package io.culvert.xds.mesh;

/** How a workload is reached: in plain TCP, or through HBONE. The sidecar's mutual TLS is refused on receipt. */
public enum TunnelProtocol {
    NONE,
    HBONE
}
