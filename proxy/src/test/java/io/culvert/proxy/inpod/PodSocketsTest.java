package io.culvert.proxy.inpod;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.culvert.linux.Fd;
import io.culvert.linux.KernelException;
import io.culvert.linux.Netns;
import io.culvert.linux.NetnsCall;
import io.culvert.linux.SocketOptions;
import io.culvert.linux.Sockets;
import io.culvert.linux.netlink.RouteNetlink;
import io.culvert.xds.mesh.IpAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** In a network namespace of its own, with nothing but loopback. */
@Tag("netns")
@Timeout(60)
class PodSocketsTest {

    private static final int MARK = 1337;
    private static final IpAddress LOOPBACK = IpAddress.parse("127.0.0.1");

    private Netns pod;

    @BeforeEach
    void makePod() throws Exception {
        boolean root = Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0);
        Assumptions.assumeTrue(root, "needs root: sockets in pod namespaces were not tried");
        pod = Netns.create();
        try (RouteNetlink netlink = RouteNetlink.open(pod)) {
            netlink.setUp("lo");
        }
    }

    @AfterEach
    void dropPod() {
        if (pod != null) {
            pod.close();
        }
    }

    private static PodSocketSettings settings(boolean ipv6, int mark, PodSocketSettings.Transparency transparency) {
        return new PodSocketSettings(
                ipv6,
                mark,
                true,
                transparency,
                "reno",
                new PodSocketSettings.Keepalive(true, Duration.ofMinutes(3), Duration.ofMinutes(3), 9, true));
    }

    private PodSockets sockets() {
        return new PodSockets(pod, settings(true, MARK, PodSocketSettings.Transparency.BEST_EFFORT));
    }

    private static Fd acceptOne(Fd listener) throws Exception {
        Fd accepted = Sockets.accept(listener);
        while (accepted == null) {
            Thread.onSpinWait();
            accepted = Sockets.accept(listener);
        }
        return accepted;
    }

    @Test
    void listensInThePodForBothFamiliesWithMarkAndTransparency() throws Exception {
        try (PodSockets.Listener listener = sockets().listen(15008, false)) {
            assertThat(listener.transparent()).isTrue();
            assertThat(SocketOptions.getMark(listener.fd().number())).isEqualTo(MARK);
            assertThat(SocketOptions.isTransparent(listener.fd().number())).isTrue();
            for (String ip : new String[] {"127.0.0.1", "::1"}) {
                IpAddress address = IpAddress.parse(ip);
                try (Fd client = sockets().dial(address)) {
                    var _ = Sockets.connect(client, new InetSocketAddress(address.toInetAddress(), 15008));
                    try (Fd accepted = acceptOne(listener.fd())) {
                        assertThat(Sockets.peerAddress(accepted).getAddress()).isEqualTo(address.toInetAddress());
                        assertThat(SocketOptions.getMark(accepted.number())).isEqualTo(MARK);
                    }
                }
            }
        }
        assertThat(inHome(() -> Sockets.tcp(false))).isTrue();
    }

    /** The thread is back where it was: a port that is taken in the pod is free here. */
    private static boolean inHome(NetnsCall<Fd, KernelException> make) throws Exception {
        try (Fd socket = make.run();
                Netns here = Netns.current();
                Netns home = Netns.open(Path.of("/proc/self/ns/net"))) {
            return socket.isOpen() && here.id().equals(home.id());
        }
    }

    @Test
    void acceptedSocketsInheritKeepaliveWhereTheListenerHasIt() throws Exception {
        for (boolean keepalive : new boolean[] {true, false}) {
            int port = keepalive ? 15001 : 15008;
            try (PodSockets.Listener listener = sockets().listen(port, keepalive);
                    Fd client = sockets().dialOwn(LOOPBACK)) {
                var _ = Sockets.connect(client, new InetSocketAddress(LOOPBACK.toInetAddress(), port));
                try (Fd accepted = acceptOne(listener.fd())) {
                    assertThat(SocketOptions.isKeepalive(accepted.number())).isEqualTo(keepalive);
                }
            }
        }
    }

    @Test
    void dialsElsewhereAreKeptAliveAndThoseToThePodItselfAreNot() throws Exception {
        try (Fd elsewhere = sockets().dial(LOOPBACK);
                Fd own = sockets().dialOwn(LOOPBACK)) {
            assertThat(SocketOptions.isKeepalive(elsewhere.number())).isTrue();
            assertThat(SocketOptions.isKeepalive(own.number())).isFalse();
        }
    }

    @Test
    void tunnelsAndNobodyElseHaveTheCongestionControlThatIsSet() throws Exception {
        try (PodSockets.Listener listener = sockets().listenForTunnels(15008);
                Fd tunnel = sockets().dialTunnel(LOOPBACK);
                Fd plain = sockets().dial(LOOPBACK)) {
            var _ = Sockets.connect(tunnel, new InetSocketAddress(LOOPBACK.toInetAddress(), 15008));
            try (Fd accepted = acceptOne(listener.fd())) {
                assertThat(SocketOptions.getCongestionControl(accepted.number()))
                        .isEqualTo("reno");
            }
            assertThat(SocketOptions.getCongestionControl(tunnel.number())).isEqualTo("reno");
            assertThat(SocketOptions.getCongestionControl(plain.number())).isNotEqualTo("reno");
        }
    }

    @Test
    void aCongestionControlThatTheKernelHasNotEndsTheStart() {
        PodSocketSettings unheardOf = new PodSocketSettings(
                true,
                0,
                true,
                PodSocketSettings.Transparency.OFF,
                "swift",
                new PodSocketSettings.Keepalive(false, Duration.ZERO, Duration.ZERO, 0, false));
        assertThatThrownBy(() -> InpodPreflight.check(unheardOf))
                .hasMessageContaining("CULVERT_TUNNEL_CONGESTION_CONTROL")
                .hasMessageContaining("TCP_CONGESTION=swift")
                .hasMessageContaining("this kernel has")
                .hasMessageContaining("reno")
                .hasMessageContaining("load the module tcp_swift");
    }

    @Test
    void twoGenerationsShareAPort() throws Exception {
        try (PodSockets.Listener first = sockets().listen(15008, false);
                PodSockets.Listener second = sockets().listen(15008, false)) {
            assertThat(first.fd().number()).isNotEqualTo(second.fd().number());
        }
    }

    @Test
    void withoutReuseASecondListenerFailsAndLeavesNothingOpen() throws Exception {
        PodSocketSettings exclusive = new PodSocketSettings(
                false,
                MARK,
                false,
                PodSocketSettings.Transparency.OFF,
                "",
                new PodSocketSettings.Keepalive(false, Duration.ZERO, Duration.ZERO, 0, false));
        PodSockets sockets = new PodSockets(pod, exclusive);
        try (PodSockets.Listener first = sockets.listen(15006, true)) {
            assertThat(first.transparent()).isFalse();
            long before = openDescriptors();
            for (int i = 0; i < 10; i++) {
                assertThatThrownBy(() -> sockets.listen(15006, true))
                        .isInstanceOfSatisfying(
                                KernelException.class,
                                e -> assertThat(e.errnoName()).isEqualTo("EADDRINUSE"));
            }
            assertThat(openDescriptors()).isEqualTo(before);
        }
    }

    @Test
    void aZeroMarkIsNotSet() throws Exception {
        PodSockets unmarked = new PodSockets(pod, settings(false, 0, PodSocketSettings.Transparency.REQUIRED));
        try (PodSockets.Listener listener = unmarked.listen(15001, true);
                Fd dial = unmarked.dial(LOOPBACK)) {
            assertThat(listener.transparent()).isTrue();
            assertThat(SocketOptions.getMark(listener.fd().number())).isZero();
            assertThat(SocketOptions.getMark(dial.number())).isZero();
        }
    }

    @Test
    void dialsWithTheCallersAddress() throws Exception {
        IpAddress caller = IpAddress.parse("10.9.8.7");
        try (PodSockets.Listener listener = sockets().listen(8080, false);
                Fd dial = sockets().dialOwnFrom(caller, LOOPBACK)) {
            assertThat(Sockets.localAddress(dial).getAddress()).isEqualTo(caller.toInetAddress());
            assertThat(SocketOptions.getMark(dial.number())).isEqualTo(MARK);
            assertThat(listener.fd().isOpen()).isTrue();
        }
        try (Fd v6 = sockets().dialOwnFrom(IpAddress.parse("2001:db8::7"), IpAddress.parse("::1"))) {
            assertThat(Sockets.localAddress(v6).getAddress())
                    .isEqualTo(IpAddress.parse("2001:db8::7").toInetAddress());
        }
    }

    @Test
    void dialsPlainlyWhereTheCallerIsTheDestination() throws Exception {
        try (Fd dial = sockets().dialOwnFrom(LOOPBACK, LOOPBACK)) {
            assertThat(Sockets.localAddress(dial).getPort()).isZero();
        }
    }

    @Test
    void makesNothingInANamespaceThatIsClosed() throws Exception {
        pod.close();
        long before = openDescriptors();
        assertThatThrownBy(() -> sockets().listen(15008, false)).isInstanceOf(KernelException.class);
        assertThatThrownBy(() -> sockets().dial(LOOPBACK)).isInstanceOf(KernelException.class);
        assertThat(openDescriptors()).isEqualTo(before);
    }

    @Test
    void thePreflightPassesWithTheCapabilities() throws Exception {
        InpodPreflight.check(settings(true, MARK, PodSocketSettings.Transparency.BEST_EFFORT));
    }

    private static long openDescriptors() throws Exception {
        try (var entries = Files.list(Path.of("/proc/self/fd"))) {
            return entries.count();
        }
    }
}
