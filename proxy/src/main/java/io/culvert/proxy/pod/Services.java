package io.culvert.proxy.pod;

import io.culvert.proxy.names.HostNames;
import io.culvert.proxy.rbac.Authorizer;
import io.culvert.proxy.rbac.InboundConnections;
import io.culvert.proxy.routing.AddressFetch;
import io.culvert.proxy.routing.InboundRouter;
import io.culvert.proxy.routing.LocalWorkloads;
import io.culvert.proxy.routing.OutboundRouter;
import io.culvert.proxy.telemetry.ConnectionTelemetry;
import io.culvert.proxy.telemetry.OnDemandDns;
import io.culvert.xds.identity.CertificateManager;
import io.culvert.xds.mesh.MeshState;

/**
 * What every pod of the process uses. All of it may be called from any loop.
 *
 * @param network the network of this proxy; empty if it has no name
 * @param baggage tell callers who answered, and believe what callers say of themselves for telemetry
 *     (ENABLE_RESPONSE_BAGGAGE)
 * @param hostNames for workloads that have a host name and no address
 */
public record Services(
        MeshState mesh,
        LocalWorkloads localWorkloads,
        AddressFetch addresses,
        CertificateManager certificates,
        OutboundRouter outboundRouter,
        InboundRouter inboundRouter,
        Authorizer authorizer,
        InboundConnections inboundConnections,
        ConnectionTelemetry telemetry,
        String network,
        boolean baggage,
        HostNames hostNames,
        OnDemandDns onDemandDns,
        DialRetries retries) {}
