package io.culvert.xds;

import io.culvert.xds.channel.ControlPlaneEndpoint;

/**
 * Where mesh state comes from, and who asks for it.
 *
 * @param onDemand whether addresses are asked for one by one, as connections need them
 */
public record XdsConfig(ControlPlaneEndpoint endpoint, XdsNode node, boolean onDemand) {}
