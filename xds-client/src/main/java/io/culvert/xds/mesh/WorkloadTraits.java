package io.culvert.xds.mesh;

import io.culvert.xds.identity.Identity;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What the workloads of a deployment have in common; one object for all of them. Fields are as {@link Workload} says.
 */
final class WorkloadTraits {
    final Identity identity;
    final TunnelProtocol tunnelProtocol;
    final @Nullable GatewayAddress waypoint;
    final String canonicalName;
    final String canonicalRevision;
    final String workloadType;
    final String workloadName;
    final boolean nativeTunnel;
    final List<String> authorizationPolicies;
    final @Nullable GatewayAddress networkGateway;
    final String hostname;
    final Map<NamespacedName, PortMap> serves;
    final boolean servesOpenly;
    final @Nullable ApplicationTunnel applicationTunnel;
    final NetworkMode networkMode;
    final int capacity;

    WorkloadTraits(Workload.Builder builder) {
        identity = new Identity(builder.trustDomain, builder.namespace, builder.serviceAccount);
        tunnelProtocol = builder.tunnelProtocol;
        waypoint = builder.waypoint;
        canonicalName = builder.canonicalName;
        canonicalRevision = builder.canonicalRevision;
        workloadType = builder.workloadType;
        workloadName = builder.workloadName;
        nativeTunnel = builder.nativeTunnel;
        authorizationPolicies = List.copyOf(builder.authorizationPolicies);
        networkGateway = builder.networkGateway;
        hostname = builder.hostname;
        serves = Map.copyOf(builder.serves);
        servesOpenly = builder.servesOpenly;
        applicationTunnel = builder.applicationTunnel;
        networkMode = builder.networkMode;
        capacity = builder.capacity;
    }

    private WorkloadTraits(WorkloadTraits loose, Interner interner) {
        identity = new Identity(
                interner.same(loose.identity.trustDomain()),
                interner.same(loose.identity.namespace()),
                interner.same(loose.identity.serviceAccount()));
        tunnelProtocol = loose.tunnelProtocol;
        waypoint = loose.waypoint == null ? null : interner.same(loose.waypoint);
        canonicalName = interner.same(loose.canonicalName);
        canonicalRevision = interner.same(loose.canonicalRevision);
        workloadType = interner.same(loose.workloadType);
        workloadName = interner.same(loose.workloadName);
        nativeTunnel = loose.nativeTunnel;
        authorizationPolicies = interner.texts(loose.authorizationPolicies);
        networkGateway = loose.networkGateway == null ? null : interner.same(loose.networkGateway);
        hostname = interner.same(loose.hostname);
        serves = interner.ports(loose.serves);
        servesOpenly = loose.servesOpenly;
        applicationTunnel = loose.applicationTunnel == null ? null : interner.same(loose.applicationTunnel);
        networkMode = loose.networkMode;
        capacity = loose.capacity;
    }

    WorkloadTraits interned(Interner interner) {
        return new WorkloadTraits(this, interner);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof WorkloadTraits that
                && identity.equals(that.identity)
                && workloadName.equals(that.workloadName)
                && canonicalName.equals(that.canonicalName)
                && canonicalRevision.equals(that.canonicalRevision)
                && workloadType.equals(that.workloadType)
                && hostname.equals(that.hostname)
                && serves.equals(that.serves)
                && authorizationPolicies.equals(that.authorizationPolicies)
                && tunnelProtocol == that.tunnelProtocol
                && networkMode == that.networkMode
                && nativeTunnel == that.nativeTunnel
                && servesOpenly == that.servesOpenly
                && capacity == that.capacity
                && Objects.equals(waypoint, that.waypoint)
                && Objects.equals(networkGateway, that.networkGateway)
                && Objects.equals(applicationTunnel, that.applicationTunnel);
    }

    @Override
    public int hashCode() {
        int names = (identity.hashCode() * 31 + workloadName.hashCode()) * 31 + canonicalRevision.hashCode();
        return (names * 31 + serves.hashCode()) * 31 + hostname.hashCode();
    }
}
