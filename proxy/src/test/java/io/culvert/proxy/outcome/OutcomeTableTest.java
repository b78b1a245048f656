package io.culvert.proxy.outcome;

import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.proxy.address.IpPort;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class OutcomeTableTest {

    private static final IpPort TARGET = IpPort.parse("10.62.0.1:81").orElseThrow();
    private static final int ECONNREFUSED = 111;
    private static final int EHOSTUNREACH = 113;

    static Stream<Arguments> rows() {
        return Stream.of(transport(), tunnels(), requests(), routing(), decisions())
                .flatMap(rows -> rows);
    }

    private static Stream<Arguments> transport() {
        return Stream.of(
                row(
                        new ProxyError.IoFailed(IoCause.errno(EHOSTUNREACH)),
                        "io error: No route to host (os error 113)",
                        "CONNECT",
                        503),
                row(
                        new ProxyError.DialFailed(IoCause.errno(-ECONNREFUSED)),
                        "connection failed: Connection refused (os error 111)",
                        "CONNECT",
                        503),
                row(
                        new ProxyError.TunnelDialTimedOut(IoCause.TIMED_OUT),
                        "connection timed out, maybe a NetworkPolicy is blocking HBONE port 15008: "
                                + "deadline has elapsed",
                        "NETWORK_POLICY",
                        503),
                row(
                        new ProxyError.BindFailed("[::]:15008", IoCause.errno(98)),
                        "failed to bind to address [::]:15008: Address already in use (os error 98)",
                        "CONNECT",
                        503),
                row(
                        new ProxyError.HalfCloseFailed(IoCause.errno(32)),
                        "while closing connection: Broken pipe (os error 32)",
                        "CONNECT",
                        503),
                row(
                        new ProxyError.DestinationDisconnected(),
                        "destination disconnected before all data was written",
                        "CONNECT",
                        503),
                row(
                        new ProxyError.ClientDisconnected(),
                        "client disconnected before all data was written",
                        "CONNECT",
                        503));
    }

    private static Stream<Arguments> tunnels() {
        return Stream.of(
                row(new ProxyError.ConnectAnswered(401), "http status: 401 Unauthorized", "CONNECT", 503),
                row(new ProxyError.ConnectAnswered(503), "http status: 503 Service Unavailable", "CONNECT", 503),
                row(new ProxyError.ConnectAnswered(599), "http status: 599 <unknown status code>", "CONNECT", 503),
                row(new ProxyError.TlsFailed("x"), "tls error: x", "TLS_FAILURE", 503),
                row(new ProxyError.TlsHandshakeFailed("x"), "tls handshake error: x", "CONNECT", 503),
                row(new ProxyError.IdentityFailed("x"), "identity error: x", "IDENTITY_ERROR", 503),
                row(new ProxyError.Http2Failed("x"), "h2 failed: x", "H2_HANDSHAKE_FAILURE", 503),
                row(
                        new ProxyError.CertificateRevoked(),
                        "connection closed: peer certificate revoked by CRL",
                        "CERT_REVOKED",
                        401),
                row(new ProxyError.PoolDraining(), "pool draining", "CONNECT", 503),
                row(
                        new ProxyError.Http2HandshakeFailed("x"),
                        "http2 handshake failed: x",
                        "H2_HANDSHAKE_FAILURE",
                        503));
    }

    private static Stream<Arguments> requests() {
        return Stream.of(
                row(new ProxyError.MethodNotConnect("GET"), "expected method CONNECT, got GET", "CONNECT", 400),
                row(new ProxyError.NoAuthority("x"), "no valid authority pseudo header: x", "CONNECT", 400),
                row(
                        new ProxyError.IpMismatch("10.0.0.2", "10.0.0.1"),
                        "ip mismatch: 10.0.0.2 != 10.0.0.1",
                        "CONNECT",
                        400),
                row(
                        new ProxyError.NoAuthorityPort("host"),
                        "no valid service port in authority header: host",
                        "CONNECT",
                        400));
    }

    private static Stream<Arguments> routing() {
        return Stream.of(
                row(new ProxyError.NoHealthyUpstream(TARGET), "no healthy upstream: 10.62.0.1:81", "CONNECT", 503),
                row(new ProxyError.SelfCall(), "attempted recursive call to ourselves", "CONNECT", 503),
                row(
                        new ProxyError.UnknownLocalWorkload("default/a0/a0"),
                        "failed to fetch information about local workload: default/a0/a0",
                        "CONNECT",
                        503),
                row(new ProxyError.UnknownWaypoint("ns/w"), "unknown waypoint: ns/w", "CONNECT", 503),
                row(new ProxyError.UnknownNetworkGateway("g"), "unknown network gateway: g", "CONNECT", 503),
                row(new ProxyError.UnknownHostname("h"), "no service or workload for hostname: h", "CONNECT", 503),
                row(new ProxyError.NoEndpoints("w"), "no endpoints for workload: w", "CONNECT", 503),
                row(new ProxyError.NoTargetPort("w"), "no valid target port for workload: w", "CONNECT", 503),
                row(
                        new ProxyError.NoRoutingDestination("w"),
                        "no valid routing destination for workload: w",
                        "CONNECT",
                        503),
                row(
                        new ProxyError.HostnamePortUnresolved("h", 80),
                        "requested service h:80 found, but cannot resolve port",
                        "CONNECT",
                        503),
                row(
                        new ProxyError.HostnameHasNoAddress("h"),
                        "requested service h found, but has no IP addresses",
                        "CONNECT",
                        503),
                row(
                        new ProxyError.NoServiceForTarget(TARGET),
                        "no service for target address: 10.62.0.1:81",
                        "CONNECT",
                        503),
                row(new ProxyError.NoGatewayAddress("g"), "no gateway address: g", "CONNECT", 503),
                row(new ProxyError.UnsupportedFeature("f"), "unsupported feature: f", "CONNECT", 503));
    }

    private static Stream<Arguments> decisions() {
        return Stream.of(
                row(
                        new ProxyError.PolicyRejected(new RejectReason.ExplicitlyDenied("default/deny-9999")),
                        "connection closed due to policy rejection: explicitly denied by: default/deny-9999",
                        "DENY",
                        401),
                row(
                        new ProxyError.PolicyRejected(new RejectReason.NotAllowed()),
                        "connection closed due to policy rejection: allow policies exist, but none allowed",
                        "DENY",
                        401),
                row(new ProxyError.PolicyChanged(), "connection closed due to policy change", "DENY", 401),
                row(new ProxyError.TrackingFailed(), "connection tracking failed", "CONNECT", 503),
                row(
                        new ProxyError.PolicyRejected(new RejectReason.WorkloadNotFound()),
                        "connection closed due to policy rejection: workload not found",
                        "DENY",
                        401),
                row(
                        new ProxyError.PolicyRejected(new RejectReason.WorkloadMismatch()),
                        "connection closed due to policy rejection: workload mismatch",
                        "DENY",
                        401),
                row(new ProxyError.DrainTimedOut(), "connection failed to drain within the timeout", "CONNECT", 503),
                row(new ProxyError.Drained(), "connection closed due to connection drain", "-", 503));
    }

    private static Arguments row(ProxyError error, String text, String flag, int status) {
        return Arguments.of(error, text, flag, status);
    }

    @ParameterizedTest
    @MethodSource("rows")
    void namesEachCauseOnceForLogMetricAndStatus(ProxyError error, String text, String flag, int status) {
        OutcomeTable.Row row = OutcomeTable.of(error);
        assertThat(row.text()).isEqualTo(text);
        assertThat(row.flag().label()).isEqualTo(flag);
        assertThat(row.status()).isEqualTo(status);
        assertThat(Outcome.failed(error).flag()).isEqualTo(row.flag());
    }

    @Test
    void tellsTheHalfInWhichCopyingBrokeAndKeepsTheFlagOfItsCause() {
        ProxyError cause = new ProxyError.Http2Failed("stream error");
        OutcomeTable.Row row = OutcomeTable.of(new ProxyError.CopyFailed(ProxyError.Half.SEND, cause));
        assertThat(row.text()).isEqualTo("send: h2 failed: stream error");
        assertThat(row.flag()).isEqualTo(ResponseFlag.H2_HANDSHAKE_FAILURE);
        assertThat(OutcomeTable.of(new ProxyError.CopyFailed(ProxyError.Half.RECEIVE, cause))
                        .text())
                .startsWith("receive: ");
    }

    @Test
    void aCompletedConnectionHasNoFlag() {
        assertThat(Outcome.completed().flag().label()).isEqualTo("-");
    }

    @Test
    void unknownErrnoStillHasItsNumber() {
        assertThat(List.of(IoCause.errno(4242).text())).containsExactly("Unknown error 4242 (os error 4242)");
    }
}
