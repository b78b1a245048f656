package io.culvert.proxy.routing;

import static io.culvert.proxy.routing.TestMesh.byAddress;
import static io.culvert.proxy.routing.TestMesh.pod;
import static io.culvert.proxy.routing.TestMesh.service;
import static io.culvert.proxy.routing.TestMesh.serving;
import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.proxy.address.IpPort;
import io.culvert.proxy.outcome.OutcomeTable;
import io.culvert.proxy.outcome.ProxyError;
import io.culvert.xds.mesh.ApplicationTunnel;
import io.culvert.xds.mesh.GatewayAddress;
import io.culvert.xds.mesh.IpAddress;
import io.culvert.xds.mesh.NamespacedName;
import io.culvert.xds.mesh.NetworkAddress;
import io.culvert.xds.mesh.PortMap;
import io.culvert.xds.mesh.Service;
import io.culvert.xds.mesh.Workload;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The decision vectors of ztunnel's proxy/inbound.rs: client 10.0.0.1, server 10.0.0.2 (10.10.0.1), waypoint 10.0.0.3
 * (10.10.0.2).
 */
class InboundRouterTest {

    private static final String REJECTED = "rejected";

    private final TestMesh mesh = new TestMesh();

    /** Who names the waypoint, and how. */
    enum Attached {
        NOBODY,
        POD_BY_POD_IP,
        POD_BY_VIP,
        SERVICE_BY_POD_IP,
        SERVICE_BY_VIP;

        boolean pod() {
            return this == POD_BY_POD_IP || this == POD_BY_VIP;
        }

        boolean service() {
            return this == SERVICE_BY_POD_IP || this == SERVICE_BY_VIP;
        }

        GatewayAddress waypoint() {
            boolean vip = this == POD_BY_VIP || this == SERVICE_BY_VIP;
            return byAddress(vip ? "10.10.0.2" : "10.0.0.3", 15008);
        }
    }

    private void build(Attached attached, boolean tunnel) {
        Workload.Builder server = pod("server", "10.0.0.2").services(serving("server", 80, 8080));
        Workload.Builder waypoint = pod("waypoint", "10.0.0.3").services(serving("waypoint", 15008, 15008));
        Service.Builder serverService = service("server", "10.10.0.1");
        if (attached.pod()) {
            server.waypoint(attached.waypoint());
        }
        if (attached.service()) {
            serverService.waypoint(attached.waypoint());
        }
        if (tunnel) {
            waypoint.applicationTunnel(new ApplicationTunnel(ApplicationTunnel.Protocol.PROXY, 15088));
        }
        mesh.workload(pod("client", "10.0.0.1")).workload(server).workload(waypoint);
        mesh.service(serverService);
        mesh.service(service("waypoint", "10.10.0.2").ports(PortMap.of(Map.of(15008, 15008))));
    }

    private InboundDecision decide(String pod, String authority, boolean localhostTunnel) {
        Workload local = mesh.get(pod);
        return new InboundRouter("", ProxyPorts.of(false), localhostTunnel)
                .decide(
                        mesh.snapshot(),
                        local,
                        local.addresses().getFirst(),
                        Authority.parse(authority).orElseThrow());
    }

