package io.culvert.proxy.outbound;

import static io.culvert.proxy.routing.TestMesh.pod;
import static io.culvert.proxy.routing.TestMesh.service;
import static io.culvert.proxy.routing.TestMesh.serving;
import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.proxy.address.IpPort;
import io.culvert.proxy.hbone.ConnectRequest;
import io.culvert.proxy.hbone.Header;
import io.culvert.proxy.routing.OutboundDecision;
import io.culvert.proxy.routing.OutboundRouter;
import io.culvert.proxy.routing.ProxyPorts;
import io.culvert.proxy.routing.TestMesh;
import io.culvert.xds.mesh.IpAddress;
import io.culvert.xds.mesh.Workload;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a CONNECT says besides where it wants to go. */
final class ConnectHeadersTest {
    private static final IpPort CLIENT = IpPort.parse("10.0.0.1:4711").orElseThrow();
    private static final TraceContext TRACE = new TraceContext(1, 2, 3);

    private final TestMesh mesh = new TestMesh()
            .workload(pod("client", "10.0.0.1"))
            .workload(pod("server", "10.0.0.2").services(serving("example", 80, 8080)))
            .service(service("example", "10.10.0.1"));

    private OutboundDecision.Hbone decide() {
        OutboundRouter router = new OutboundRouter("", ProxyPorts.of(false));
        IpPort target = IpPort.parse("10.10.0.1:80").orElseThrow();
        return (OutboundDecision.Hbone)
                router.decide(mesh.snapshot(), mesh.get("client"), IpAddress.parse("10.0.0.1"), target, new Random(1));
    }

    @Test
    void aTunnelTellsTheCallerTheServiceAndTheTraceAndNoNetwork() {
        Workload client = mesh.get("client");
        ConnectRequest request = ConnectHeaders.of("10.0.0.2:8080", decide().destination(), client, CLIENT, TRACE);
        assertThat(request.method()).isEqualTo("CONNECT");
        assertThat(request.authority()).isEqualTo("10.0.0.2:8080");
        assertThat(request.headers()).extracting(Header::name).containsExactly("baggage", "forwarded", "traceparent");
        assertThat(request.header("forwarded")).contains("for=\"10.0.0.1:4711\";host=example.com");
        assertThat(request.header("traceparent")).contains("00-00000000000000010000000000000002-0000000000000003-00");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "east"})
    void onlyTheTunnelInsideTellsItsNetworkEvenWithoutAName(String network) {
        Workload client = mesh.get("client");
        ConnectRequest inner =
                ConnectHeaders.inner("example.com:80", decide().destination(), client, CLIENT, TRACE, network);
        assertThat(inner.authority()).isEqualTo("example.com:80");
        assertThat(inner.headers())
                .extracting(Header::name)
                .containsExactly("baggage", "forwarded", "traceparent", "x-forwarded-network");
        assertThat(inner.header("x-forwarded-network")).contains(network);
    }
}
