package io.culvert.proxy.telemetry;

import io.culvert.proxy.address.IpPort;
import io.culvert.xds.identity.Identity;
import io.culvert.xds.mesh.Service;
import io.culvert.xds.mesh.Workload;
import java.util.Optional;

/**
 * Everything that metrics and access log say about a connection before it has moved a byte. Filled in by the roads,
 * once the destination is known.
 */
public final class ConnectionFacts {

    private final Reporter reporter;
    private final IpPort sourceAddress;
    private final IpPort destinationAddress;
    private final String hboneAddress;
    private final PeerFacts source;
    private final String sourceIdentity;
    private final PeerFacts destination;
    private final String destinationIdentity;
    private final ServiceFacts service;
    private final SecurityPolicy security;

    private ConnectionFacts(Builder builder) {
        reporter = builder.reporter;
        sourceAddress = builder.sourceAddress;
        destinationAddress = builder.destinationAddress;
        hboneAddress = builder.hboneAddress;
        source = builder.source;
        sourceIdentity = builder.sourceIdentity;
        destination = builder.destination;
        destinationIdentity = builder.destinationIdentity;
        service = builder.service;
        security = builder.security;
    }

    /**
     * Begins with what is always known.
     *
     * @param destinationAddress outbound: the next hop; inbound tunnel: the pod's own 15008; plaintext: the original
     *     destination
     */
    public static Builder builder(Reporter reporter, IpPort sourceAddress, IpPort destinationAddress) {
        return new Builder(reporter, sourceAddress, destinationAddress);
    }

    public Reporter reporter() {
        return reporter;
    }

    public IpPort sourceAddress() {
        return sourceAddress;
    }

    public IpPort destinationAddress() {
        return destinationAddress;
    }

    /** The CONNECT authority; empty without a tunnel. */
    public String hboneAddress() {
        return hboneAddress;
    }

    public PeerFacts source() {
        return source;
    }

    /** SPIFFE URI; empty if unknown. */
    public String sourceIdentity() {
        return sourceIdentity;
    }

    public PeerFacts destination() {
        return destination;
    }

    /** SPIFFE URI of the destination, also when the connection does not verify it; empty if unknown. */
    public String destinationIdentity() {
        return destinationIdentity;
    }

    public ServiceFacts service() {
        return service;
    }

    public SecurityPolicy security() {
        return security;
    }

    /** Collects the facts; what is not given is unknown. */
    public static final class Builder {
        private final Reporter reporter;
        private final IpPort sourceAddress;
        private final IpPort destinationAddress;
        private String hboneAddress = "";
        private PeerFacts source = PeerFacts.UNKNOWN;
        private String sourceIdentity = "";
        private PeerFacts destination = PeerFacts.UNKNOWN;
        private String destinationIdentity = "";
        private ServiceFacts service = ServiceFacts.UNKNOWN;
        private SecurityPolicy security = SecurityPolicy.UNKNOWN;

        private Builder(Reporter reporter, IpPort sourceAddress, IpPort destinationAddress) {
            this.reporter = reporter;
            this.sourceAddress = sourceAddress;
            this.destinationAddress = destinationAddress;
        }

        /** Tunnelled, by mutual TLS, under this authority. */
        public Builder tunnel(String authority) {
            this.hboneAddress = authority;
            this.security = SecurityPolicy.MUTUAL_TLS;
            return this;
        }

        public Builder source(Workload workload) {
            this.source = PeerFacts.of(workload);
            return this;
        }

        public Builder source(PeerFacts facts) {
            this.source = facts;
            return this;
        }

        /** From the certificate, never from an address. */
        public Builder sourceIdentity(Identity identity) {
            this.sourceIdentity = identity.toString();
            return this;
        }

        /** A destination of the mesh; its identity is told even where the connection does not verify it. */
        public Builder destination(Workload workload) {
            this.destination = PeerFacts.of(workload);
            this.destinationIdentity = workload.identity().toString();
            return this;
        }

        /**
         * A destination that described itself, behind a gateway of another network.
         *
         * @param identity of its certificate; empty if that is none of ours
         */
        public Builder destination(PeerFacts facts, Optional<Identity> identity) {
            this.destination = facts;
            this.destinationIdentity = identity.map(Identity::toString).orElse("");
            return this;
        }

        public Builder service(Service value) {
            this.service = ServiceFacts.of(value);
            return this;
        }

        public Builder service(Optional<Service> value) {
            value.ifPresent(this::service);
            return this;
        }

        public ConnectionFacts build() {
            return new ConnectionFacts(this);
        }
    }
}
