package io.culvert.proxy.outbound;

import io.culvert.proxy.address.IpPort;
import io.culvert.proxy.hbone.ConnectRequest;
import io.culvert.proxy.hbone.Header;
import io.culvert.proxy.routing.Destination;
import io.culvert.proxy.telemetry.Baggage;
import io.culvert.proxy.telemetry.Forwarded;
import io.culvert.xds.mesh.Service;
import io.culvert.xds.mesh.Workload;
import java.util.ArrayList;
import java.util.List;

/**
 * The CONNECT of a tunnel: who is behind it, for whom, and the trace (ztunnel proxy/outbound.rs:create_hbone_request).
 */
final class ConnectHeaders {

    private ConnectHeaders() {}

    static ConnectRequest of(
            String authority, Destination destination, Workload source, IpPort client, TraceContext trace) {
        return ConnectRequest.to(authority, headers(destination, source, client, trace));
    }

    /**
     * Of the tunnel inside a tunnel to another network: its far end has to know that the address it sees is a
     * gateway's.
     *
     * @param network ours; said even if it has no name
     */
    static ConnectRequest inner(
            String authority,
            Destination destination,
            Workload source,
            IpPort client,
            TraceContext trace,
            String network) {
        List<Header> headers = new ArrayList<>(headers(destination, source, client, trace));
        headers.add(new Header("x-forwarded-network", network));
        return ConnectRequest.to(authority, headers);
    }

    private static List<Header> headers(Destination destination, Workload source, IpPort client, TraceContext trace) {
        Service service = destination.service();
        return List.of(
                new Header("baggage", Baggage.of(source).header()),
                new Header("forwarded", Forwarded.header(client, service == null ? "" : service.hostname())),
                new Header("traceparent", trace.header()));
    }
}
