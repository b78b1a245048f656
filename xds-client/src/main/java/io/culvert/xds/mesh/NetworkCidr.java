package io.culvert.xds.mesh;

/** A range of virtual addresses within one of the mesh's networks. */
public record NetworkCidr(String network, Cidr cidr) {}
