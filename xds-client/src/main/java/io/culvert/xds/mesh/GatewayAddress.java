package io.culvert.xds.mesh;

/** Where a waypoint or a network gateway is: an address or a service's name, and its HBONE port. */
public sealed interface GatewayAddress {
    int hbonePort();

    /** "network/ip" or "namespace/hostname". */
    String destination();

    /** By address. */
    record ByAddress(NetworkAddress address, int hbonePort) implements GatewayAddress {
        @Override
        public String destination() {
            return address.toString();
        }
    }

    /** By a service's name, or by the name of a workload that has a host name. */
    record ByHostname(NamespacedName name, int hbonePort) implements GatewayAddress {
        @Override
        public String destination() {
            return name.toString();
        }
    }
}
