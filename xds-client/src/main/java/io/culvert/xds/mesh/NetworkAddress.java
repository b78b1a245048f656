package io.culvert.xds.mesh;

/** An address within one of the mesh's networks; the same address may exist in several. */
public record NetworkAddress(String network, IpAddress address) {
    // Spelled out: what the compiler generates for records goes through method handles, which C1 does not inline.
    @Override
    public boolean equals(Object other) {
        return other instanceof NetworkAddress that && address.equals(that.address) && network.equals(that.network);
    }

    @Override
    public int hashCode() {
        return network.hashCode() * 31 + address.hashCode();
    }

    /** "network/ip"; the network may be empty: "/10.0.0.1". */
    @Override
    public String toString() {
        return network + "/" + address;
    }
}
