package io.culvert.proxy.routing;

import io.culvert.proxy.address.IpPort;
import io.culvert.proxy.outcome.ProxyError;
import io.culvert.xds.identity.Identity;
import java.util.List;

/** What becomes of one outbound connection. */
public sealed interface OutboundDecision {

    /** Plain TCP: to a workload without a tunnel, or passed through to an address that is nobody's. */
    record Tcp(IpPort nextHop, Destination destination) implements OutboundDecision {}

    /**
     * Through a tunnel, to the workload itself or to a waypoint.
     *
     * @param nextHop where the TCP connection goes
     * @param authority of the CONNECT
     * @param expectedIdentities the peer's certificate must have one of them; never empty; order is part of the pool's
     *     key
     */
    record Hbone(IpPort nextHop, IpPort authority, List<Identity> expectedIdentities, Destination destination)
            implements OutboundDecision {
        public Hbone {
            expectedIdentities = List.copyOf(expectedIdentities);
        }
    }

    /**
     * Through a tunnel within the tunnel to a gateway of another network.
     *
     * @param nextHop the gateway
     * @param authority of both CONNECTs: hostname and service port
     * @param gatewayIdentities expected of the outer peer
     * @param finalIdentities expected of the inner peer; if empty no peer is good enough
     */
    record DoubleHbone(
            IpPort nextHop,
            String authority,
            List<Identity> gatewayIdentities,
            List<Identity> finalIdentities,
            Destination destination)
            implements OutboundDecision {
        public DoubleHbone {
            gatewayIdentities = List.copyOf(gatewayIdentities);
            finalIdentities = List.copyOf(finalIdentities);
        }
    }

    /** Not at all. */
    record Refused(ProxyError error) implements OutboundDecision {}
}
