package io.culvert.xds.mesh;

import java.util.List;

/**
 * How a service's endpoints are preferred.
 *
 * @param routingPreference scopes that client and endpoint should share, most important first
 */
public record LoadBalancing(List<Scope> routingPreference, Mode mode, HealthPolicy healthPolicy) {
    public LoadBalancing {
        routingPreference = List.copyOf(routingPreference);
    }

    /** Something that a client and an endpoint may have in common. */
    public enum Scope {
        REGION,
        ZONE,
        SUBZONE,
        NODE,
        CLUSTER,
        NETWORK
    }

    /** What the preferences mean. */
    public enum Mode {
        /** Nothing: all endpoints are equal. */
        STANDARD,
        /** Only endpoints that match all. */
        STRICT,
        /** Those that match most. */
        FAILOVER,
        /** No choice of ours: the address that was asked for. */
        PASSTHROUGH
    }

    /** Which endpoints are kept. */
    public enum HealthPolicy {
        ONLY_HEALTHY,
        ALLOW_ALL
    }
}
