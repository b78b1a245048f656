package io.culvert.proxy.routing;

import io.culvert.proxy.address.IpPort;
import io.culvert.proxy.outcome.ProxyError;
import io.culvert.xds.mesh.Service;
import java.util.List;

/** What becomes of one CONNECT, before policy is asked. */
public sealed interface InboundDecision {

    /**
     * To the pod.
     *
     * @param destination what policy and telemetry judge by: the pod's own address and the resolved port
     * @param dial where to connect: the same, or a loopback address
     * @param preamble what goes ahead of the client's bytes
     * @param services those that the call may be for, of which telemetry names one: that of the hostname, or all of the
     *     pod's
     */
    record Forward(IpPort destination, IpPort dial, Preamble preamble, List<Service> services)
            implements InboundDecision {
        public Forward {
            services = List.copyOf(services);
        }

        /** Whether the caller's address is to be the source of the dial; a dial to loopback has its own. */
        public boolean keepsSource() {
            return !dial.ip().isLoopback() || destination.ip().isLoopback();
        }
    }

    /** Not at all; the status of the answer is the error's. */
    record Refused(ProxyError error) implements InboundDecision {}

    /** Bytes that the application expects before those of the client. */
    sealed interface Preamble {
        record None() implements Preamble {}

        /**
         * PROXY protocol version 2.
         *
         * @param destination the address that the header names
         */
        record ProxyHeader(IpPort destination) implements Preamble {}
    }
}
