package io.culvert.linux.nftables;

import static io.culvert.linux.PodPair.NODE_V4;
import static io.culvert.linux.PodPair.NODE_V6;
import static io.culvert.linux.PodPair.POD_V4;
import static io.culvert.linux.PodPair.POD_V6;
import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.linux.Fd;
import io.culvert.linux.PodPair;
import io.culvert.linux.SocketOptions;
import io.culvert.linux.Sockets;
import io.culvert.linux.TestKernel;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The rules do to packets what they say. */
@Tag("netns")
class RedirectTest {
    private static final int OURS = 0x539;

    private PodPair pair;

    @BeforeAll
    static void needsNamespaces() {
        TestKernel.requireNamespaces();
    }

    @BeforeEach
    void enrol() throws IOException {
        pair = PodPair.create();
        try (NfTables nf = NfTables.open(pair.pod())) {
            nf.commit(new NfBatch()
                    .replaceTable(AmbientRules.nat())
                    .replaceTable(AmbientRules.mangle())
                    .replaceTable(AmbientRules.raw()));
        }
    }

    @AfterEach
    void close() {
        pair.close();
    }

    @Test
    void whatComesToThePodLandsOnItsProxyPortAndKnowsWhereItWasGoing() throws IOException {
        try (Fd proxy = PodPair.listen(pair.pod(), 15006)) {
            for (InetAddress address : List.of(POD_V4, POD_V6)) {
                InetSocketAddress wanted = new InetSocketAddress(address, 8080);
                try (Fd client = PodPair.dial(pair.node(), wanted, 0);
                        Fd server = PodPair.accept(proxy)) {
                    assertThat(SocketOptions.originalDestination(server.number()))
                            .isEqualTo(wanted);
                    assertThat(Sockets.peerAddress(server)).isEqualTo(Sockets.localAddress(client));
                }
            }
        }
    }

    @Test
    void whatThePodSendsLandsOnItsProxyPortUnlessTheProxySentIt() throws IOException {
        try (Fd proxy = PodPair.listen(pair.pod(), 15001);
                Fd outside = PodPair.listen(pair.node(), 8080)) {
            for (InetAddress address : List.of(NODE_V4, NODE_V6)) {
                InetSocketAddress wanted = new InetSocketAddress(address, 8080);
                try (Fd captured = PodPair.dial(pair.pod(), wanted, 0);
                        Fd server = PodPair.accept(proxy)) {
                    assertThat(SocketOptions.originalDestination(server.number()))
                            .isEqualTo(wanted);
                    assertThat(Sockets.peerAddress(server)).isEqualTo(Sockets.localAddress(captured));
                }
                try (Fd ours = PodPair.dial(pair.pod(), wanted, OURS);
                        Fd server = PodPair.accept(outside)) {
                    assertThat(Sockets.peerAddress(server)).isEqualTo(Sockets.localAddress(ours));
                }
            }
            assertThat(Sockets.accept(proxy)).isNull();
        }
    }

    @Test
    void hboneIsNotRedirected() throws IOException {
        try (Fd hbone = PodPair.listen(pair.pod(), 15008);
                Fd client = PodPair.dial(pair.node(), new InetSocketAddress(POD_V4, 15008), 0);
                Fd server = PodPair.accept(hbone)) {
            assertThat(Sockets.localAddress(server)).isEqualTo(new InetSocketAddress(POD_V4, 15008));
            assertThat(Sockets.peerAddress(server)).isEqualTo(Sockets.localAddress(client));
        }
    }

    @Test
    void countersCountWhatPasses() throws IOException {
        try (Fd proxy = PodPair.listen(pair.pod(), 15006);
                Fd client = PodPair.dial(pair.node(), new InetSocketAddress(POD_V4, 8080), 0);
                Fd server = PodPair.accept(proxy);
                NfTables nf = NfTables.open(pair.pod())) {
            assertThat(server.isOpen() && client.isOpen()).isTrue();
            long counted = nf.dump(AmbientRules.NAT).orElseThrow().rulesOf("istio-prerouting").stream()
                    .flatMap(rule -> rule.expressions().stream())
                    .mapToLong(step -> step instanceof NfExpression.Counter counter ? counter.packets() : 0)
                    .sum();
            assertThat(counted).isPositive();
            assertThat(nf.dump(AmbientRules.NAT)).contains(AmbientRules.nat());
        }
    }

    @Test
    void probesOfTheHostGetTheProbeAddress() throws IOException {
        try (NfTables nf = NfTables.open(pair.node());
                Fd app = PodPair.listen(pair.pod(), 8080)) {
            nf.commit(new NfBatch()
                    .replaceTable(AmbientRules.host())
                    .addElements(
                            AmbientRules.HOST,
                            AmbientRules.PROBES_V4.name(),
                            List.of(new NfElement(POD_V4, "uid-of-pod"))));
            try (Fd probe = PodPair.dial(pair.node(), new InetSocketAddress(POD_V4, 8080), 0);
                    Fd server = PodPair.accept(app)) {
                assertThat(Sockets.peerAddress(server).getAddress()).isEqualTo(InetAddress.ofLiteral("169.254.7.127"));
                assertThat(probe.isOpen()).isTrue();
            }
        }
    }
}
