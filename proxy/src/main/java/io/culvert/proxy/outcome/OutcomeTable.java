package io.culvert.proxy.outcome;

import static io.culvert.proxy.outcome.ResponseFlag.CERT_REVOKED;
import static io.culvert.proxy.outcome.ResponseFlag.CONNECT;
import static io.culvert.proxy.outcome.ResponseFlag.DENY;
import static io.culvert.proxy.outcome.ResponseFlag.H2_HANDSHAKE_FAILURE;
import static io.culvert.proxy.outcome.ResponseFlag.IDENTITY_ERROR;
import static io.culvert.proxy.outcome.ResponseFlag.NETWORK_POLICY;
import static io.culvert.proxy.outcome.ResponseFlag.NONE;
import static io.culvert.proxy.outcome.ResponseFlag.TLS_FAILURE;

/**
 * The one table of names for failures: text of the {@code error} field, response flag, and the status with which an
 * inbound CONNECT is answered. Texts and flags are ztunnel's ({@code proxy.rs:Error},
 * {@code proxy/metrics.rs:ResponseFlags}); statuses are those of {@code proxy/inbound.rs}: 400 for the shape of the
 * request, 401 for policy, 503 for everything that could not be reached.
 *
 * <p>A new cause does not compile until it has its row here.
 */
public final class OutcomeTable {

    private static final int BAD_REQUEST = 400;
    private static final int UNAUTHORIZED = 401;
    private static final int UNAVAILABLE = 503;

    private OutcomeTable() {}

    /**
     * What a cause is called.
     *
     * @param text for the access log; says what to look at next where it can
     * @param status HTTP status for an inbound tunnel that has not been answered yet
     */
    public record Row(String text, ResponseFlag flag, int status) {}

    /** The row of one cause. */
    public static Row of(ProxyError error) {
        return switch (error) {
            case ProxyError.Transport e -> transport(e);
            case ProxyError.Tunnel e -> tunnel(e);
            case ProxyError.Request e -> request(e);
            case ProxyError.Routing e -> new Row(routing(e), CONNECT, UNAVAILABLE);
            case ProxyError.Decision e -> decision(e);
        };
    }

    private static Row transport(ProxyError.Transport error) {
        return switch (error) {
            case ProxyError.BindFailed e -> unreached("failed to bind to address " + e.address() + ": " + e.cause());
            case ProxyError.IoFailed e -> unreached("io error: " + e.cause());
            case ProxyError.DialFailed e -> unreached("connection failed: " + e.cause());
            case ProxyError.TunnelDialTimedOut e ->
                new Row(
                        "connection timed out, maybe a NetworkPolicy is blocking HBONE port 15008: " + e.cause(),
                        NETWORK_POLICY,
                        UNAVAILABLE);
            case ProxyError.HalfCloseFailed e -> unreached("while closing connection: " + e.cause());
            case ProxyError.DestinationDisconnected ignored ->
                unreached("destination disconnected before all data was written");
            case ProxyError.ClientDisconnected ignored -> unreached("client disconnected before all data was written");
            case ProxyError.CopyFailed e -> {
                Row cause = of(e.cause());
                String half = e.half() == ProxyError.Half.SEND ? "send: " : "receive: ";
                yield new Row(half + cause.text(), cause.flag(), cause.status());
            }
        };
    }

    private static Row tunnel(ProxyError.Tunnel error) {
        return switch (error) {
            case ProxyError.TlsHandshakeFailed e -> unreached("tls handshake error: " + e.cause());
            case ProxyError.TlsFailed e -> new Row("tls error: " + e.cause(), TLS_FAILURE, UNAVAILABLE);
            case ProxyError.IdentityFailed e -> new Row("identity error: " + e.cause(), IDENTITY_ERROR, UNAVAILABLE);
            case ProxyError.CertificateRevoked ignored ->
                new Row("connection closed: peer certificate revoked by CRL", CERT_REVOKED, UNAUTHORIZED);
            case ProxyError.Http2HandshakeFailed e ->
                new Row("http2 handshake failed: " + e.cause(), H2_HANDSHAKE_FAILURE, UNAVAILABLE);
            case ProxyError.Http2Failed e -> new Row("h2 failed: " + e.cause(), H2_HANDSHAKE_FAILURE, UNAVAILABLE);
            case ProxyError.ConnectAnswered e -> unreached("http status: " + HttpStatusText.of(e.status()));
            case ProxyError.PoolDraining ignored -> unreached("pool draining");
        };
    }

