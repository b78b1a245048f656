package io.culvert.proxy.admin;

import io.culvert.proxy.inpod.PodState;
import io.culvert.proxy.inpod.WorkloadUid;
import io.culvert.xds.mesh.AuthorizationPolicy;
import io.culvert.xds.mesh.MeshSnapshot;
import io.culvert.xds.mesh.Service;
import io.culvert.xds.mesh.Workload;
import java.util.List;
import java.util.Map;

/** Where the dump finds what it shows. Every method is called on the admin thread, once per dump. */
public interface DumpSources {

    MeshSnapshot mesh();

    /** Sorted by identity. */
    List<CertificateEntry> certificates();

    Map<WorkloadUid, PodState> pods();

    /** The local file, read anew. */
    StaticConfig staticConfig();

    /** What a local file says, in its order and before anything is joined. */
    record StaticConfig(List<Workload> workloads, List<AuthorizationPolicy> policies, List<Service> services) {
        public static final StaticConfig EMPTY = new StaticConfig(List.of(), List.of(), List.of());

        public StaticConfig {
            workloads = List.copyOf(workloads);
            policies = List.copyOf(policies);
            services = List.copyOf(services);
        }
    }
}
