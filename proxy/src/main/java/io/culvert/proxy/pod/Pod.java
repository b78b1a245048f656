package io.culvert.proxy.pod;

import io.culvert.proxy.inpod.PodSockets;
import io.culvert.proxy.rbac.PodConnections;
import io.culvert.proxy.routing.WorkloadRef;
import io.culvert.xds.identity.Identity;
import io.culvert.xds.mesh.Workload;

/**
 * A pod, as its connections see it.
 *
 * @param workload what the node agent said of it: who the pod is comes from there, never from an address
 * @param sockets makes sockets in its namespace
 * @param connections for the configuration dump
 */
public record Pod(WorkloadRef workload, PodSockets sockets, PodConnections connections, Services services) {

    /** Whose certificate the pod uses: the control plane names the trust domain, the node agent the rest. */
    public Identity identity(Workload known) {
        return new Identity(known.trustDomain(), workload.namespace(), workload.serviceAccount());
    }
}
