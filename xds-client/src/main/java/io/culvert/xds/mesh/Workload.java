package io.culvert.xds.mesh;

import io.culvert.xds.identity.Identity;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A pod, a virtual machine or an external endpoint. Accessors are named as in ztunnel's proto/workload.proto:Workload.
 * Compared by identity: an update is another object.
 *
 * <p>There are hundreds of thousands of them: what a deployment's or a node's workloads have in common is one object
 * for all, and what follows from something else is not kept. 32 bytes, besides uid and address, which are its own.
 */
public final class Workload implements Owners {
    private final WorkloadTraits traits;
    private final Place place;
    private final String uid;
    /** Null: what follows the last slash of the uid, as with every pod. */
    private final @Nullable String ownName;
    /** Null: exactly one, which is in the two halves. */
    private final @Nullable List<IpAddress> addresses;

    private final WorkloadStatus status;
    private final long addressHigh;
    private final long addressLow;

    private Workload(Builder builder) {
        traits = new WorkloadTraits(builder);
        place = new Place(builder.network, builder.clusterId, builder.node, builder.locality);
        uid = builder.uid;
        ownName = isLastPart(builder.name, uid) ? null : builder.name;
        boolean sole = builder.addresses.size() == 1;
        addresses = sole ? null : List.copyOf(builder.addresses);
        addressHigh = sole ? builder.addresses.getFirst().high() : 0;
        addressLow = sole ? builder.addresses.getFirst().low() : 0;
        status = builder.status;
    }

    private Workload(Workload loose, WorkloadTraits traits, Place place) {
        this.traits = traits;
        this.place = place;
        uid = loose.uid;
        ownName = loose.ownName;
        addresses = loose.addresses;
        addressHigh = loose.addressHigh;
        addressLow = loose.addressLow;
        status = loose.status;
    }

    private static boolean isLastPart(String name, String uid) {
        int slash = uid.length() - name.length() - 1;
        return slash >= 0 && uid.charAt(slash) == '/' && uid.endsWith(name) && name.indexOf('/') < 0;
    }

    /** The same with parts that it shares with others. */
    Workload interned(Interner interner) {
        return new Workload(this, interner.traits(traits), interner.place(place));
    }

    public static Builder builder() {
        return new Builder();
    }

    /** What it is, as its certificate says. */
    public Identity identity() {
        return traits.identity;
    }

    public boolean owns(IpAddress address) {
        return addresses == null ? address.equals(addressHigh, addressLow) : addresses.contains(address);
    }

    /** Whether it has an address; a workload that is known by host name or lives behind a gateway has none. */
    public boolean hasAddress() {
        return addresses == null || !addresses.isEmpty();
    }

    public List<IpAddress> addresses() {
        return addresses == null ? List.of(new IpAddress(addressHigh, addressLow)) : addresses;
    }

    /** Whether it has exactly one address; which one, {@link #owns} tells. */
    boolean hasOneAddress() {
        return addresses == null;
    }

    public String name() {
        return ownName != null ? ownName : uid.substring(uid.lastIndexOf('/') + 1);
    }

    /** Whether that is its name. */
    boolean isNamed(String candidate) {
        return ownName != null ? ownName.equals(candidate) : isLastPart(candidate, uid);
    }

    public String namespace() {
        return traits.identity.namespace();
    }

    public String network() {
        return place.network();
    }

    public TunnelProtocol tunnelProtocol() {
        return traits.tunnelProtocol;
    }

    /** May be empty in file mode; peers then refuse its certificate. */
    public String trustDomain() {
        return traits.identity.trustDomain();
    }

    public String serviceAccount() {
        return traits.identity.serviceAccount();
    }

    /** Where traffic for its addresses goes first. */
    public @Nullable GatewayAddress waypoint() {
        return traits.waypoint;
    }

    /** The node that it runs on. */
    public String node() {
        return place.node();
    }

    public String canonicalName() {
        return traits.canonicalName;
    }

    public String canonicalRevision() {
        return traits.canonicalRevision;
    }

    /** In lower case: deployment, cronjob, pod, job; empty if not known. */
    public String workloadType() {
        return traits.workloadType;
    }

    public String workloadName() {
        return traits.workloadName;
    }

    /** Speaks HBONE itself. */
    public boolean nativeTunnel() {
        return traits.nativeTunnel;
    }

    /** Resource names of policies that apply beside those of its namespace and the global ones. */
    public List<String> authorizationPolicies() {
        return traits.authorizationPolicies;
    }

    public WorkloadStatus status() {
        return status;
    }

    public String clusterId() {
        return place.clusterId();
    }

    /** How to reach it from another network. */
    public @Nullable GatewayAddress networkGateway() {
        return traits.networkGateway;
    }

    /** Primary key. */
    public String uid() {
        return uid;
    }

    /** To be resolved when there is no address. */
    public String hostname() {
        return traits.hostname;
    }

    /** The services that it says it serves, with its ports for each. */
    public Map<NamespacedName, PortMap> services() {
        return traits.servesOpenly ? traits.serves : Map.of();
    }

    /** The services whose endpoint it is, whether it says so or a file does. */
    Map<NamespacedName, PortMap> serves() {
        return traits.serves;
    }

    public @Nullable ApplicationTunnel applicationTunnel() {
        return traits.applicationTunnel;
    }

    public Locality locality() {
        return place.locality();
    }

    public NetworkMode networkMode() {
        return traits.networkMode;
    }

    /** Weight in load balancing; 0: never picked. */
    public int capacity() {
        return traits.capacity;
    }

    /** The uid, which names no secrets. */
    @Override
    public String toString() {
        return uid;
    }

    /** Collects the fields; what is not given is as an absent field means. */
    public static final class Builder {
        String name = "";
        String namespace = "";
        List<IpAddress> addresses = List.of();
        String network = "";
        TunnelProtocol tunnelProtocol = TunnelProtocol.NONE;
        String trustDomain = "";
        String serviceAccount = "default";

        @Nullable
        GatewayAddress waypoint;

        String node = "";
        String canonicalName = "";
        String canonicalRevision = "";
        String workloadType = "";
        String workloadName = "";
        boolean nativeTunnel = false;
        List<String> authorizationPolicies = List.of();
        WorkloadStatus status = WorkloadStatus.HEALTHY;
        String clusterId = "";

        @Nullable
        GatewayAddress networkGateway;

        String uid = "";
        String hostname = "";
        Map<NamespacedName, PortMap> serves = Map.of();
        boolean servesOpenly = true;

        @Nullable
        ApplicationTunnel applicationTunnel;

        Locality locality = Locality.UNKNOWN;
        NetworkMode networkMode = NetworkMode.STANDARD;
        int capacity = 1;

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
            this.serves = value;
            this.servesOpenly = true;
            return this;
        }

        /** Makes it an endpoint of services that are not its own to tell, as in file mode. */
        public Builder endpointOf(Map<NamespacedName, PortMap> value) {
            this.serves = value;
            this.servesOpenly = false;
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
