package io.culvert.proxy.inpod;

import io.culvert.proxy.rbac.PodConnections;
import io.culvert.proxy.routing.WorkloadRef;

/** A pod as the configuration dump shows it. */
public sealed interface PodState {

    WorkloadRef workload();

    /** Its listeners could not be bound yet. */
    record Pending(WorkloadRef workload) implements PodState {}

    record Up(WorkloadRef workload, PodConnections connections) implements PodState {}
}
