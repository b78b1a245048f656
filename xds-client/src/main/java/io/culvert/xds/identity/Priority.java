package io.culvert.xds.identity;

/** Who waits for a certificate, least urgent first. */
public enum Priority {
    /** Nobody: a renewal. */
    BACKGROUND,
    /** Nobody yet: a workload has come to this node. */
    WARMUP,
    /** A connection. */
    REAL_TIME
}
