package io.culvert.agent.rules;

import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.agent.kernel.Kernel;
import io.culvert.agent.kernel.TestSockets;
import io.culvert.agent.kernel.TwoNamespaces;
import io.culvert.agent.netns.NetnsRef;
import io.culvert.agent.pod.InterfaceName;
import io.culvert.agent.pod.PodOverrides;
import io.culvert.agent.pod.PodOverrides.DnsCapture;
import io.culvert.linux.Fd;
import io.culvert.linux.SocketOptions;
import io.culvert.linux.Sockets;
import io.culvert.linux.netlink.IpFamily;
import io.culvert.linux.netlink.RouteNetlink;
import io.culvert.linux.netlink.Rule;
import io.culvert.linux.nftables.NfBatch;
import io.culvert.linux.nftables.NfFamily;
import io.culvert.linux.nftables.NfTable;
import io.culvert.linux.nftables.NfTableContent;
import io.culvert.linux.nftables.NfTables;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The rules in a real namespace, with real connections through them. */
@Tag("netns")
final class NftPodRulesTest {
    private static final InetAddress PROBE4 = InetAddress.ofLiteral("169.254.7.127");
    private static final InetAddress PROBE6 = InetAddress.ofLiteral("fd16:9254:7127:1337:ffff:ffff:ffff:ffff");
    private static final int APP = 8080;

    private final NftPodRules rules = new NftPodRules(new RuleSettings(true, false, PROBE4, PROBE6));
    private final TestSockets sockets = new TestSockets();
    private TwoNamespaces both;
    private NetnsRef netns;

    @BeforeEach
    void plug() throws IOException {
        Kernel.requireNamespaces();
        both = TwoNamespaces.create();
        netns = NetnsRef.own(both.pod().duplicate());
    }

    @AfterEach
    void unplug() {
        sockets.close();
        if (netns != null) {
            netns.close();
            both.close();
        }
    }

    @ParameterizedTest
    @EnumSource(IpFamily.class)
    void redirectsWhatThePodOpens(IpFamily family) throws IOException {
        rules.apply(netns, PodOverrides.NONE);
        Fd proxy = sockets.listen(both.pod(), 15001);
        InetSocketAddress somewhere = new InetSocketAddress(elsewhere(family), 443);

        sockets.dial(both.pod(), somewhere);

        assertThat(SocketOptions.originalDestination(sockets.accept(proxy).number()))
                .isEqualTo(somewhere);
    }

    @ParameterizedTest
    @EnumSource(IpFamily.class)
    void leavesWhatTheProxyOpensAlone(IpFamily family) throws IOException {
        rules.apply(netns, PodOverrides.NONE);
        Fd proxy = sockets.listen(both.pod(), 15001);
        Fd destination = sockets.listen(both.outside(), 443);

        sockets.dial(both.pod(), new InetSocketAddress(outside(family), 443), Marks.PROXY, null);

        sockets.accept(destination);
        assertThat(Sockets.accept(proxy)).isNull();
    }

    @ParameterizedTest
    @EnumSource(IpFamily.class)
    void redirectsWhatComesIn(IpFamily family) throws IOException {
        rules.apply(netns, PodOverrides.NONE);
        Fd app = sockets.listen(both.pod(), APP);
        Fd proxy = sockets.listen(both.pod(), 15006);
        InetSocketAddress service = new InetSocketAddress(pod(family), APP);

        sockets.dial(both.outside(), service);

        assertThat(SocketOptions.originalDestination(sockets.accept(proxy).number()))
                .isEqualTo(service);
        assertThat(Sockets.accept(app)).isNull();
    }

    @ParameterizedTest
    @EnumSource(IpFamily.class)
    void leavesHboneToTheProxysOwnListener(IpFamily family) throws IOException {
        rules.apply(netns, PodOverrides.NONE);
        Fd plaintext = sockets.listen(both.pod(), 15006);
        Fd hbone = sockets.listen(both.pod(), 15008);

        sockets.dial(both.outside(), new InetSocketAddress(pod(family), 15008));

        assertThat(Sockets.localAddress(sockets.accept(hbone)).getPort()).isEqualTo(15008);
        assertThat(Sockets.accept(plaintext)).isNull();
    }