    private static Row request(ProxyError.Request error) {
        String text = switch (error) {
            case ProxyError.MethodNotConnect e -> "expected method CONNECT, got " + e.method();
            case ProxyError.NoAuthority e -> "no valid authority pseudo header: " + e.authority();
            case ProxyError.NoAuthorityPort e -> "no valid service port in authority header: " + e.authority();
            case ProxyError.IpMismatch e -> "ip mismatch: " + e.local() + " != " + e.authority();
        };
        return new Row(text, CONNECT, BAD_REQUEST);
    }

    private static String routing(ProxyError.Routing error) {
        return switch (error) {
            case ProxyError.UnknownLocalWorkload e -> "failed to fetch information about local workload: " + e.info();
            case ProxyError.AddressUnanswered e ->
                "no answer from the control plane about " + e.key() + ", see /debug/xds";
            case ProxyError.UnknownWaypoint e -> "unknown waypoint: " + e.reference();
            case ProxyError.UnknownNetworkGateway e -> "unknown network gateway: " + e.reference();
            case ProxyError.UnknownHostname e -> "no service or workload for hostname: " + e.hostname();
            case ProxyError.NoHealthyUpstream e -> "no healthy upstream: " + e.target();
            case ProxyError.NoEndpoints e -> "no endpoints for workload: " + e.workload();
            case ProxyError.NoTargetPort e -> "no valid target port for workload: " + e.workload();
            case ProxyError.NoRoutingDestination e -> "no valid routing destination for workload: " + e.workload();
            case ProxyError.NoAddressResolved e -> "no ip addresses were resolved for workload: " + e.workload();
            case ProxyError.EmptyResolution e ->
                "ip addresses were resolved for workload " + e.workload()
                        + ", but valid dns response had no A/AAAA records";
            case ProxyError.HostnamePortUnresolved e ->
                "requested service " + e.hostname() + ":" + e.port() + " found, but cannot resolve port";
            case ProxyError.HostnameHasNoAddress e ->
                "requested service " + e.hostname() + " found, but has no IP addresses";
            case ProxyError.NoServiceForTarget e -> "no service for target address: " + e.target();
            case ProxyError.NoGatewayAddress e -> "no gateway address: " + e.reference();
            case ProxyError.SelfCall ignored -> "attempted recursive call to ourselves";
            case ProxyError.UnsupportedFeature e -> "unsupported feature: " + e.feature();
        };
    }

    private static Row decision(ProxyError.Decision error) {
        return switch (error) {
            case ProxyError.PolicyRejected e ->
                new Row(
                        "connection closed due to policy rejection: "
                                + e.reason().text(),
                        DENY,
                        UNAUTHORIZED);
            case ProxyError.PolicyChanged ignored ->
                new Row("connection closed due to policy change", DENY, UNAUTHORIZED);
            case ProxyError.DrainTimedOut ignored -> unreached("connection failed to drain within the timeout");
            // The flag stays "-": a drain is no failure of the connection (proxy/metrics.rs: drop without a result).
            case ProxyError.Drained ignored -> new Row("connection closed due to connection drain", NONE, UNAVAILABLE);
            case ProxyError.TrackingFailed ignored -> unreached("connection tracking failed");
        };
    }

    private static Row unreached(String text) {
        return new Row(text, CONNECT, UNAVAILABLE);
    }
}
