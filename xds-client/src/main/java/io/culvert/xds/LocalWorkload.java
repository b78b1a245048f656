package io.culvert.xds;

import io.culvert.xds.mesh.NamespacedName;
import io.culvert.xds.mesh.PortMap;
import io.culvert.xds.mesh.Workload;
import java.util.Map;

/**
 * A workload of a local configuration.
 *
 * @param workload without services: in file mode they are not the workload's own, as in the original
 * @param services of which it is an endpoint, with its ports
 */
public record LocalWorkload(Workload workload, Map<NamespacedName, PortMap> services) {
    public LocalWorkload {
        services = Map.copyOf(services);
    }
}