    @ParameterizedTest
    @EnumSource(IpFamily.class)
    void leavesThePodToItselfAlone(IpFamily family) throws IOException {
        rules.apply(netns, PodOverrides.NONE);
        Fd app = sockets.listen(both.pod(), APP);
        Fd outbound = sockets.listen(both.pod(), 15001);
        InetAddress loopback = InetAddress.ofLiteral(family == IpFamily.V4 ? "127.0.0.1" : "::1");

        sockets.dial(both.pod(), new InetSocketAddress(pod(family), APP));
        sockets.accept(app);
        sockets.dial(both.pod(), new InetSocketAddress(loopback, APP));
        sockets.accept(app);

        assertThat(Sockets.accept(outbound)).isNull();
    }

    @ParameterizedTest
    @EnumSource(IpFamily.class)
    void bringsRepliesBackThatGoToTheClientsOwnAddress(IpFamily family) throws IOException {
        rules.apply(netns, PodOverrides.NONE);
        Fd app = sockets.listen(both.pod(), APP);
        InetSocketAddress client = new InetSocketAddress(outside(family), 40404);

        // As the proxy dials: in the pod, marked, in the name of the client outside.
        Fd dialled = sockets.dial(both.pod(), new InetSocketAddress(pod(family), APP), Marks.PROXY, client);

        assertThat(Sockets.peerAddress(sockets.accept(app))).isEqualTo(client);
        sockets.awaitConnected(dialled);
    }

    @ParameterizedTest
    @EnumSource(IpFamily.class)
    void letsProbesThroughByTheirSourceAddress(IpFamily family) throws IOException {
        rules.apply(netns, PodOverrides.NONE);
        InetAddress probe = family == IpFamily.V4 ? PROBE4 : PROBE6;
        both.addOutsideAddress(probe);
        Fd app = sockets.listen(both.pod(), APP);
        Fd proxy = sockets.listen(both.pod(), 15006);

        Fd dialled = sockets.dial(
                both.outside(), new InetSocketAddress(pod(family), APP), 0, new InetSocketAddress(probe, 0));

        assertThat(Sockets.peerAddress(sockets.accept(app)).getAddress()).isEqualTo(probe);
        sockets.awaitConnected(dialled);
        assertThat(Sockets.accept(proxy)).isNull();
    }

    @ParameterizedTest
    @EnumSource(IpFamily.class)
    void leavesInboundAloneInIngressMode(IpFamily family) throws IOException {
        rules.apply(netns, new PodOverrides(true, DnsCapture.DEFAULT, List.of()));
        Fd app = sockets.listen(both.pod(), APP);
        Fd outbound = sockets.listen(both.pod(), 15001);

        sockets.dial(both.outside(), new InetSocketAddress(pod(family), APP));
        sockets.accept(app);
        sockets.dial(both.pod(), new InetSocketAddress(elsewhere(family), 443));
        sockets.accept(outbound);
    }

    @ParameterizedTest
    @EnumSource(IpFamily.class)
    void takesIngressOfAVirtualInterfaceForOutbound(IpFamily family) throws IOException {
        rules.apply(netns, new PodOverrides(false, DnsCapture.DEFAULT, List.of(new InterfaceName("eth0"))));
        Fd outbound = sockets.listen(both.pod(), 15001);
        Fd inbound = sockets.listen(both.pod(), 15006);

        sockets.dial(both.outside(), new InetSocketAddress(pod(family), APP));

        sockets.accept(outbound);
        assertThat(Sockets.accept(inbound)).isNull();
    }

    @ParameterizedTest
    @EnumSource(IpFamily.class)
    void redirectsDnsOnlyWhereCaptured(IpFamily family) throws IOException {
        Fd dns = sockets.listen(both.pod(), 15053);
        Fd outbound = sockets.listen(both.pod(), 15001);
        InetSocketAddress resolver = new InetSocketAddress(elsewhere(family), 53);

        rules.apply(netns, new PodOverrides(false, DnsCapture.ON, List.of()));
        sockets.dial(both.pod(), resolver);
        sockets.accept(dns);

        rules.apply(netns, PodOverrides.NONE);
        sockets.dial(both.pod(), resolver);
        sockets.accept(outbound);
        assertThat(Sockets.accept(dns)).isNull();
    }

