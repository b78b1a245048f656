package io.culvert.proxy;

import io.culvert.proxy.admin.DumpSources;
import io.culvert.proxy.inpod.PodState;
import io.culvert.proxy.inpod.WorkloadUid;
import io.culvert.xds.AdsStatus;
import io.culvert.xds.LocalState;
import io.culvert.xds.identity.CertificateStatus;
import io.culvert.xds.mesh.MeshSnapshot;
import java.util.List;
import java.util.Map;

/** Where the configuration dump finds things in this process. */
record Dump(ControlSide control, Pods served) implements DumpSources {

    @Override
    public MeshSnapshot mesh() {
        return control.mesh().snapshot();
    }

    @Override
    public List<CertificateStatus> certificates() {
        return control.certificates().dump();
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
