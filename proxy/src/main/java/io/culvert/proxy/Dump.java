package io.culvert.proxy;

import io.culvert.proxy.admin.CertificateEntry;
import io.culvert.proxy.admin.DumpSources;
import io.culvert.proxy.inpod.PodState;
import io.culvert.proxy.inpod.WorkloadManager;
import io.culvert.proxy.inpod.WorkloadUid;
import io.culvert.xds.identity.CertificateStatus;
import io.culvert.xds.mesh.MeshSnapshot;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Map;

/** Where the configuration dump finds things in this process. */
record Dump(ControlSide control, WorkloadManager workloads) implements DumpSources {

    @Override
    public MeshSnapshot mesh() {
        return control.mesh().snapshot();
    }

    @Override
    public List<CertificateEntry> certificates() {
        return control.certificates().dump().stream().map(Dump::entry).toList();
    }

    private static CertificateEntry entry(CertificateStatus status) {
        List<X509Certificate> chain = List.of();
        List<X509Certificate> roots = List.of();
        if (status.state() instanceof CertificateStatus.State.Available available) {
            chain = available.certificate().chain();
            roots = available.certificate().roots();
        }
        return new CertificateEntry(status.identity(), status.stateText(), chain, roots);
    }

    @Override
    public Map<WorkloadUid, PodState> pods() {
        return workloads.dump();
    }

    @Override
    public StaticConfig staticConfig() {
        return StaticConfig.EMPTY;
    }
}
