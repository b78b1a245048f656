package io.culvert.xds.mesh;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A service as it was sent. Accessors are named as in ztunnel's proto/workload.proto:Service. Its endpoints come from
 * the workloads, see {@link MeshSnapshot#visitEndpoints}. Compared by identity: an update is another object.
 */
public final class Service {
    private final String name;
    private final NamespacedName key;
    private final List<NetworkAddress> vips;
    private final List<NetworkCidr> cidrVips;
    private final PortMap ports;
    private final List<String> subjectAltNames;
    private final @Nullable GatewayAddress waypoint;
    private final @Nullable LoadBalancing loadBalancing;
    private final IpFamilies ipFamilies;
    private final boolean canonical;
    private final List<WeightedWaypoint> weightedWaypoints;
    private final Visibility visibility;
    private final List<Endpoint> declaredEndpoints;

    private Service(Builder builder) {
        name = builder.name;
        key = new NamespacedName(builder.namespace, builder.hostname);
        vips = List.copyOf(builder.vips);
        cidrVips = List.copyOf(builder.cidrVips);
        ports = builder.ports;
        subjectAltNames = List.copyOf(builder.subjectAltNames);
        waypoint = builder.waypoint;
        loadBalancing = builder.loadBalancing;
        ipFamilies = builder.ipFamilies;
        canonical = builder.canonical;
        weightedWaypoints = List.copyOf(builder.weightedWaypoints);
        visibility = builder.visibility;
        declaredEndpoints = List.copyOf(builder.declaredEndpoints);
    }

    private Service(Service loose, Interner interner) {
        name = interner.same(loose.name);
        key = interner.name(loose.key);
        vips = interner.addresses(loose.vips);
        cidrVips = loose.cidrVips;
        ports = interner.same(loose.ports);
        subjectAltNames = interner.texts(loose.subjectAltNames);
        waypoint = loose.waypoint == null ? null : interner.same(loose.waypoint);
        loadBalancing = loose.loadBalancing == null ? null : interner.same(loose.loadBalancing);
        ipFamilies = loose.ipFamilies;
        canonical = loose.canonical;
        weightedWaypoints = loose.weightedWaypoints;
        visibility = loose.visibility;
        declaredEndpoints = loose.declaredEndpoints;
    }

    /** The same with parts that it shares with others. */
    Service interned(Interner interner) {
        return new Service(this, interner);
    }

    public static Builder builder() {
        return new Builder();
    }

    /** The primary key. */
    public NamespacedName key() {
        return key;
    }

    /** Whether clients of that namespace may find it; a client without a namespace sees everything. */
    public boolean visibleTo(@Nullable String clientNamespace) {
        return visibility == Visibility.PUBLIC || clientNamespace == null || clientNamespace.equals(key.namespace());
    }

    public String name() {
        return name;
    }

    public String namespace() {
        return key.namespace();
    }

    public String hostname() {
        return key.hostname();
    }

    /** Virtual addresses. */
    public List<NetworkAddress> vips() {
        return vips;
    }

    /** Virtual address ranges; an exact address beats them. */
    public List<NetworkCidr> cidrVips() {
        return cidrVips;
    }

    /** Service port to default target port. */
    public PortMap ports() {
        return ports;
    }

    /** SPIFFE URIs, as sent, that any endpoint may present beside its own. */
    public List<String> subjectAltNames() {
        return subjectAltNames;
    }

    /** Where traffic for its virtual addresses goes first. */
    public @Nullable GatewayAddress waypoint() {
        return waypoint;
    }

    public @Nullable LoadBalancing loadBalancing() {
        return loadBalancing;
    }

    public IpFamilies ipFamilies() {
        return ipFamilies;
    }

    /** The one of its host name that is meant when the client has none in its own namespace. */
    public boolean canonical() {
        return canonical;
    }

    public List<WeightedWaypoint> weightedWaypoints() {
        return weightedWaypoints;
    }

    public Visibility visibility() {
        return visibility;
    }

    /** Endpoints that were listed with the service itself, as only a file does; those of workloads go before them. */
    public List<Endpoint> declaredEndpoints() {
        return declaredEndpoints;
    }

    /** Whether an endpoint in that state counts. */
    boolean admits(WorkloadStatus status) {
        return status == WorkloadStatus.HEALTHY || healthPolicy() == LoadBalancing.HealthPolicy.ALLOW_ALL;
    }

    private LoadBalancing.HealthPolicy healthPolicy() {
        return loadBalancing == null ? LoadBalancing.HealthPolicy.ONLY_HEALTHY : loadBalancing.healthPolicy();
    }

    /** The key. */
    @Override
    public String toString() {
        return key.toString();
    }

    /** Collects the fields; what is not given is as an absent field means. */
    public static final class Builder {
        private String name = "";
        private String namespace = "";
        private String hostname = "";
        private List<NetworkAddress> vips = List.of();
        private List<NetworkCidr> cidrVips = List.of();
        private PortMap ports = PortMap.EMPTY;
        private List<String> subjectAltNames = List.of();
        private @Nullable GatewayAddress waypoint;
        private @Nullable LoadBalancing loadBalancing;
        private IpFamilies ipFamilies = IpFamilies.AUTOMATIC;
        private boolean canonical = false;
        private List<WeightedWaypoint> weightedWaypoints = List.of();
        private Visibility visibility = Visibility.PUBLIC;
        private List<Endpoint> declaredEndpoints = List.of();

        private Builder() {}

        public Builder name(String value) {
            this.name = value;
            return this;
        }

        public Builder namespace(String value) {
            this.namespace = value;
            return this;
        }

        public Builder hostname(String value) {
            this.hostname = value;
            return this;
        }

        public Builder vips(List<NetworkAddress> value) {
            this.vips = value;
            return this;
        }

        public Builder cidrVips(List<NetworkCidr> value) {
            this.cidrVips = value;
            return this;
        }

        public Builder ports(PortMap value) {
            this.ports = value;
            return this;
        }

        public Builder subjectAltNames(List<String> value) {
            this.subjectAltNames = value;
            return this;
        }

        public Builder waypoint(@Nullable GatewayAddress value) {
            this.waypoint = value;
            return this;
        }

        public Builder loadBalancing(@Nullable LoadBalancing value) {
            this.loadBalancing = value;
            return this;
        }

        public Builder ipFamilies(IpFamilies value) {
            this.ipFamilies = value;
            return this;
        }

        public Builder canonical(boolean value) {
            this.canonical = value;
            return this;
        }

        public Builder weightedWaypoints(List<WeightedWaypoint> value) {
            this.weightedWaypoints = value;
            return this;
        }

        public Builder visibility(Visibility value) {
            this.visibility = value;
            return this;
        }

        /** Endpoints that are known already, as a file lists them. */
        public Builder declaredEndpoints(List<Endpoint> value) {
            this.declaredEndpoints = value;
            return this;
        }

        public Service build() {
            return new Service(this);
        }
    }
}
