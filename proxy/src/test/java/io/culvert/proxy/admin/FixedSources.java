package io.culvert.proxy.admin;

import io.culvert.proxy.address.IpPort;
import io.culvert.proxy.inpod.PodState;
import io.culvert.proxy.inpod.WorkloadUid;
import io.culvert.proxy.routing.OutboundDecision;
import io.culvert.proxy.routing.OutboundRouter;
import io.culvert.proxy.routing.ProxyPorts;
import io.culvert.xds.AdsStatus;
import io.culvert.xds.LocalState;
import io.culvert.xds.identity.CertificateStatus;
import io.culvert.xds.mesh.IpAddress;
import io.culvert.xds.mesh.MeshSnapshot;
import io.culvert.xds.mesh.MeshState;
import io.culvert.xds.mesh.Workload;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/** Sources of a dump that are what the test says. */
record FixedSources(
        MeshSnapshot mesh,
        List<CertificateStatus> certificates,
        Map<WorkloadUid, PodState> pods,
        LocalState staticConfig,
        AdsStatus xds)
        implements DumpSources {

    static FixedSources of(LocalState local, Map<WorkloadUid, PodState> pods, List<CertificateStatus> certificates) {
        MeshState mesh = new MeshState("node-a");
        local.loadInto(mesh);
        return new FixedSources(mesh.snapshot(), certificates, new TreeMap<>(pods), local, AdsStatus.NONE);
    }

    @Override
    public String network() {
        return "";
    }

    @Override
    public OutboundDecision decide(Workload source, IpAddress from, IpPort target) {
        return new OutboundRouter("", ProxyPorts.of(false)).decide(mesh, source, from, target, new Random(1));
    }

    static FixedSources of(MeshSnapshot mesh) {
        return new FixedSources(mesh, List.of(), Map.of(), LocalState.EMPTY, AdsStatus.NONE);
    }

    static FixedSources empty() {
        return of(LocalState.EMPTY, Map.of(), List.of());
    }
}
