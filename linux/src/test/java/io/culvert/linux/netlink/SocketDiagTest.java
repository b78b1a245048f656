package io.culvert.linux.netlink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.culvert.linux.Fd;
import io.culvert.linux.Netns;
import io.culvert.linux.SocketOptions;
import io.culvert.linux.Sockets;
import io.culvert.linux.TestKernel;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Which sockets listen, and which of those that share a port gets a connection, in a namespace of its own. */
@Tag("netns")
class SocketDiagTest {
    private static final InetAddress ANY = InetAddress.ofLiteral("::");
    private static final InetAddress LOOPBACK = InetAddress.ofLiteral("127.0.0.1");
    private static final int PORT = 15_001;
    private static final int CALLS = 20;

    private final List<Fd> open = new ArrayList<>();
    private Netns netns;

    @BeforeEach
    void make() throws Exception {
        TestKernel.requireNamespaces();
        netns = Netns.create();
        try (RouteNetlink routes = RouteNetlink.open(netns)) {
            routes.setUp("lo");
        }
    }

    @AfterEach
    void close() {
        open.forEach(Fd::close);
        if (netns != null) {
            netns.close();
        }
    }

    private Fd listen(InetAddress address, int port, boolean shared) throws Exception {
        boolean v6 = IpFamily.of(address) == IpFamily.V6;
        Fd fd = netns.call(() -> Sockets.tcp(v6));
        open.add(fd);
        if (shared) {
            SocketOptions.setReusePort(fd.number());
        }
        Sockets.bind(fd, new InetSocketAddress(address, port));
        Sockets.listen(fd, 128);
        return fd;
    }

    private void call(int port) throws Exception {
        for (int i = 0; i < CALLS; i++) {
            Fd client = netns.call(() -> Sockets.tcp(false));
            open.add(client);
            var _ = Sockets.connect(client, new InetSocketAddress(LOOPBACK, port));
        }
    }

    private int accepted(Fd listener) throws Exception {
        int count = 0;
        for (Fd accepted = Sockets.accept(listener); accepted != null; accepted = Sockets.accept(listener)) {
            open.add(accepted);
            count++;
        }
        return count;
    }

    @Test
    void listsListenersOfAPortByFamilyWithWhatWaitsForThem() throws Exception {
        Fd wildcard = listen(ANY, PORT, true);
        Fd _ = listen(ANY, PORT, true);
        Fd loopback = listen(LOOPBACK, 15_080, false);
        call(15_080);
        try (SocketDiag diag = SocketDiag.open(netns)) {
            List<SocketDiag.Listening> found = diag.listeners(IpFamily.V6, PORT);
            assertThat(found).hasSize(2).allMatch(SocketDiag.Listening::anyAddress);
            assertThat(found).extracting(SocketDiag.Listening::inode).doesNotHaveDuplicates();
            assertThat(found).extracting(SocketDiag.Listening::waiting).containsOnly(0);
            assertThat(diag.listeners(IpFamily.V4, 15_080)).singleElement().satisfies(each -> {
                assertThat(each.anyAddress()).isFalse();
                assertThat(each.waiting()).isEqualTo(CALLS);
            });
            assertThat(diag.listeners(IpFamily.V4, PORT)).isEmpty();
            assertThat(diag.listeners(IpFamily.V6, 15_006)).isEmpty();

            assertThat(accepted(loopback)).isEqualTo(CALLS);
            wildcard.close();
            assertThat(diag.listeners(IpFamily.V6, PORT)).hasSize(1);
        }
    }

    /** Only those of its own namespace, and connections are no listeners. */
    @Test
    void seesNothingOfOtherNamespaces() throws Exception {
        Fd _ = listen(ANY, PORT, false);
        call(PORT);
        try (Netns other = Netns.create();
                SocketDiag here = SocketDiag.open(netns);
                SocketDiag there = SocketDiag.open(other)) {
            assertThat(here.listeners(IpFamily.V6, PORT)).hasSize(1);
            assertThat(there.listeners(IpFamily.V6, PORT)).isEmpty();
        }
    }

    @Test
    void newConnectionsGoToTheListenerOfTheGivenNumber() throws Exception {
        Fd first = listen(ANY, PORT, true);
        Fd second = listen(ANY, PORT, true);
        for (int place : new int[] {0, 1, 0}) {
            // Any of the group may be told, and a later word replaces the one before.
            SocketOptions.steerNewConnections(second.number(), place);
            call(PORT);
            assertThat(accepted(first)).isEqualTo(place == 0 ? CALLS : 0);
            assertThat(accepted(second)).isEqualTo(place == 1 ? CALLS : 0);
        }
    }

    @Test
    void theLastTakesThePlaceOfOneThatIsClosedAndANumberThatIsNotThereMeansNothing() throws Exception {
        Fd first = listen(ANY, PORT, true);
        Fd second = listen(ANY, PORT, true);
        Fd third = listen(ANY, PORT, true);
        SocketOptions.steerNewConnections(third.number(), 0);
        first.close();
        call(PORT);
        assertThat(accepted(third)).isEqualTo(CALLS);
        assertThat(accepted(second)).isZero();

        SocketOptions.steerNewConnections(third.number(), 7);
        call(PORT);
        assertThat(accepted(third) + accepted(second)).isEqualTo(CALLS);
    }

    @Test
    void aSocketThatSharesNothingCannotBeSteered() throws Exception {
        Fd alone = listen(ANY, PORT, false);
        assertThatThrownBy(() -> SocketOptions.steerNewConnections(alone.number(), 0))
                .hasMessageContaining("SO_ATTACH_REUSEPORT_CBPF")
                .hasMessageContaining("EINVAL");
    }
}
