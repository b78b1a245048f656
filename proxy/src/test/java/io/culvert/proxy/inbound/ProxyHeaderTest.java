package io.culvert.proxy.inbound;

import static io.culvert.proxy.relay.LoopsForTests.run;
import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.linux.Sockets;
import io.culvert.proxy.address.IpPort;
import io.culvert.proxy.rbac.Call;
import io.culvert.proxy.rbac.Peer;
import io.culvert.proxy.relay.ApplicationForTests;
import io.culvert.proxy.relay.DataLoop;
import io.culvert.proxy.relay.LoopSocket;
import io.culvert.proxy.relay.LoopsForTests;
import io.culvert.proxy.relay.TcpDial;
import io.culvert.xds.identity.Identity;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The very bytes of the PROXY protocol's version 2, against its specification's section 2.2. */
class ProxyHeaderTest {

    private static final String SIGNATURE = "0d0a0d0a000d0a515549540a";
    private static final Identity CALLER = new Identity("cluster.local", "ns", "caller");
    private static final String URI = "spiffe://cluster.local/ns/ns/sa/caller";

    private static Call call(String source, Peer peer) {
        return new Call(
                IpPort.parse(source).orElseThrow(),
                IpPort.parse("10.0.0.3:15088").orElseThrow(),
                peer);
    }

    private static String header(Call call, String asked) {
        return HexFormat.of().formatHex(ProxyHeader.of(call, IpPort.parse(asked).orElseThrow()));
    }

    private static String hex(String text) {
        return HexFormat.of().formatHex(text.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void namesCallerDestinationAndIdentity() {
        // Version and command; TCP over IPv4; 12 bytes of addresses and 3 + 38 of identity; 10.0.0.1, 10.10.0.1; ports.
        assertThat(header(call("10.0.0.1:4711", new Peer.Identified(CALLER)), "10.10.0.1:8080"))
                .isEqualTo(SIGNATURE + "21" + "11" + "0035" + "0a000001" + "0a0a0001" + "1267" + "1f90" + "d0" + "0026"
                        + hex(URI));
    }

    @Test
    void namesNoIdentityWhereNoneWasProved() {
        assertThat(header(call("10.0.0.1:4711", new Peer.Anonymous()), "10.0.0.2:80"))
                .isEqualTo(SIGNATURE + "21" + "11" + "000c" + "0a000001" + "0a000002" + "1267" + "0050");
    }

    @Test
    void writesIpv6Addresses() {
        assertThat(header(call("[2001:db8::1]:65535", new Peer.Anonymous()), "[2001:db8::2]:1"))
                .isEqualTo(SIGNATURE + "21" + "21" + "0024" + "20010db8000000000000000000000001"
                        + "20010db8000000000000000000000002" + "ffff" + "0001");
    }

    @Test
    void namesNoAddressWhereTheFamiliesDiffer() {
        assertThat(header(call("10.0.0.1:4711", new Peer.Identified(CALLER)), "[2001:db8::2]:80"))
                .isEqualTo(SIGNATURE + "21" + "01" + "0029" + "d0" + "0026" + hex(URI));
    }

    @Test
    @Tag("loop")
    void reachesTheApplicationBeforeAnythingElse() throws Exception {
        Identity longest = new Identity("td", "n".repeat(2_000), "s".repeat(20_000));
        byte[] header = ProxyHeader.of(
                call("10.0.0.1:4711", new Peer.Identified(longest)),
                IpPort.parse("10.0.0.2:80").orElseThrow());
        try (LoopsForTests loops = new LoopsForTests(1);
                ApplicationForTests application = new ApplicationForTests()) {
            DataLoop loop = loops.get(0);
            run(loop, () -> {
                LoopSocket socket = fresh(loop);
                TcpDial.start(socket, application.address(), 30_000, new WritesAndCloses(header));
            });
            try (Socket taken = application.accept()) {
                assertThat(taken.getInputStream().readAllBytes()).isEqualTo(header);
            }
        }
    }

    private static LoopSocket fresh(DataLoop loop) {
        try {
            return LoopSocket.adopt(loop, Sockets.tcp(false).release());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static final class WritesAndCloses implements TcpDial.DialListener {
        private final byte[] header;

        WritesAndCloses(byte[] header) {
            this.header = header;
        }

        @Override
        public void onConnected(LoopSocket socket) {
            try {
                ProxyHeader.write(header, socket);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            socket.close();
        }

        @Override
        public void onDialFailed(TcpDial.DialFailure failure) {
            throw new IllegalStateException(failure.text());
        }
    }
}
