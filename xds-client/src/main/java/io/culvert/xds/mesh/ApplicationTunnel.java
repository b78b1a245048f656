package io.culvert.xds.mesh;

/**
 * How the workload itself takes tunnelled traffic.
 *
 * @param port where it listens for that; 0: the port that was asked for
 */
public record ApplicationTunnel(Protocol protocol, int port) {
    /** What is sent ahead of the bytes. */
    public enum Protocol {
        NONE,
        /** PROXY protocol, version 2. */
        PROXY
    }
}
