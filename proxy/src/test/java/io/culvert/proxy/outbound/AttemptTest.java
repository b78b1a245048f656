package io.culvert.proxy.outbound;

import static io.culvert.proxy.routing.TestMesh.byAddress;
import static io.culvert.proxy.routing.TestMesh.pod;
import static io.culvert.proxy.routing.TestMesh.service;
import static io.culvert.proxy.routing.TestMesh.serving;
import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.linux.Errno;
import io.culvert.proxy.address.IpPort;
import io.culvert.proxy.hbone.OpenFailure;
import io.culvert.proxy.relay.TcpDial;
import io.culvert.proxy.routing.OutboundRouter;
import io.culvert.proxy.routing.ProxyPorts;
import io.culvert.proxy.routing.Shunned;
import io.culvert.proxy.routing.TestMesh;
import io.culvert.xds.mesh.IpAddress;
import io.culvert.xds.mesh.Workload;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Who is tried, and after which failures another one may do better. */
final class AttemptTest {
    private final TestMesh mesh = new TestMesh()
            .workload(pod("client", "10.0.0.1"))
            .workload(pod("server", "10.0.0.2").services(serving("example", 80, 8080)))
            .workload(pod("waypoint", "10.0.0.3"))
            .service(service("example", "10.10.0.1"))
            .service(service("guarded", "10.10.0.2").waypoint(byAddress("10.0.0.3", 15008)));

    private Attempt attempt(String target) {
        OutboundRouter router = new OutboundRouter("", ProxyPorts.of(false));
        return Attempt.of(router.decide(
                mesh.snapshot(),
                mesh.get("client"),
                IpAddress.parse("10.0.0.1"),
                IpPort.parse(target).orElseThrow(),
                new Random(1)));
    }

    @ParameterizedTest
    @CsvSource({"10.10.0.1:80, server, 8080", "10.10.0.2:80, waypoint, 15008", "10.0.0.2:9, server, 9"})
    void namesWhatIsDialledByThePortThatTheBalancerCounts(String target, String hop, int port) {
        Attempt attempt = attempt(target);
        assertThat(attempt.hop()).isNotNull().extracting(Workload::name).isEqualTo(hop);
        assertThat(attempt.port()).isEqualTo(port);
        Tried tried = new Tried(Shunned.NOBODY);
        assertThat(attempt.isNewTo(tried)).isTrue();
        tried.add(mesh.get(hop), port);
        assertThat(attempt.isNewTo(tried)).isFalse();
    }

    @Test
    void anAddressOfNobodyIsNotTriedAgain() {
        assertThat(attempt("192.0.2.1:443").isNewTo(new Tried(Shunned.NOBODY))).isFalse();
    }

    @Test
    void anotherEndpointMayServeWhereThisOneCouldNotBeReached() {
        Attempt direct = attempt("10.10.0.1:80");
        assertThat(direct.isEndpointsFault(dial(Errno.ECONNREFUSED))).isTrue();
        assertThat(direct.isEndpointsFault(new OpenFailure.DialFailed(new TcpDial.TimedOut(1))))
                .isTrue();
        assertThat(direct.isEndpointsFault(new OpenFailure.TlsFailed("another's certificate")))
                .isTrue();
        assertThat(direct.isEndpointsFault(new OpenFailure.ConnectionLost("gone")))
                .isTrue();
        assertThat(direct.isEndpointsFault(new OpenFailure.Refused(503))).isTrue();
    }

    @Test
    void noOtherIsTriedWherePolicyRefusesOrTheFaultIsOurs() {
        Attempt direct = attempt("10.10.0.1:80");
        assertThat(direct.isEndpointsFault(new OpenFailure.Refused(401))).isFalse();
        assertThat(direct.isEndpointsFault(new OpenFailure.Refused(400))).isFalse();
        assertThat(direct.isEndpointsFault(dial(Errno.EMFILE))).isFalse();
        assertThat(direct.isEndpointsFault(dial(Errno.EADDRNOTAVAIL))).isFalse();
        assertThat(direct.isEndpointsFault(new OpenFailure.CertificateUnavailable("CA away")))
                .isFalse();
        assertThat(direct.isEndpointsFault(new OpenFailure.Draining())).isFalse();
        // A waypoint has chosen among all endpoints before it says so.
        assertThat(attempt("10.10.0.2:80").isEndpointsFault(new OpenFailure.Refused(503)))
                .isFalse();
    }

    private static OpenFailure dial(int errno) {
        return new OpenFailure.DialFailed(new TcpDial.Failed(errno));
    }
}
