package io.culvert.xds.mesh;

/** Which of a workload's addresses may be used for a service. */
public enum IpFamilies {
    /** Not said: any. */
    AUTOMATIC,
    IPV4_ONLY,
    IPV6_ONLY,
    DUAL
}
