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
                row(new ProxyError.ConnectAnswered(401), "http status: 401 Unauthorized", "CONNECT", 503),
                row(new ProxyError.ConnectAnswered(503), "http status: 503 Service Unavailable", "CONNECT", 503),
                row(new ProxyError.ConnectAnswered(599), "http status: 599 <unknown status code>", "CONNECT", 503),
                row(new ProxyError.MethodNotConnect("GET"), "expected method CONNECT, got GET", "CONNECT", 400),
                row(new ProxyError.NoAuthority("x"), "no valid authority pseudo header: x", "CONNECT", 400),
                row(
                        new ProxyError.IpMismatch("10.0.0.2", "10.0.0.1"),
                        "ip mismatch: 10.0.0.2 != 10.0.0.1",
                        "CONNECT",
                        400),
                row(new ProxyError.NoHealthyUpstream(TARGET), "no healthy upstream: 10.62.0.1:81", "CONNECT", 503),
                row(new ProxyError.SelfCall(), "attempted recursive call to ourselves", "CONNECT", 503),
                row(
                        new ProxyError.UnknownLocalWorkload("default/a0/a0"),
                        "failed to fetch information about local workload: default/a0/a0",
                        "CONNECT",
                        503),
                row(new ProxyError.TlsFailed("x"), "tls error: x", "TLS_FAILURE", 503),
                row(new ProxyError.TlsHandshakeFailed("x"), "tls handshake error: x", "CONNECT", 503),
                row(new ProxyError.IdentityFailed("x"), "identity error: x", "IDENTITY_ERROR", 503),
                row(new ProxyError.Http2Failed("x"), "h2 failed: x", "H2_HANDSHAKE_FAILURE", 503),
                row(
                        new ProxyError.CertificateRevoked(),
                        "connection closed: peer certificate revoked by CRL",
                        "CERT_REVOKED",
                        401),
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
