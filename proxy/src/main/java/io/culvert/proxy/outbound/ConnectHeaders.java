package io.culvert.proxy.outbound;

import io.culvert.proxy.address.IpPort;
import io.culvert.proxy.hbone.ConnectRequest;
import io.culvert.proxy.hbone.Header;
import io.culvert.proxy.routing.OutboundDecision;
import io.culvert.proxy.telemetry.Baggage;
import io.culvert.proxy.telemetry.Forwarded;
import io.culvert.xds.mesh.Service;
import io.culvert.xds.mesh.Workload;
import java.util.List;

/**
 * The CONNECT of a tunnel: who is behind it, for whom, and the trace (ztunnel proxy/outbound.rs:create_hbone_request).
 */
final class ConnectHeaders {

    private ConnectHeaders() {}

    static ConnectRequest of(OutboundDecision.Hbone decision, Workload source, IpPort client, TraceContext trace) {
        Service service = decision.destination().service();
        return ConnectRequest.to(
                decision.authority().toString(),
                List.of(
                        new Header("baggage", Baggage.of(source).header()),
                        new Header("forwarded", Forwarded.header(client, service == null ? "" : service.hostname())),
                        new Header("traceparent", trace.header())));
    }
}
