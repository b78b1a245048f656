package io.culvert.proxy.tls;

import static io.culvert.proxy.relay.LoopsForTests.await;
import static io.culvert.proxy.relay.LoopsForTests.run;
import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.proxy.hbone.ConnectionEnd;
import io.culvert.proxy.hbone.OpenFailure;
import io.culvert.proxy.hbone.TunnelForTests;
import io.culvert.proxy.relay.ApplicationForTests;
import io.culvert.proxy.relay.EndReason;
import io.culvert.proxy.relay.HalfEnd;
import io.culvert.proxy.relay.RelayEnd;
import io.culvert.xds.identity.WorkloadCertificate;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Certificates are revoked while connections run over them: real sockets, real TLS, real lists. */
@Tag("direct")
final class RevocationTest {

    private static final RelayEnd CUT_OFF = new RelayEnd(
            new HalfEnd.Stopped(EndReason.CERTIFICATE_REVOKED), new HalfEnd.Stopped(EndReason.CERTIFICATE_REVOKED));

    private TunnelForTests tunnel;
    private ApplicationForTests application;

    @BeforeEach
    void open() throws Exception {
        tunnel = new TunnelForTests();
        application = new ApplicationForTests();
        tunnel.application = application.address();
    }

    @AfterEach
    void close() throws Exception {
        application.close();
        tunnel.close();
    }

    /** Both ends of one connection, with a byte each way so that it certainly stands. */
    private record Pair(Socket client, Socket server) implements AutoCloseable {
        void exchange() throws IOException {
            client.getOutputStream().write(1);
            assertThat(server.getInputStream().read()).isEqualTo(1);
            server.getOutputStream().write(2);
            assertThat(client.getInputStream().read()).isEqualTo(2);
        }

        @Override
        public void close() throws IOException {
            client.close();
            server.close();
        }
    }

    private Pair pair() throws IOException {
        Socket client = tunnel.connect();
        client.getOutputStream().write(1);
        Pair pair = new Pair(client, application.accept());
        assertThat(pair.server.getInputStream().read()).isEqualTo(1);
        return pair;
    }

    private RevocationLists listOf(WorkloadCertificate... revoked) throws Exception {
        StringBuilder text = new StringBuilder();
        for (WorkloadCertificate one : revoked) {
            text.append(tunnel.ca.revocationList(one.chain().getFirst()));
        }
        return RevocationLists.parse(text.toString().getBytes(StandardCharsets.US_ASCII));
    }

    @Test
    void cutsOffARunningClientAndTurnsItAwayWhenItComesAgain() throws Exception {
        try (Pair pair = pair()) {
            tunnel.serverRevocation.replace(listOf(tunnel.clientCertificate));
            assertThat(ApplicationForTests.endsWithReset(pair.server)).isTrue();
            assertThat(ApplicationForTests.endsWithReset(pair.client)).isTrue();
        }
        await("the server's relay was told why", () -> tunnel.serverEnds.equals(List.of(CUT_OFF)));
        await("the tunnel ended", () -> tunnel.serverConnectionEnds.size() == 1);
        assertThat(tunnel.serverConnectionEnds.getFirst().cause()).isEqualTo(ConnectionEnd.Cause.REVOKED);
        assertThat(tunnel.serverRevocation.clientsRejected()).isEqualTo(1);
        try (Socket again = tunnel.connect()) {
            assertThat(ApplicationForTests.endsWithReset(again)).isTrue();
        }
        assertThat(tunnel.failures)
                .containsExactly(new OpenFailure.TlsFailed("received fatal alert: CERTIFICATE_REVOKED"));
        await("the second one ended", () -> tunnel.serverConnectionEnds.size() == 2);
        assertThat(tunnel.serverConnectionEnds.getLast())
                .isEqualTo(new ConnectionEnd(ConnectionEnd.Cause.TLS, "invalid peer certificate: Revoked"));
        assertThat(tunnel.serverRevocation.clientsRejected()).isEqualTo(2);
        assertThat(tunnel.serverRevocation.serversRejected()).isZero();
    }

    @Test
    void leavesARunningServerAndDoesNotGoThereAgain() throws Exception {
        try (Pair pair = pair()) {
            tunnel.clientRevocation.replace(listOf(tunnel.serverCertificate));
            assertThat(ApplicationForTests.endsWithReset(pair.client)).isTrue();
            assertThat(ApplicationForTests.endsWithReset(pair.server)).isTrue();
        }
        await("the client's relay was told why", () -> tunnel.clientEnds.equals(List.of(CUT_OFF)));
        try (Socket again = tunnel.connect()) {
            assertThat(ApplicationForTests.endsWithReset(again)).isTrue();
        }
        assertThat(tunnel.failures).containsExactly(new OpenFailure.TlsFailed("invalid peer certificate: Revoked"));
        assertThat(tunnel.clientRevocation.serversRejected()).isEqualTo(2);
        assertThat(tunnel.clientRevocation.clientsRejected()).isZero();
    }

    @Test
    void leavesOthersAlone() throws Exception {
        WorkloadCertificate others = tunnel.ca.issue(TunnelForTests.CLIENT);
        try (Pair pair = pair()) {
            tunnel.serverRevocation.replace(listOf(others));
            tunnel.clientRevocation.replace(listOf(others));
            pair.exchange();
            assertThat(tunnel.serverRevocation.watched()).isEqualTo(1);
            assertThat(tunnel.clientRevocation.watched()).isEqualTo(1);
        }
        assertThat(tunnel.serverRevocation.clientsRejected()).isZero();
        assertThat(tunnel.clientRevocation.serversRejected()).isZero();
    }

    @Test
    void watchesNothingThatHasEnded() throws Exception {
        pair().close();
        run(tunnel.clientLoop, () -> tunnel.pool.close(EndReason.POD_REMOVED));
        await("nobody is watched", () -> tunnel.serverRevocation.watched() + tunnel.clientRevocation.watched() == 0);
    }

    @Test
    void whoIsRevokedBetweenHandshakeAndWatchIsToldAtOnceAndCountedOnce() throws Exception {
        Revocation revocation = new Revocation();
        RevocationLists lists = listOf(tunnel.clientCertificate);
        VerifiedPeer peer = ChainVerifier.verify(
                        CaForTests.der(tunnel.clientCertificate.chain().getFirst()),
                        new TrustRoots(tunnel.clientCertificate.roots()),
                        ChainVerifier.PeerRole.CLIENT)
                .peer();
        AtomicInteger told = new AtomicInteger();
        revocation.replace(lists);
        Revocation.Watch watch = revocation.watch(peer, true, told::incrementAndGet);
        revocation.replace(lists);
        assertThat(told).hasValue(1);
        assertThat(revocation.clientsRejected()).isEqualTo(1);
        watch.end();
        watch.end();
        assertThat(revocation.watched()).isZero();
    }
}
