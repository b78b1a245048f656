package io.culvert.xds.mesh;

import io.culvert.xds.identity.Identity;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A pod, a virtual machine or an external endpoint. Accessors are named as in ztunnel's proto/workload.proto:Workload.
 * Compared by identity: an update is another object.
 */
public final class Workload {
    private final String name;
    private final String namespace;
    private final List<IpAddress> addresses;
    private final String network;
    private final TunnelProtocol tunnelProtocol;
    private final String trustDomain;
    private final String serviceAccount;
    private final @Nullable GatewayAddress waypoint;
    private final String node;
    private final String canonicalName;
    private final String canonicalRevision;
    private final String workloadType;
    private final String workloadName;
    private final boolean nativeTunnel;
    private final List<String> authorizationPolicies;
    private final WorkloadStatus status;
    private final String clusterId;
    private final @Nullable GatewayAddress networkGateway;
    private final String uid;
    private final String hostname;
    private final Map<NamespacedName, PortMap> services;
    private final @Nullable ApplicationTunnel applicationTunnel;
    private final Locality locality;
    private final NetworkMode networkMode;
    private final int capacity;

    private Workload(Builder builder) {
        name = builder.name;
        namespace = builder.namespace;
        addresses = List.copyOf(builder.addresses);
        network = builder.network;
        tunnelProtocol = builder.tunnelProtocol;
        trustDomain = builder.trustDomain;
        serviceAccount = builder.serviceAccount;
        waypoint = builder.waypoint;
        node = builder.node;
        canonicalName = builder.canonicalName;
        canonicalRevision = builder.canonicalRevision;
        workloadType = builder.workloadType;
        workloadName = builder.workloadName;
        nativeTunnel = builder.nativeTunnel;
        authorizationPolicies = List.copyOf(builder.authorizationPolicies);
        status = builder.status;
        clusterId = builder.clusterId;
        networkGateway = builder.networkGateway;
        uid = builder.uid;
        hostname = builder.hostname;
        services = Map.copyOf(builder.services);
        applicationTunnel = builder.applicationTunnel;
        locality = builder.locality;
        networkMode = builder.networkMode;
        capacity = builder.capacity;
    }

    public static Builder builder() {
        return new Builder();
    }

    /** What it is, as its certificate says. */
    public Identity identity() {
        return new Identity(trustDomain, namespace, serviceAccount);
    }

    public boolean owns(IpAddress address) {
        return addresses.contains(address);
    }

    public String name() {
        return name;
    }

    public String namespace() {
        return namespace;
    }

    /** Empty for a workload that is known by host name or lives behind a network gateway. */
    public List<IpAddress> addresses() {
        return addresses;
    }

    public String network() {
        return network;
    }

    public TunnelProtocol tunnelProtocol() {
        return tunnelProtocol;
    }

    /** May be empty in file mode; peers then refuse its certificate. */
    public String trustDomain() {
        return trustDomain;
    }

    public String serviceAccount() {
        return serviceAccount;
    }

    /** Where traffic for its addresses goes first. */
    public @Nullable GatewayAddress waypoint() {
        return waypoint;
    }

    /** The node that it runs on. */
    public String node() {
        return node;
    }

    public String canonicalName() {
        return canonicalName;
    }

    public String canonicalRevision() {
        return canonicalRevision;
    }

    /** In lower case: deployment, cronjob, pod, job; empty if not known. */
    public String workloadType() {
        return workloadType;
    }

    public String workloadName() {
        return workloadName;
    }

    /** Speaks HBONE itself. */
    public boolean nativeTunnel() {
        return nativeTunnel;
    }

    /** Resource names of policies that apply beside those of its namespace and the global ones. */
    public List<String> authorizationPolicies() {
        return authorizationPolicies;
    }

    public WorkloadStatus status() {
        return status;
    }

    public String clusterId() {
        return clusterId;
    }

    /** How to reach it from another network. */
    public @Nullable GatewayAddress networkGateway() {
        return networkGateway;
    }

    /** Primary key. */
    public String uid() {
        return uid;
    }

    /** To be resolved when there is no address. */
    public String hostname() {
        return hostname;
    }

