package io.culvert.proxy.routing;

import io.culvert.proxy.address.IpPort;
import io.culvert.proxy.outcome.ProxyError;
import io.culvert.xds.identity.Identity;
import io.culvert.xds.mesh.IpAddress;
import io.culvert.xds.mesh.Workload;
import java.util.List;
import java.util.random.RandomGenerator;

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

    /**
     * To a workload that is known by host name only: what the name stands for has to be asked first.
     *
     * @param port of it, as the load balancer counts
     * @param asked its family is preferred
     * @param onwards the decision once an address is known
     */
    record Unresolved(Workload workload, int port, IpAddress asked, Onwards onwards) implements OutboundDecision {

        /** Goes on with what the name stands for: any of those of the preferred family, else any other. */
        public OutboundDecision resolved(List<IpAddress> addresses, RandomGenerator random) {
            List<IpAddress> preferred = addresses.stream()
                    .filter(address -> address.isV4() == asked.isV4())
                    .toList();
            List<IpAddress> choice = preferred.isEmpty() ? addresses : preferred;
            return choice.isEmpty()
                    ? new Refused(new ProxyError.EmptyResolution(workload.uid()))
                    : onwards.to(choice.get(random.nextInt(choice.size())));
        }

        /** The name stands for nothing, or nobody knows. */
        public OutboundDecision unknown() {
            return new Refused(new ProxyError.NoAddressResolved(workload.uid()));
        }
    }

    /** What becomes of the connection when the next hop's address is known. */
    @FunctionalInterface
    interface Onwards {
        OutboundDecision to(IpAddress address);
    }

    /** Not at all. */
    record Refused(ProxyError error) implements OutboundDecision {}
}
