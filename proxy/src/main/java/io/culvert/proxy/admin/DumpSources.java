package io.culvert.proxy.admin;

import io.culvert.proxy.address.IpPort;
import io.culvert.proxy.inpod.PodState;
import io.culvert.proxy.inpod.WorkloadUid;
import io.culvert.proxy.routing.OutboundDecision;
import io.culvert.xds.AdsStatus;
import io.culvert.xds.LocalState;
import io.culvert.xds.identity.CertificateStatus;
import io.culvert.xds.mesh.IpAddress;
import io.culvert.xds.mesh.MeshSnapshot;
import io.culvert.xds.mesh.Workload;
import java.util.List;
import java.util.Map;

/** Where the dump finds what it shows. Every method is called on the admin thread, once per dump. */
public interface DumpSources {

    MeshSnapshot mesh();

    /** The network of this proxy; empty if it has no name. */
    String network();

    /** What would become of a connection now. Nothing is opened or asked for. */
    OutboundDecision decide(Workload source, IpAddress from, IpPort target);

    /** Sorted by identity. */
    List<CertificateStatus> certificates();

    Map<WorkloadUid, PodState> pods();

    /**
     * What of the local configuration is in force; {@link LocalState#EMPTY} if there is none.
     */
    LocalState staticConfig();

    /** How the conversation with the control plane stands. */
    AdsStatus xds();
}