    /** The services that it serves, with its ports for each. */
    public Map<NamespacedName, PortMap> services() {
        return services;
    }

    public @Nullable ApplicationTunnel applicationTunnel() {
        return applicationTunnel;
    }

    public Locality locality() {
        return locality;
    }

    public NetworkMode networkMode() {
        return networkMode;
    }

    /** Weight in load balancing; 0: never picked. */
    public int capacity() {
        return capacity;
    }

    /** The uid, which names no secrets. */
    @Override
    public String toString() {
        return uid;
    }

    /** Collects the fields; what is not given is as an absent field means. */
    public static final class Builder {
        private String name = "";
        private String namespace = "";
        private List<IpAddress> addresses = List.of();
        private String network = "";
        private TunnelProtocol tunnelProtocol = TunnelProtocol.NONE;
        private String trustDomain = "";
        private String serviceAccount = "default";
        private @Nullable GatewayAddress waypoint;
        private String node = "";
        private String canonicalName = "";
        private String canonicalRevision = "";
        private String workloadType = "";
        private String workloadName = "";
        private boolean nativeTunnel = false;
        private List<String> authorizationPolicies = List.of();
        private WorkloadStatus status = WorkloadStatus.HEALTHY;
        private String clusterId = "";
        private @Nullable GatewayAddress networkGateway;
        private String uid = "";
        private String hostname = "";
        private Map<NamespacedName, PortMap> services = Map.of();
        private @Nullable ApplicationTunnel applicationTunnel;
        private Locality locality = Locality.UNKNOWN;
        private NetworkMode networkMode = NetworkMode.STANDARD;
        private int capacity = 1;

        private Builder() {}

        public Builder name(String value) {
            this.name = value;
            return this;
        }

        public Builder namespace(String value) {
            this.namespace = value;
            return this;
        }

        public Builder addresses(List<IpAddress> value) {
            this.addresses = value;
            return this;
        }

        public Builder network(String value) {
            this.network = value;
            return this;
        }

        public Builder tunnelProtocol(TunnelProtocol value) {
            this.tunnelProtocol = value;
            return this;
        }

        public Builder trustDomain(String value) {
            this.trustDomain = value;
            return this;
        }

        public Builder serviceAccount(String value) {
            this.serviceAccount = value;
            return this;
        }

        public Builder waypoint(@Nullable GatewayAddress value) {
            this.waypoint = value;
            return this;
        }

        public Builder node(String value) {
            this.node = value;
            return this;
        }

        public Builder canonicalName(String value) {
            this.canonicalName = value;
            return this;
        }

        public Builder canonicalRevision(String value) {
            this.canonicalRevision = value;
            return this;
        }

        public Builder workloadType(String value) {
            this.workloadType = value;
            return this;
        }

        public Builder workloadName(String value) {
            this.workloadName = value;
            return this;
        }

        public Builder nativeTunnel(boolean value) {
            this.nativeTunnel = value;
            return this;
        }

        public Builder authorizationPolicies(List<String> value) {
            this.authorizationPolicies = value;
            return this;
        }

        public Builder status(WorkloadStatus value) {
            this.status = value;
            return this;
        }

        public Builder clusterId(String value) {
            this.clusterId = value;
            return this;
        }

        public Builder networkGateway(@Nullable GatewayAddress value) {
            this.networkGateway = value;
            return this;
        }

        public Builder uid(String value) {
            this.uid = value;
            return this;
        }

        public Builder hostname(String value) {
            this.hostname = value;
            return this;
        }

        public Builder services(Map<NamespacedName, PortMap> value) {
            this.services = value;
            return this;
        }

        public Builder applicationTunnel(@Nullable ApplicationTunnel value) {
            this.applicationTunnel = value;
            return this;
        }

        public Builder locality(Locality value) {
            this.locality = value;
            return this;
        }

        public Builder networkMode(NetworkMode value) {
            this.networkMode = value;
            return this;
        }

        public Builder capacity(int value) {
            this.capacity = value;
            return this;
        }

        public Workload build() {
            return new Workload(this);
        }
    }
}
