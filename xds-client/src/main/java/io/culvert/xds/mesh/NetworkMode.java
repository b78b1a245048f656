package io.culvert.xds.mesh;

/** Whether a workload owns its addresses or shares those of its node. */
public enum NetworkMode {
    STANDARD,
    /** Never found by address: its address is the node's. */
    HOST_NETWORK
}
