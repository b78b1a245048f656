package io.culvert.proxy;

import io.culvert.proxy.address.IpPort;
import io.culvert.proxy.admin.DumpSources;
import io.culvert.proxy.inpod.PodState;
import io.culvert.proxy.inpod.WorkloadUid;
import io.culvert.proxy.outcome.ProxyError;
import io.culvert.proxy.pod.Services;
import io.culvert.proxy.routing.OutboundDecision;
import io.culvert.xds.AdsStatus;
import io.culvert.xds.LocalState;
import io.culvert.xds.identity.CertificateStatus;
import io.culvert.xds.mesh.IpAddress;
import io.culvert.xds.mesh.MeshSnapshot;
import io.culvert.xds.mesh.Workload;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/** Where the configuration dump finds things in this process. */
record Dump(ControlSide control, Pods served, Services services, RandomGenerator random) implements DumpSources {

    @Override
    public MeshSnapshot mesh() {
        return control.mesh().snapshot();
    }

    @Override
    public List<CertificateStatus> certificates() {
        return control.certificates().dump();
    }

    @Override
    public String network() {
        return services.network();
    }

    @Override
    public OutboundDecision decide(Workload source, IpAddress from, IpPort target) {
        return services.outboundRouter().isSelfCall(target)
                ? new OutboundDecision.Refused(new ProxyError.SelfCall())
                : services.outboundRouter().decide(mesh(), source, from, target, random);
    }

    @Override
    public Map<WorkloadUid, PodState> pods() {
        return served.dump();
    }

    @Override
    public LocalState staticConfig() {
        return control.localState();
    }

    @Override
    public AdsStatus xds() {
        return control.xdsStatus();
    }
}
