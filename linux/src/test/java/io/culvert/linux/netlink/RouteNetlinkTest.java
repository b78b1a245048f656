package io.culvert.linux.netlink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import io.culvert.linux.Errno;
import io.culvert.linux.KernelException;
import io.culvert.linux.Netns;
import io.culvert.linux.TestKernel;
import java.io.IOException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("netns")
class RouteNetlinkTest {
    private static final int TABLE = 100;

    private Netns netns;
    private RouteNetlink netlink;

    @BeforeAll
    static void needsNamespaces() {
        TestKernel.requireNamespaces();
    }

    @BeforeEach
    void open() throws IOException {
        netns = Netns.create();
        netlink = RouteNetlink.open(netns);
    }

    @AfterEach
    void close() {
        netlink.close();
        netns.close();
    }

    private static InetAddress ip(String text) {
        return InetAddress.ofLiteral(text);
    }

    private static void assertErrno(int errno, ThrowingCallable call) {
        assertThatThrownBy(call)
                .asInstanceOf(type(KernelException.class))
                .extracting(KernelException::errno)
                .isEqualTo(errno);
    }

    @Test
    void startsWithALoopbackThatIsDown() throws IOException {
        assertThat(netlink.links()).singleElement().matches(l -> l.name().equals("lo") && !l.up());

        netlink.setUp("lo");

        assertThat(netlink.link("lo").up()).isTrue();
        assertThat(netlink.addresses()).extracting(InterfaceAddress::address).contains(ip("127.0.0.1"), ip("::1"));
        netlink.setDown("lo");
        assertThat(netlink.link("lo").up()).isFalse();
    }

    @Test
    void cablesTwoNamespacesTogether() throws IOException {
        try (Netns pod = Netns.create();
                RouteNetlink inPod = RouteNetlink.open(pod)) {
            netlink.createVeth("veth0", "eth0", pod);
            netlink.setUp("veth0");
            inPod.setUp("eth0");

            Link near = netlink.link("veth0");
            assertThat(near.kind()).isEqualTo("veth");
            assertThat(near.running()).isTrue();
            assertThat(inPod.link("eth0").up()).isTrue();
            assertThat(netlink.findLink("eth0")).isEmpty();
        }
    }

    @Test
    void refusesANamespaceWhoseHandleIsClosed() throws IOException {
        Netns gone = Netns.create();
        gone.close();
        netlink.createVeth("a0", "b0");

        assertErrno(Errno.EBADF, () -> netlink.createVeth("veth0", "eth0", gone));
        assertErrno(Errno.EBADF, () -> netlink.setNetns("a0", gone));
        assertThat(netlink.findLink("veth0")).isEmpty();
    }

    @Test
    void makesBridgesWithPorts() throws IOException {
        netlink.createBridge("cni0");
        netlink.createVeth("port0", "peer0");
        netlink.setMaster("port0", "cni0");

        assertThat(netlink.link("port0").masterIndex())
                .isEqualTo(netlink.link("cni0").index());
        assertThat(netlink.link("cni0").kind()).isEqualTo("bridge");
        netlink.deleteLink("port0");
        assertThat(netlink.findLink("port0")).isEmpty();
        assertThat(netlink.findLink("peer0")).isEmpty();
    }

    @Test
    void movesAndRenamesAndSizesLinks() throws IOException {
        try (Netns pod = Netns.create();
                RouteNetlink inPod = RouteNetlink.open(pod)) {
            netlink.createVeth("a0", "b0");
            netlink.setNetns("b0", pod);
            inPod.rename("b0", "eth0");
            inPod.setMtu("eth0", 1400);
            inPod.setHardwareAddress("eth0", new byte[] {2, 0, 10, 0, 0, 1});

            assertThat(inPod.link("eth0").mtu()).isEqualTo(1400);
            assertThat(pod.call(() -> NetworkInterface.getByName("eth0").getHardwareAddress()))
                    .containsExactly(2, 0, 10, 0, 0, 1);
            assertThat(netlink.findLink("b0")).isEmpty();
        }
    }

    @Test
    void refusesAHardwareAddressOfAnotherLength() throws IOException {
        netlink.createVeth("a0", "b0");
        assertErrno(Errno.EINVAL, () -> netlink.setHardwareAddress("a0", new byte[] {2, 0, 1}));
    }

    @Test
    void namesWhatAlreadyExistsAndWhatDoesNot() throws IOException {
        netlink.createBridge("br0");

        assertThatThrownBy(() -> netlink.createBridge("br0")).hasMessageContaining("create bridge br0: EEXIST");
        assertErrno(Errno.EEXIST, () -> netlink.createBridge("br0"));
        assertErrno(Errno.ENODEV, () -> netlink.setUp("absent"));
        assertErrno(Errno.ENODEV, () -> netlink.deleteLink("absent"));
        assertThatThrownBy(() -> netlink.createBridge("bad name")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> netlink.createBridge("x".repeat(16))).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> netlink.createBridge("")).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void addsAddressesThatCanBeUsedAtOnce() throws IOException {
        netlink.createVeth("eth0", "far0");
        netlink.setUp("far0");
        netlink.setUp("eth0");
        netlink.addAddress("eth0", ip("10.1.2.3"), 24);
        netlink.addAddress("eth0", ip("fd00:1::3"), 64);

        int index = netlink.link("eth0").index();
        assertThat(netlink.addresses())
                .contains(
                        new InterfaceAddress(index, ip("10.1.2.3"), 24, false),
                        new InterfaceAddress(index, ip("fd00:1::3"), 64, false));
        assertErrno(Errno.EEXIST, () -> netlink.addAddress("eth0", ip("10.1.2.3"), 24));
        netlink.deleteAddress("eth0", ip("10.1.2.3"), 24);
        assertThat(netlink.addresses()).extracting(InterfaceAddress::address).doesNotContain(ip("10.1.2.3"));
        assertErrno(Errno.EADDRNOTAVAIL, () -> netlink.deleteAddress("eth0", ip("10.1.2.3"), 24));
    }

