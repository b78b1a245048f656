package io.culvert.xds.mesh;

/** An address within one of the mesh's networks; the same address may exist in several. */
public record NetworkAddress(String network, IpAddress address) {
    /** "network/ip"; the network may be empty: "/10.0.0.1". */
    @Override
    public String toString() {
        return network + "/" + address;
    }
}