    private InboundDecision decide(String pod, String authority) {
        return decide(pod, authority, true);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "NOBODY            | false | server   | 10.0.0.2:8080  | 10.0.0.2:8080",
                "NOBODY            | false | server   | server.com:80  | 10.0.0.2:8080",
                "POD_BY_POD_IP     | false | waypoint | 10.0.0.2:8080  | 10.0.0.3:8080",
                "POD_BY_VIP        | false | waypoint | 10.0.0.2:8080  | 10.0.0.3:8080",
                "POD_BY_POD_IP     | true  | waypoint | 10.0.0.2:8080  | 10.0.0.3:15088",
                "POD_BY_VIP        | true  | waypoint | 10.0.0.2:8080  | 10.0.0.3:15088",
                "SERVICE_BY_POD_IP | false | waypoint | 10.10.0.1:8080 | 10.0.0.3:8080",
                "SERVICE_BY_VIP    | false | waypoint | 10.10.0.1:8080 | 10.0.0.3:8080",
                "SERVICE_BY_POD_IP | true  | waypoint | 10.10.0.1:8080 | 10.0.0.3:15088",
                "SERVICE_BY_VIP    | true  | waypoint | 10.10.0.1:8080 | 10.0.0.3:15088",
                "NOBODY            | false | server   | 10.0.0.1:80    | rejected",
                "NOBODY            | false | waypoint | 10.0.0.1:80    | rejected",
                "SERVICE_BY_POD_IP | false | waypoint | 10.0.0.2:8080  | rejected",
                "SERVICE_BY_VIP    | false | waypoint | 10.0.0.2:8080  | rejected",
                "POD_BY_POD_IP     | false | waypoint | 10.10.0.1:8080 | rejected",
                "POD_BY_VIP        | false | waypoint | 10.10.0.1:8080 | rejected"
            })
    void answersForItsOwnAddressAndForThoseWhoseWaypointItIs(
            Attached attached, boolean tunnel, String pod, String authority, String expected) {
        build(attached, tunnel);
        switch (decide(pod, authority)) {
            case InboundDecision.Forward forward ->
                assertThat(forward.destination()).hasToString(expected);
            case InboundDecision.Refused refused -> {
                assertThat(expected).isEqualTo(REJECTED);
                assertThat(refused.error()).isInstanceOf(ProxyError.IpMismatch.class);
            }
        }
    }

    @Test
    void anApplicationThatTakesTheProxyProtocolIsToldWhatWasAskedForAndDialledOnLoopback() {
        build(Attached.SERVICE_BY_VIP, true);
        assertThat(decide("waypoint", "10.10.0.1:8080"))
                .isInstanceOfSatisfying(InboundDecision.Forward.class, forward -> {
                    assertThat(forward.dial()).hasToString("127.0.0.1:15088");
                    assertThat(forward.keepsSource()).isFalse();
                    assertThat(forward.preamble())
                            .isInstanceOfSatisfying(
                                    InboundDecision.Preamble.ProxyHeader.class,
                                    header -> assertThat(header.destination()).hasToString("10.10.0.1:8080"));
                });
        assertThat(decide("waypoint", "10.10.0.1:8080", false))
                .isInstanceOfSatisfying(InboundDecision.Forward.class, forward -> {
                    assertThat(forward.dial()).hasToString("10.0.0.3:15088");
                    assertThat(forward.keepsSource()).isTrue();
                });
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "nowhere.com:80 | no service or workload for hostname: nowhere.com",
                "server.com:81  | requested service server.com:81 found, but cannot resolve port",
                "10.0.0.2:15008 | attempted recursive call to ourselves",
                "10.0.0.2:15001 | attempted recursive call to ourselves"
            })
    void refusesWhatItCannotResolve(String authority, String text) {
        build(Attached.NOBODY, false);
        assertThat(decide("server", authority))
                .isInstanceOfSatisfying(
                        InboundDecision.Refused.class,
                        refused -> assertThat(OutcomeTable.of(refused.error()))
                                .satisfies(row -> assertThat(row.text()).isEqualTo(text))
                                .satisfies(row -> assertThat(row.status()).isEqualTo(503)));
    }

    @Test
    void theRecursionCheckComesAfterThePortIsResolvedAndBeforeTheTunnel() {
        mesh.workload(pod("server", "10.0.0.2").services(serving("server", 80, 15006)));
        mesh.service(service("server", "10.10.0.1"));
        assertThat(decide("server", "server.com:80"))
                .isInstanceOfSatisfying(
                        InboundDecision.Refused.class,
                        refused -> assertThat(refused.error()).isInstanceOf(ProxyError.SelfCall.class));
    }

    @Test
    void aServiceOfItsOwnNamespaceGoesBeforeACanonicalOne() {
        mesh.service(service("server", "10.10.0.1").ports(PortMap.of(Map.of(80, 1))));
        mesh.service(service("server", "10.10.0.9")
                .namespace("other")
                .canonical(true)
                .ports(PortMap.of(Map.of(80, 2))));
        mesh.workload(pod("server", "10.0.0.2"));
        mesh.workload(pod("stranger", "10.0.0.4").namespace("third"));
        assertThat(decide("server", "server.com:80"))
                .isInstanceOfSatisfying(
                        InboundDecision.Forward.class,
                        forward -> assertThat(forward.destination()).hasToString("10.0.0.2:1"));
        assertThat(decide("stranger", "server.com:80"))
                .isInstanceOfSatisfying(
                        InboundDecision.Forward.class,
                        forward -> assertThat(forward.destination()).hasToString("10.0.0.4:2"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"", "host", "host:", ":80", "host:99999", "ho st:80", "10.0.0.1", "[::1]", "a\r\nb:80", "é:80"})
    void anAuthorityIsAnAddressOrAHostWithAPort(String text) {
        assertThat(Authority.parse(text)).isEmpty();
    }

    @Test
    void anAuthorityPrintsAsItCame() {
        assertThat(Authority.parse("[2001:db8::1]:80").orElseThrow()).hasToString("[2001:db8::1]:80");
        assertThat(Authority.parse("echo.default.svc.cluster.local:80").orElseThrow())
                .hasToString("echo.default.svc.cluster.local:80");
    }

    @Test
    void guessesTheServiceByTheForwardedHostThenByThePort() {
        mesh.workload(pod("server", "10.0.0.2")
                .services(Map.of(
                        new NamespacedName("ns", "one.com"), PortMap.of(Map.of(80, 8080)),
                        new NamespacedName("ns", "two.com"), PortMap.of(Map.of(80, 9090)))));
        mesh.service(service("one").ports(PortMap.of(Map.of(80, 8080))));
        mesh.service(service("two").ports(PortMap.of(Map.of(80, 9090))));
        Workload server = mesh.get("server");
        List<Service> all = mesh.snapshot().servicesOf(server);
        assertThat(guess(all, server, "two.com", 8080)).isEqualTo("two.com");
        assertThat(guess(all, server, "three.com", 9090)).isEqualTo("two.com");
        assertThat(guess(all, server, "", 7)).isEqualTo("-");
    }

    private String guess(List<Service> among, Workload local, String forwardedHost, int port) {
        return ServiceGuess.of(mesh.snapshot(), among, local, forwardedHost, port)
                .map(Service::hostname)
                .orElse("-");
    }

    @Test
    void whoAsksByNameIsCountedForThatServiceThoughAnotherHasTheSamePort() {
        mesh.workload(pod("server", "10.0.0.2")
                .services(Map.of(
                        new NamespacedName("ns", "first.com"), PortMap.of(Map.of(80, 8080)),
                        new NamespacedName("ns", "second.com"), PortMap.of(Map.of(80, 8080)))));
        mesh.service(service("first", "10.10.0.1"));
        mesh.service(service("second", "10.10.0.2"));
        for (String name : List.of("first.com", "second.com")) {
            assertThat(decide("server", name + ":80"))
                    .isInstanceOfSatisfying(
                            InboundDecision.Forward.class,
                            forward -> assertThat(guess(forward.services(), mesh.get("server"), "", 8080))
                                    .isEqualTo(name));
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "10.10.0.1           | 10.10.0.1",
                "2001:db8::1 10.10.0.1 | 10.10.0.1",
                "10.10.0.1 10.10.0.2 | 10.10.0.2",
                "2001:db8::1         | 2001:db8::1",
                "other/10.10.0.1 2001:db8::1 | 2001:db8::1",
                "other/10.10.0.1     | 10.10.0.1",
            })
    void aServiceAskedForByNameIsToldToTheApplicationByAnAddressOfItsOwn(String vips, String told) {
        mesh.workload(pod("waypoint", "10.0.0.3")
                .applicationTunnel(new ApplicationTunnel(ApplicationTunnel.Protocol.PROXY, 15088)));
        mesh.service(service("server")
                .vips(Stream.of(vips.split(" "))
                        .map(vip -> vip.split("/"))
                        .map(parts -> new NetworkAddress(
                                parts.length == 1 ? "" : parts[0], IpAddress.parse(parts[parts.length - 1])))
                        .toList()));
        assertThat(decide("waypoint", "server.com:80"))
                .isInstanceOfSatisfying(
                        InboundDecision.Forward.class,
                        forward -> assertThat(forward.preamble())
                                .isEqualTo(new InboundDecision.Preamble.ProxyHeader(
                                        new IpPort(IpAddress.parse(told), 80))));
    }

    @Test
    void aServiceWithoutAddressCannotBeToldToTheApplication() {
        mesh.workload(pod("waypoint", "10.0.0.3")
                .applicationTunnel(new ApplicationTunnel(ApplicationTunnel.Protocol.PROXY, 15088)));
        mesh.service(service("server"));
        assertThat(decide("waypoint", "server.com:80"))
                .isInstanceOfSatisfying(
                        InboundDecision.Refused.class,
                        refused -> assertThat(OutcomeTable.of(refused.error()).text())
                                .isEqualTo("requested service server.com found, but has no IP addresses"));
    }

    @Test
    void aPlainApplicationTunnelChangesThePortAndNothingElse() {
        mesh.workload(pod("waypoint", "10.0.0.3")
                .applicationTunnel(new ApplicationTunnel(ApplicationTunnel.Protocol.NONE, 15089)));
        assertThat(decide("waypoint", "10.0.0.9:80")).isInstanceOfSatisfying(InboundDecision.Forward.class, forward -> {
            assertThat(forward.destination()).hasToString("10.0.0.3:15089");
            assertThat(forward.dial()).isEqualTo(forward.destination());
            assertThat(forward.keepsSource()).isTrue();
            assertThat(forward.preamble()).isEqualTo(new InboundDecision.Preamble.None());
        });
    }

    @Test
    void plaintextToAnyOfItsOwnPortsIsASelfCallOnAnyAddress() {
        InboundRouter router = new InboundRouter("", ProxyPorts.of(false), true);
        assertThat(router.isSelfCall(new IpPort(IpAddress.parse("10.0.0.2"), 15006)))
                .isTrue();
        assertThat(router.isSelfCall(new IpPort(IpAddress.parse("10.0.0.2"), 15020)))
                .isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "server, 10.0.0.2:8080, -",
        "server, server.ns.svc.cluster.local:80, -",
        "server, 10.10.0.1:80, /10.10.0.1",
        "server, 10.0.0.9:80, /10.0.0.9",
    })
    void namesTheForeignAddressThatMustBeKnownFirst(String pod, String authority, String expected) {
        build(Attached.NOBODY, false);
        assertThat(mustBeKnown(pod, authority)).isEqualTo(expected);
    }

    @Test
    void anApplicationTunnelAnswersForWhateverAddress() {
        build(Attached.NOBODY, true);
        assertThat(mustBeKnown("waypoint", "10.0.0.9:80")).isEqualTo("-");
    }

    private String mustBeKnown(String pod, String authority) {
        Workload local = mesh.get(pod);
        return new InboundRouter("", ProxyPorts.of(false), false)
                .mustBeKnown(
                        local,
                        local.addresses().getFirst(),
                        Authority.parse(authority).orElseThrow())
                .map(NetworkAddress::toString)
                .orElse("-");
    }
}
