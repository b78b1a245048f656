package io.culvert.xds.identity;

import io.culvert.xds.channel.ControlPlaneEndpoint;
import java.time.Duration;

/**
 * Where certificates come from.
 *
 * @param lifetime asked for; the authority may shorten it
 * @param impersonate whether to name the identity beside the request, as who asks for others must (shared mode)
 */
public record CaConfig(ControlPlaneEndpoint endpoint, Duration lifetime, boolean impersonate) {}
