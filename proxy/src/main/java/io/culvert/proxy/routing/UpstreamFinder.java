package io.culvert.proxy.routing;

import io.culvert.proxy.address.IpPort;
import io.culvert.xds.mesh.GatewayAddress;
import io.culvert.xds.mesh.IpAddress;
import io.culvert.xds.mesh.LoadBalancing;
import io.culvert.xds.mesh.MeshSnapshot;
import io.culvert.xds.mesh.NamespacedName;
import io.culvert.xds.mesh.NetworkAddress;
import io.culvert.xds.mesh.Service;
import io.culvert.xds.mesh.Workload;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Finds the workload behind an address or a name, for one client and one snapshot (ztunnel state.rs: find_upstream,
 * find_hostname, fetch_waypoint).
 */
final class UpstreamFinder {

    private final MeshSnapshot mesh;
    private final Workload client;
    private final RandomGenerator random;
    private final Shunned shunned;

    UpstreamFinder(MeshSnapshot mesh, Workload client, RandomGenerator random, Shunned shunned) {
        this.mesh = mesh;
        this.client = client;
        this.random = random;
        this.shunned = shunned;
    }

    /**
     * Service first, then workload: the opposite of {@link #serviceAddressed}. Null: pass through, or nothing healthy.
     */
    @Nullable
    Upstream find(String network, IpPort target, LoadBalancer.Purpose purpose) {
        Service service = mesh.serviceByVip(network, target.ip(), client.namespace());
        if (service != null) {
            return isPassthrough(service)
                    ? null
                    : LoadBalancer.pick(mesh, client, service, target.port(), purpose, random, shunned);
        }
        Workload workload = mesh.workloadByAddress(network, target.ip());
        return workload == null ? null : new Upstream(workload, target.port(), null);
    }

    /** The service that an address stands for, unless a workload owns the address: workload first here. */
    @Nullable
    Service serviceAddressed(String network, IpAddress address) {
        if (mesh.workloadByAddress(network, address) != null) {
            return null;
        }
        return mesh.serviceByVip(network, address, client.namespace());
    }

    static boolean isPassthrough(Service service) {
        LoadBalancing balancing = service.loadBalancing();
        return balancing != null && balancing.mode() == LoadBalancing.Mode.PASSTHROUGH;
    }

    /** The workload to which a reference to a waypoint or gateway leads. */
    @Nullable
    Upstream behind(GatewayAddress reference, LoadBalancer.Purpose purpose) {
        return switch (reference) {
            case GatewayAddress.ByAddress by -> {
                NetworkAddress at = by.address();
                yield find(at.network(), new IpPort(at.address(), by.hbonePort()), purpose);
            }
            case GatewayAddress.ByHostname by -> byName(by.name(), by.hbonePort(), purpose);
        };
    }

    private @Nullable Upstream byName(NamespacedName name, int port, LoadBalancer.Purpose purpose) {
        Service service = mesh.serviceByName(name);
        if (service != null) {
            return LoadBalancer.pick(mesh, client, service, port, purpose, random, shunned);
        }
        Workload workload = mesh.workloadByHostname(name);
        return workload == null ? null : new Upstream(workload, port, null);
    }

    /** Whether any of the workloads behind the reference is such a one. */
    boolean anyBehind(GatewayAddress reference, Predicate<Workload> wanted) {
        return switch (reference) {
            case GatewayAddress.ByAddress by -> {
                NetworkAddress at = by.address();
                Service service = mesh.serviceByVip(at.network(), at.address(), client.namespace());
                yield service != null
                        ? anyOf(service, wanted)
                        : matches(mesh.workloadByAddress(at.network(), at.address()), wanted);
            }
            case GatewayAddress.ByHostname by -> {
                Service service = mesh.serviceByName(by.name());
                yield service != null ? anyOf(service, wanted) : matches(mesh.workloadByHostname(by.name()), wanted);
            }
        };
    }

    private boolean anyOf(Service service, Predicate<Workload> wanted) {
        boolean[] found = new boolean[1];
        mesh.visitEndpoints(service, (workload, port) -> {
            found[0] = wanted.test(workload);
            return !found[0];
        });
        return found[0];
    }

    private static boolean matches(@Nullable Workload workload, Predicate<Workload> wanted) {
        return workload != null && wanted.test(workload);
    }
}
