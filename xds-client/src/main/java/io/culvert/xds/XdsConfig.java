package io.culvert.xds;

import io.culvert.xds.channel.ControlPlaneEndpoint;

/** Where mesh state comes from, and who asks for it. */
public record XdsConfig(ControlPlaneEndpoint endpoint, XdsNode node) {}
