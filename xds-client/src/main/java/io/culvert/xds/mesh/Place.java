package io.culvert.xds.mesh;

/** What the workloads of a node have in common, and those of other nodes have not. */
record Place(String network, String clusterId, String node, Locality locality) {
    // Spelled out: what the compiler generates for records goes through method handles, which C1 does not inline.
    @Override
    public boolean equals(Object other) {
        return other instanceof Place that
                && node.equals(that.node)
                && locality.equals(that.locality)
                && network.equals(that.network)
                && clusterId.equals(that.clusterId);
    }

    @Override
    public int hashCode() {
        return ((node.hashCode() * 31 + locality.hashCode()) * 31 + network.hashCode()) * 31 + clusterId.hashCode();
    }

    Place interned(Interner interner) {
        Locality where = new Locality(
                interner.same(locality.region()), interner.same(locality.zone()), interner.same(locality.subzone()));
        return new Place(interner.same(network), interner.same(clusterId), interner.same(node), interner.same(where));
    }
}
