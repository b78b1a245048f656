package io.culvert.proxy.hbone;

import static io.culvert.proxy.relay.LoopsForTests.await;
import static io.culvert.proxy.relay.LoopsForTests.on;
import static io.culvert.proxy.relay.LoopsForTests.run;
import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.proxy.relay.ApplicationForTests;
import io.culvert.proxy.relay.EndReason;
import io.culvert.proxy.relay.TcpDial;
import io.culvert.proxy.relay.TunnelStream.Abort;
import io.culvert.proxy.tls.CaForTests.Spec;
import io.culvert.xds.identity.Identity;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Which connection serves which request, and what a failed one says (the vectors of ztunnel proxy/pool.rs, and the
 * handshake's).
 */
@Tag("direct")
final class PoolTest {
    private final ApplicationForTests application;

    @SuppressWarnings("NullAway.Init") // each test starts its own, with its own limits
    private TunnelForTests tunnel;

    PoolTest() throws Exception {
        application = new ApplicationForTests();
        application.serveAll(ApplicationForTests::echo);
    }

    @AfterEach
    void close() throws Exception {
        application.close();
        tunnel.close();
    }

    private void start(HboneConfig config) throws Exception {
        tunnel = new TunnelForTests(config);
        tunnel.application = application.address();
    }

    private static HboneConfig limited(int streams) {
        return config(streams, 300_000);
    }

    private static HboneConfig config(int streams, long idleMs) {
        HboneConfig d = HboneConfig.defaults();
        return new HboneConfig(
                d.streamWindow(), d.connectionWindow(), d.frameMax(), streams, idleMs, 10_000, 10_000, 20_000);
    }

    /** What became of some requests, all sent in one turn. */
    private static final class Requests implements OpenListener {
        final List<HboneStream> streams = Collections.synchronizedList(new ArrayList<>());
        final List<OpenFailure> failures = Collections.synchronizedList(new ArrayList<>());

        @Override
        public void onOpen(HboneStream stream, ConnectResponse response) {
            streams.add(stream);
        }

        @Override
        public void onFailed(OpenFailure failure) {
            failures.add(failure);
        }
    }

    private Requests open(int count, PoolKey... keys) {
        Requests requests = new Requests();
        run(tunnel.clientLoop, () -> {
            for (PoolKey key : keys) {
                for (int i = 0; i < count; i++) {
                    Opening opening = tunnel.pool.open(key, request(), requests);
                    assertThat(opening.hasEnded()).isFalse();
                }
            }
        });
        await("answers come", () -> requests.streams.size() + requests.failures.size() == count * keys.length);
        return requests;
    }

    private ConnectRequest request() {
        return ConnectRequest.to("127.0.0.1:" + application.address().getPort(), List.of());
    }

    private void end(Requests requests) {
        run(tunnel.clientLoop, () -> requests.streams.forEach(stream -> stream.abort(Abort.CANCELLED)));
    }

    private long opened() {
        return on(tunnel.clientLoop, tunnel.pool::openedConnections);
    }

    private int live() {
        return on(tunnel.clientLoop, tunnel.pool::liveConnections);
    }

    private int pooled() {
        return on(tunnel.clientLoop, tunnel.pool::pooledConnections);
    }

    @Test
    void reusesAConnectionBelowItsLimit() throws Exception {
        start(limited(3));
        Requests first = open(2, tunnel.key());
        end(first);
        Requests second = open(2, tunnel.key());
        end(second);
        assertThat(opened()).isEqualTo(1);
        run(tunnel.clientLoop, () -> tunnel.pool.close(EndReason.DRAIN));
        await("the server sees the end", () -> tunnel.serverConnectionEnds.size() == 1);
    }

    @Test
    void letsAConnectionGoForGoodAtItsLimit() throws Exception {
        start(limited(2));
        Requests four = open(4, tunnel.key());
        assertThat(opened()).isEqualTo(2);
        assertThat(pooled()).isZero();
        end(four);
        await("they end with their streams", () -> live() == 0);
        Requests five = open(5, tunnel.key());
        assertThat(opened()).isEqualTo(5);
        assertThat(pooled()).isEqualTo(1);
        end(five);
    }

    @Test
    void opensOneConnectionPerRequestAtALimitOfOne() throws Exception {
        start(limited(1));
        Requests two = open(2, tunnel.key());
        assertThat(opened()).isEqualTo(2);
        end(two);
    }

    @Test
    void staysBelowTheServersLimit() throws Exception {
        start(limited(1_000));
        Requests many = open(450, tunnel.key());
        assertThat(many.failures).isEmpty();
        assertThat(opened()).isEqualTo(3);
        end(many);
    }

    @Test
    void sharesOneConnectionAmongAHundredRequests() throws Exception {
        start(limited(1_000));
        Requests hundred = open(100, tunnel.key());
        assertThat(opened()).isEqualTo(1);
        end(hundred);
    }

    @Test
    void keepsSourcesApart() throws Exception {
        start(limited(1_000));
        PoolKey[] sources = new PoolKey[3];
        for (int i = 0; i < 3; i++) {
            InetAddress source = InetAddress.getByAddress(new byte[] {10, 0, 0, (byte) i});
            sources[i] = new PoolKey(TunnelForTests.CLIENT, tunnel.expected, tunnel.serverAddress, source);
        }
        Requests requests = open(100, sources);
        assertThat(opened()).isEqualTo(3);
        end(requests);
    }

    @Test
    void opensAsManyConnectionsAsThereAreSources() throws Exception {
        start(limited(1_000));
        PoolKey[] sources = new PoolKey[100];
        for (int i = 0; i < sources.length; i++) {
            InetAddress source = InetAddress.getByAddress(new byte[] {10, 0, 1, (byte) i});
            sources[i] = new PoolKey(TunnelForTests.CLIENT, tunnel.expected, tunnel.serverAddress, source);
        }
        Requests requests = open(1, sources);
        assertThat(opened()).isEqualTo(100);
        assertThat(pooled()).isEqualTo(100);
        end(requests);
    }

    @Test
    void keepsOrdersOfExpectedIdentitiesApart() throws Exception {
        start(limited(1_000));
        List<Identity> order = List.of(TunnelForTests.SERVER, TunnelForTests.CLIENT);
        PoolKey one = new PoolKey(TunnelForTests.CLIENT, order, tunnel.serverAddress, InetAddress.getLoopbackAddress());
        PoolKey two = new PoolKey(
                TunnelForTests.CLIENT, order.reversed(), tunnel.serverAddress, InetAddress.getLoopbackAddress());
        Requests requests = open(1, one, two);
        assertThat(opened()).isEqualTo(2);
        end(requests);
    }

    @Test
    void doesNotReuseAConnectionAfterGoAway() throws Exception {
        start(limited(100));
        Requests first = open(1, tunnel.key());
        run(tunnel.serverLoop, () -> tunnel.serverConnections.getFirst().drain());
        await("it leaves the pool", () -> pooled() == 0);
        Requests second = open(1, tunnel.key());
        assertThat(opened()).isEqualTo(2);
        end(first);
        await("the old one ends", () -> live() == 1);
        end(second);
    }

    /** The first request on a connection whose other end is gone is how that is found out. */
    @Test
    void asksOnceMoreWhereAConnectionThatServedTurnsOutToBeDead() throws Exception {
        start(limited(100));
        end(open(1, tunnel.key()));
        tunnel.admission = request -> resetNewest(1);
        Requests three = open(3, tunnel.key());
        assertThat(three.failures).isEmpty();
        assertThat(opened()).isEqualTo(2);
        end(three);
    }

    @Test
    void asksOnceMoreAndNotForEver() throws Exception {
        start(limited(100));
        end(open(1, tunnel.key()));
        tunnel.admission = request -> resetNewest(Integer.MAX_VALUE);
        Requests one = open(1, tunnel.key());
        assertThat(one.failures).singleElement().isInstanceOf(OpenFailure.ConnectionLost.class);
        assertThat(opened()).isEqualTo(2);
    }

    @Test
    void doesNotAskAgainWhereTheFirstRequestOfAConnectionKillsIt() throws Exception {
        start(limited(100));
        tunnel.admission = request -> resetNewest(Integer.MAX_VALUE);
        Requests one = open(1, tunnel.key());
        assertThat(one.failures).singleElement().isInstanceOf(OpenFailure.ConnectionLost.class);
        assertThat(opened()).isEqualTo(1);
    }

    /** Resets the newest connection if it is among the first {@code most}, before anything is answered on it. */
    private int resetNewest(int most) {
        if (tunnel.serverSockets.size() > most) {
            return 200;
        }
        tunnel.serverSockets.getLast().reset();
        return 503;
    }

    @Test
    void releasesAnIdleConnectionButNotItsStreams() throws Exception {
        start(config(100, 200));
        end(open(1, tunnel.key()));
        await("idle and gone", () -> live() == 0);
        Requests kept = open(1, tunnel.key());
        await("out of the pool", () -> pooled() == 0);
        assertThat(live()).isEqualTo(1);
        assertThat(kept.streams.getFirst().isClosed()).isFalse();
        end(kept);
        await("gone with its stream", () -> live() == 0);
    }

    @Test
    void failsEverybodyWhoWaitedForADialThatFailed() throws Exception {
        start(limited(100));
        InetSocketAddress nobody;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            nobody = (InetSocketAddress) socket.getLocalSocketAddress();
        }
        PoolKey key = new PoolKey(TunnelForTests.CLIENT, tunnel.expected, nobody, InetAddress.getLoopbackAddress());
        Requests requests = open(3, key);
        assertThat(requests.failures).containsOnly(new OpenFailure.DialFailed(new TcpDial.Failed(111)));
        assertThat(live()).isZero();
    }

    @Test
    void givesUpAServerThatDoesNotShakeHands() throws Exception {
        HboneConfig d = HboneConfig.defaults();
        start(new HboneConfig(d.streamWindow(), d.connectionWindow(), d.frameMax(), 100, 300_000, 300, 10_000, 20_000));
        try (ServerSocket mute = new ServerSocket(0, 8, InetAddress.getLoopbackAddress())) {
            PoolKey key = new PoolKey(
                    TunnelForTests.CLIENT,
                    tunnel.expected,
                    (InetSocketAddress) mute.getLocalSocketAddress(),
                    InetAddress.getLoopbackAddress());
            Requests requests = open(2, key);
            assertThat(requests.failures).containsOnly(new OpenFailure.TlsFailed("tls handshake timed out"));
        }
    }

    @Test
    void cancelsARequestThatWaits() throws Exception {
        start(limited(100));
        Requests requests = new Requests();
        run(
                tunnel.clientLoop,
                () -> tunnel.pool.open(tunnel.key(), request(), requests).cancel());
        Requests next = open(1, tunnel.key());
        end(next);
        assertThat(requests.streams).isEmpty();
        assertThat(requests.failures).isEmpty();
        assertThat(tunnel.requests).hasSize(1);
    }

    @Test
    void takesNothingMoreWhenItDrains() throws Exception {
        start(limited(100));
        Requests kept = open(1, tunnel.key());
        run(tunnel.clientLoop, tunnel.pool::drain);
        Requests refused = new Requests();
        run(tunnel.clientLoop, () -> tunnel.pool.open(tunnel.key(), request(), refused));
        assertThat(refused.failures).containsExactly(new OpenFailure.Draining());
        assertThat(kept.streams.getFirst().isClosed()).isFalse();
        end(kept);
        await("ends with its streams", () -> live() == 0);
    }

    @Test
    void saysThatTheServersIdentityIsNotExpected() throws Exception {
        start(limited(100));
        tunnel.expected = List.of(TunnelForTests.CLIENT);
        Requests requests = open(2, tunnel.key());
        assertThat(requests.failures)
                .containsOnly(new OpenFailure.TlsFailed(
                        "identity verification error: peer did not present the expected SAN ([" + TunnelForTests.CLIENT
                                + "]), got [" + TunnelForTests.SERVER + "]"));
        await("the server heard why", () -> tunnel.serverConnectionEnds.size() == 1);
        assertThat(tunnel.serverConnectionEnds.getFirst().cause()).isEqualTo(ConnectionEnd.Cause.TLS);
    }

    @Test
    void saysThatTheServerDoesNotAcceptOurCertificate() throws Exception {
        start(limited(100));
        Instant now = Instant.now();
        tunnel.clientCertificate = tunnel.ca.issue(
                TunnelForTests.CLIENT,
                Spec.of(TunnelForTests.CLIENT.toString()).valid(now.minusSeconds(7_200), now.minusSeconds(3_600)),
                tunnel.ca);
        Requests requests = open(3, tunnel.key());
        assertThat(requests.failures)
                .containsOnly(new OpenFailure.TlsFailed("received fatal alert: CERTIFICATE_EXPIRED"));
        assertThat(tunnel.requests).isEmpty();
        await("the server says why", () -> tunnel.serverConnectionEnds.size() == 1);
        assertThat(tunnel.serverConnectionEnds.getFirst())
                .isEqualTo(new ConnectionEnd(ConnectionEnd.Cause.TLS, "invalid peer certificate: Expired"));
    }

    @Test
    void usesARenewedCertificateForNewConnections() throws Exception {
        start(limited(1));
        Requests one = open(1, tunnel.key());
        tunnel.clientCertificate = tunnel.ca.issue(TunnelForTests.CLIENT);
        tunnel.serverCertificate = tunnel.ca.issue(TunnelForTests.SERVER);
        Requests two = open(1, tunnel.key());
        assertThat(two.failures).isEmpty();
        var first =
                on(tunnel.clientLoop, () -> one.streams.getFirst().connection().security());
        var second =
                on(tunnel.clientLoop, () -> two.streams.getFirst().connection().security());
        assertThat(first.peer().identity()).contains(TunnelForTests.SERVER);
        assertThat(second.peer().path()).isNotEqualTo(first.peer().path());
        assertThat(second.groupName()).isEqualTo("X25519MLKEM768");
        end(one);
        end(two);
    }

    @Test
    void servesAClientWithoutCertificateNothing() throws Exception {
        start(limited(100));
        try (Socket plain = new Socket(tunnel.serverAddress.getAddress(), tunnel.serverAddress.getPort())) {
            var context = SSLContext.getInstance("TLSv1.3");
            context.init(null, InsecureTrustManagerFactory.INSTANCE.getTrustManagers(), null);
            try (Socket tls = context.getSocketFactory().createSocket(plain, "x", 1, true)) {
                tls.setSoTimeout(20_000);
                assertThat(ApplicationForTests.endsWithReset(tls)).isTrue();
            } catch (SSLException e) {
                assertThat(e).hasMessageContaining("certificate_required");
            }
        }
        await("the server says why", () -> tunnel.serverConnectionEnds.size() == 1);
        assertThat(tunnel.serverConnectionEnds.getFirst())
                .isEqualTo(new ConnectionEnd(ConnectionEnd.Cause.TLS, "peer sent no certificates"));
    }
}
