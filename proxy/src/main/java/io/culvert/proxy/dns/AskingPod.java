package io.culvert.proxy.dns;

import io.culvert.proxy.inpod.PodSockets;
import io.culvert.proxy.pod.Pod;
import io.culvert.proxy.routing.LocalWorkloads;
import io.culvert.proxy.routing.WorkloadRef;
import io.culvert.xds.mesh.MeshState;

/**
 * The pod that a DNS proxy serves, and all that the proxy knows of it.
 *
 * @param workload who asks: what the node agent said, never an address
 * @param sockets makes sockets in its namespace
 */
record AskingPod(WorkloadRef workload, PodSockets sockets, MeshState mesh, LocalWorkloads localWorkloads) {

    static AskingPod of(Pod pod) {
        return new AskingPod(
                pod.workload(),
                pod.sockets(),
                pod.services().mesh(),
                pod.services().localWorkloads());
    }
}