    @Test
    void routesByGatewayAndByDevice() throws IOException {
        netlink.createVeth("eth0", "far0");
        netlink.setUp("far0");
        netlink.setUp("eth0");
        netlink.addAddress("eth0", ip("10.1.2.3"), 24);
        netlink.addAddress("eth0", ip("fd00:1::3"), 64);
        int index = netlink.link("eth0").index();

        netlink.replaceRoute(Route.via(IpPrefix.all(IpFamily.V4), ip("10.1.2.1")));
        netlink.replaceRoute(Route.via(IpPrefix.all(IpFamily.V6), ip("fd00:1::1")));
        netlink.replaceRoute(Route.device(IpPrefix.parse("10.9.0.0/16"), index));

        assertThat(netlink.routes(Route.MAIN_TABLE))
                .contains(
                        new Route(
                                IpPrefix.parse("0.0.0.0/0"),
                                Route.MAIN_TABLE,
                                RouteType.UNICAST,
                                Route.UNIVERSE,
                                new NextHop.Gateway(ip("10.1.2.1"), index),
                                0),
                        new Route(
                                IpPrefix.parse("::/0"),
                                Route.MAIN_TABLE,
                                RouteType.UNICAST,
                                Route.UNIVERSE,
                                new NextHop.Gateway(ip("fd00:1::1"), index),
                                1024),
                        Route.device(IpPrefix.parse("10.9.0.0/16"), index));
    }

    @Test
    void sendsMarkedPacketsToALocalTableInBothFamilies() throws IOException {
        netlink.setUp("lo");
        int lo = netlink.link("lo").index();
        for (IpFamily family : IpFamily.values()) {
            Route route = Route.local(IpPrefix.all(family), lo).inTable(TABLE);
            Rule rule = new Rule(family, 32764, 0x111, 0xfff, TABLE);
            netlink.replaceRoute(route);
            netlink.replaceRoute(route);
            netlink.addRule(rule);

            assertErrno(Errno.EEXIST, () -> netlink.addRule(rule));
            assertThat(netlink.rules()).contains(rule);
        }
        assertThat(netlink.routes(TABLE))
                .hasSize(2)
                .allMatch(r -> r.type() == RouteType.LOCAL && r.hop().equals(new NextHop.Device(lo)))
                .contains(Route.local(IpPrefix.all(IpFamily.V4), lo).inTable(TABLE));

        for (IpFamily family : IpFamily.values()) {
            Rule rule = new Rule(family, 32764, 0x111, 0xfff, TABLE);
            netlink.deleteRule(rule);
            assertErrno(Errno.ENOENT, () -> netlink.deleteRule(rule));
            Route route = Route.local(IpPrefix.all(family), lo).inTable(TABLE);
            netlink.deleteRoute(route);
            assertErrno(family == IpFamily.V4 ? Errno.ESRCH : Errno.ENOENT, () -> netlink.deleteRoute(route));
        }
        assertThat(netlink.routes(TABLE)).isEmpty();
        assertThat(netlink.rules()).noneMatch(r -> r.table() == TABLE);
    }

    @Test
    void readsAnswersOfManyParts() throws IOException {
        netlink.setUp("lo");
        int lo = netlink.link("lo").index();
        for (int i = 0; i < 600; i++) {
            netlink.replaceRoute(Route.device(IpPrefix.parse("10." + i / 250 + "." + i % 250 + ".0/24"), lo)
                    .inTable(1000));
        }

        assertThat(netlink.routes(1000)).hasSize(600).doesNotHaveDuplicates();
    }

    @Test
    void carriesTheKernelsOwnExplanation() throws IOException {
        assertThatThrownBy(() -> netlink.replaceRoute(Route.via(IpPrefix.parse("10.0.0.0/8"), ip("192.0.2.1"))))
                .hasMessage("replace route to 10.0.0.0/8 in table 254: ENETUNREACH (Network is unreachable): "
                        + "Nexthop has invalid gateway");
    }

    @Test
    void refusesPrefixesWithBitsBehindTheirLength() {
        assertThatThrownBy(() -> IpPrefix.parse("10.0.0.1/8")).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> IpPrefix.parse("10.0.0.0/33")).isInstanceOf(IllegalArgumentException.class);
        assertThat(IpPrefix.parse("fd00::1")).isEqualTo(IpPrefix.host(ip("fd00::1")));
    }

    @Test
    void saysThatTheSocketIsClosed() {
        netlink.close();

        assertErrno(Errno.EBADF, () -> netlink.links());
    }

    @Test
    void keepsReadingATableThatOthersChange() throws Exception {
        netlink.setUp("lo");
        int lo = netlink.link("lo").index();
        Thread writer = Thread.ofPlatform().daemon().start(() -> {
            try (RouteNetlink other = RouteNetlink.open(netns)) {
                for (int i = 0; i < 400; i++) {
                    other.replaceRoute(Route.device(IpPrefix.parse("10.7." + i % 250 + ".0/24"), lo)
                            .inTable(1000));
                }
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        });
        while (writer.isAlive()) {
            assertThat(netlink.routes(1000)).doesNotHaveDuplicates();
        }
        writer.join();

        assertThat(netlink.routes(1000)).hasSize(250);
    }
}