    @ParameterizedTest
    @EnumSource(IpFamily.class)
    void restoresDirectTrafficOnRemoval(IpFamily family) throws IOException {
        rules.apply(netns, PodOverrides.NONE);
        rules.remove(netns);
        rules.remove(netns);
        Fd app = sockets.listen(both.pod(), APP);
        Fd destination = sockets.listen(both.outside(), 443);

        sockets.dial(both.pod(), new InetSocketAddress(outside(family), 443));
        sockets.accept(destination);
        sockets.dial(both.outside(), new InetSocketAddress(pod(family), APP));
        sockets.accept(app);

        assertThat(dump(AmbientTable.TABLE)).isEmpty();
        assertThat(routingRules()).noneMatch(rule -> rule.priority() == PolicyRouting.PRIORITY);
        assertThat(tableRoutes()).isZero();
    }

    @Test
    void isTheSameAfterAnyNumberOfApplications() throws IOException {
        rules.apply(netns, PodOverrides.NONE);
        var once = dump(AmbientTable.TABLE);
        rules.apply(netns, PodOverrides.NONE);
        rules.apply(netns, PodOverrides.NONE);

        assertThat(dump(AmbientTable.TABLE)).isEqualTo(once);
        assertThat(routingRules().stream().filter(rule -> rule.priority() == PolicyRouting.PRIORITY))
                .hasSize(2);
        assertThat(tableRoutes()).isEqualTo(2);
    }

    @Test
    void addsTheV6RuleWhereOnlyTheV4OneIsThere() throws IOException {
        try (RouteNetlink netlink = RouteNetlink.open(both.pod())) {
            netlink.addRule(
                    new Rule(IpFamily.V4, PolicyRouting.PRIORITY, Marks.RETURN, Marks.MASK, PolicyRouting.TABLE));
        }
        rules.apply(netns, PodOverrides.NONE);

        assertThat(routingRules().stream().filter(rule -> rule.priority() == PolicyRouting.PRIORITY))
                .extracting(Rule::family)
                .containsExactly(IpFamily.V4, IpFamily.V6);
    }

    @Test
    void repairsRulesThatSomebodyChanged() throws IOException {
        rules.apply(netns, PodOverrides.NONE);
        var whole = dump(AmbientTable.TABLE);
        try (NfTables tables = NfTables.open(both.pod())) {
            tables.commit(new NfBatch().flushTable(AmbientTable.TABLE));
        }
        assertThat(dump(AmbientTable.TABLE)).isNotEqualTo(whole);

        rules.apply(netns, PodOverrides.NONE);
        assertThat(dump(AmbientTable.TABLE)).isEqualTo(whole);
    }

    @Test
    void leavesTablesOfOthersAlone() throws IOException {
        NfTable foreign = new NfTable(NfFamily.INET, "foreign");
        try (NfTables tables = NfTables.open(both.pod())) {
            tables.commit(new NfBatch().addTable(foreign));
        }
        rules.apply(netns, PodOverrides.NONE);
        rules.remove(netns);

        assertThat(dump(foreign)).isPresent();
    }

    @Test
    void writesV4OnlyWhereIpv6IsOff() throws IOException {
        new NftPodRules(new RuleSettings(false, false, PROBE4, PROBE6)).apply(netns, PodOverrides.NONE);

        assertThat(routingRules().stream().filter(rule -> rule.priority() == PolicyRouting.PRIORITY))
                .extracting(Rule::family)
                .containsExactly(IpFamily.V4);
    }

    private Optional<NfTableContent> dump(NfTable table) throws IOException {
        try (NfTables tables = NfTables.open(both.pod())) {
            return tables.dump(table);
        }
    }

    private List<Rule> routingRules() throws IOException {
        try (RouteNetlink netlink = RouteNetlink.open(both.pod())) {
            return netlink.rules();
        }
    }

    private int tableRoutes() throws IOException {
        try (RouteNetlink netlink = RouteNetlink.open(both.pod())) {
            return netlink.routes(PolicyRouting.TABLE).size();
        }
    }

    private static InetAddress pod(IpFamily family) {
        return family == IpFamily.V4 ? TwoNamespaces.POD4 : TwoNamespaces.POD6;
    }

    private static InetAddress outside(IpFamily family) {
        return family == IpFamily.V4 ? TwoNamespaces.OUTSIDE4 : TwoNamespaces.OUTSIDE6;
    }

    private static InetAddress elsewhere(IpFamily family) {
        return InetAddress.ofLiteral(family == IpFamily.V4 ? "203.0.113.7" : "2001:db8::7");
    }
}
