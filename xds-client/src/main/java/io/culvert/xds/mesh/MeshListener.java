package io.culvert.xds.mesh;

/** Told of changes after they were published, on the thread that made them; must not block it. */
public interface MeshListener {
    /** Workloads or services changed. */
    default void workloadsChanged(WorkloadsChange change) {}

    /** Policies were sent or removed: decisions taken under earlier ones are to be taken again. */
    default void policiesChanged(MeshSnapshot snapshot) {}
}
