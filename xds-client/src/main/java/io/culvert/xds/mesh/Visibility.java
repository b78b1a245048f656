package io.culvert.xds.mesh;

/** Who may find a service. */
public enum Visibility {
    PUBLIC,
    /** Clients of its own namespace only. */
    NAMESPACE
}
