package io.culvert.xds.mesh;

/** One of several waypoints of a service, picked in proportion to its weight. */
public record WeightedWaypoint(GatewayAddress destination, int weight) {}
