package io.culvert.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("direct")
class SocketsTest {
    private static final InetSocketAddress LOOPBACK = new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0);
    private static final InetSocketAddress LOOPBACK6 = new InetSocketAddress(InetAddress.ofLiteral("::1"), 0);

    private static void assertErrno(int errno, ThrowingCallable call) {
        assertThatThrownBy(call)
                .asInstanceOf(type(KernelException.class))
                .extracting(KernelException::errno)
                .isEqualTo(errno);
    }

    @Test
    void connectsAndAcceptsOverBothFamilies() throws IOException {
        for (InetSocketAddress any : new InetSocketAddress[] {LOOPBACK, LOOPBACK6}) {
            boolean v6 = any.equals(LOOPBACK6);
            try (Fd listener = Sockets.tcp(v6);
                    Fd client = Sockets.tcp(v6)) {
                Sockets.bind(listener, any);
                Sockets.listen(listener, 4);
                assertThat(Sockets.accept(listener)).isNull();
                InetSocketAddress address = Sockets.localAddress(listener);
                boolean atOnce = Sockets.connect(client, address);
                try (Fd server = TestKernel.await("a connection", () -> Sockets.accept(listener))) {
                    assertThat(atOnce || SocketOptions.takeError(client.number()) == 0)
                            .isTrue();
                    assertThat(Sockets.peerAddress(client)).isEqualTo(address);
                    assertThat(Sockets.peerAddress(server)).isEqualTo(Sockets.localAddress(client));
                    Sockets.shutdownOutput(server);
                }
            }
        }
    }

    @Test
    void aV6SocketGivesV4AddressesBackAsV4() throws IOException {
        try (Fd listener = Sockets.tcp(true);
                Fd client = Sockets.tcp(false)) {
            Sockets.bind(listener, new InetSocketAddress(InetAddress.ofLiteral("::"), 0));
            Sockets.listen(listener, 4);
            InetSocketAddress address = new InetSocketAddress(
                    LOOPBACK.getAddress(), Sockets.localAddress(listener).getPort());
            var _ = Sockets.connect(client, address);
            try (Fd server = TestKernel.await("a connection", () -> Sockets.accept(listener))) {
                assertThat(Sockets.peerAddress(server)).isEqualTo(Sockets.localAddress(client));
                assertThat(Sockets.localAddress(server)).isEqualTo(address);
            }
        }
    }

    @Test
    void aV6SocketBindsToAV4Address() throws IOException {
        try (Fd fd = Sockets.udp(true)) {
            Sockets.bind(fd, LOOPBACK);

            assertThat(Sockets.localAddress(fd).getAddress()).isEqualTo(LOOPBACK.getAddress());
        }
    }

    @Test
    void namesWhatWentWrong() throws IOException {
        try (Fd one = Sockets.tcp(false);
                Fd two = Sockets.tcp(false)) {
            Sockets.bind(one, LOOPBACK);
            Sockets.listen(one, 1);
            InetSocketAddress taken = Sockets.localAddress(one);

            assertThatThrownBy(() -> Sockets.bind(two, taken))
                    .hasMessage("bind to " + taken + ": EADDRINUSE (Address already in use)");
            assertErrno(Errno.EAFNOSUPPORT, () -> Sockets.bind(two, LOOPBACK6));
            assertErrno(
                    Errno.EADDRNOTAVAIL,
                    () -> Sockets.bind(two, new InetSocketAddress(InetAddress.ofLiteral("192.0.2.1"), 0)));
            assertErrno(Errno.ENOTCONN, () -> Sockets.peerAddress(two));
            assertErrno(Errno.EINVAL, () -> Sockets.accept(two));
        }
    }

    @Test
    void refusesAClosedDescriptor() throws IOException {
        Fd fd = Sockets.tcp(false);
        fd.close();

        assertErrno(Errno.EBADF, () -> Sockets.listen(fd, 1));
        assertErrno(Errno.EBADF, () -> Sockets.accept(fd));
        assertErrno(Errno.EBADF, () -> Sockets.bind(fd, LOOPBACK));
        assertErrno(Errno.EBADF, () -> Sockets.connect(fd, LOOPBACK));
        assertErrno(Errno.EBADF, () -> Sockets.localAddress(fd));
        assertErrno(Errno.EBADF, fd::duplicate);
        assertThatThrownBy(fd::number).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(fd::release).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void releaseGivesTheNumberAway() throws IOException {
        Fd fd = Sockets.tcp(false);
        int number = fd.release();
        fd.close();

        assertThat(fd.isOpen()).isFalse();
        try (Fd next = Fd.adopt(number)) {
            assertThat(SocketOptions.takeError(next.number())).isZero();
            try (Fd copy = next.duplicate()) {
                assertThat(copy.number()).isNotEqualTo(number);
            }
        }
    }

    @Test
    void setsEveryOptionOfAStream() throws IOException {
        try (Fd fd = Sockets.tcp(false);
                Fd fd6 = Sockets.tcp(true)) {
            for (Fd each : new Fd[] {fd, fd6}) {
                int number = each.number();
                SocketOptions.setNoDelay(number);
                SocketOptions.setKeepalive(number, 180, 180, 9);
                SocketOptions.setUserTimeoutMillis(number, 1_800_000);
                SocketOptions.setReusePort(number);
                SocketOptions.setReuseAddress(number);
                SocketOptions.setBindAddressNoPort(number);
                SocketOptions.setFreebind(number, each.equals(fd6));
            }
            SocketOptions.setV6Only(fd6.number(), true);
            assertErrno(Errno.ENOPROTOOPT, () -> SocketOptions.setV6Only(fd.number(), true));
        }
    }

    @Test
    void hasTheCongestionControlThatIsNamed() throws IOException {
        try (Fd socket = Sockets.tcp(false)) {
            SocketOptions.setCongestionControl(socket.number(), "reno");
            assertThat(SocketOptions.getCongestionControl(socket.number())).isEqualTo("reno");
            assertErrno(
                    Errno.ENOENT, () -> SocketOptions.setCongestionControl(socket.number(), "a name that is too long"));
            assertErrno(Errno.ENOENT, () -> SocketOptions.setCongestionControl(socket.number(), "unheard-of"));
            assertThat(SocketOptions.getCongestionControl(socket.number())).isEqualTo("reno");
        }
    }

    @Test
    void reusePortLetsASecondListenerIn() throws IOException {
        try (Fd one = Sockets.tcp(false);
                Fd two = Sockets.tcp(false);
                Fd three = Sockets.tcp(false)) {
            SocketOptions.setReusePort(one.number());
            SocketOptions.setReusePort(two.number());
            Sockets.bind(one, LOOPBACK);
            Sockets.bind(two, Sockets.localAddress(one));

            assertErrno(Errno.EADDRINUSE, () -> Sockets.bind(three, Sockets.localAddress(one)));
        }
    }

    @Test
    void aConnectionThatNobodyRedirectedHasNoOtherDestination() throws IOException {
        try (Fd fd = Sockets.tcp(true)) {
            assertThat(SocketOptions.originalDestination(fd.number())).isNull();
        }
        assertThatThrownBy(() -> SocketOptions.originalDestination(1_000_000))
                .asInstanceOf(type(KernelException.class))
                .matches(e -> e.errno() == Errno.EBADF);
    }

    @Test
    void errorsWithoutANameStillRead() {
        assertThat(new KernelException(9999, "try")).hasMessage("try: errno 9999 (unknown error)");
        assertThat(new KernelException(Errno.EPERM, "setns to pod namespace 4026532281"))
                .hasMessage("setns to pod namespace 4026532281: EPERM (Operation not permitted)");
    }
}
