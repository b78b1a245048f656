package io.culvert.proxy.tls;

import static io.culvert.proxy.relay.LoopsForTests.on;
import static io.culvert.proxy.relay.LoopsForTests.run;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.culvert.proxy.relay.DataLoop;
import io.culvert.proxy.relay.LoopsForTests;
import io.culvert.proxy.relay.RawBuffer;
import io.culvert.proxy.tls.CaForTests.Spec;
import io.culvert.proxy.tls.TlsSession.Handshake;
import io.culvert.xds.identity.Identity;
import io.culvert.xds.identity.WorkloadCertificate;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** BoringSSL against BoringSSL, from buffer to buffer. */
@Tag("loop")
final class HandshakeTest {
    private static final Identity CLIENT = new Identity("cluster.local", "default", "client");
    private static final Identity SERVER = new Identity("cluster.local", "default", "server");

    private LoopsForTests loops;
    private DataLoop loop;
    private TlsContexts clientTls;
    private TlsContexts serverTls;
    private CaForTests ca;

    @BeforeEach
    void open() throws Exception {
        loops = new LoopsForTests(1);
        loop = loops.get(0);
        clientTls = new TlsContexts(loop, InstantSource.system());
        serverTls = new TlsContexts(loop, InstantSource.system());
        ca = CaForTests.root("root");
    }

    @AfterEach
    void close() {
        run(loop, () -> {
            clientTls.close();
            serverTls.close();
        });
        loops.awaitNothingLeft(0);
        loops.close();
    }

    /** What a handshake came to, on both sides. */
    private record Outcome(Handshake client, Handshake server, String clientFailure, String serverFailure) {}

    /** One side, and the bytes on their way to it. */
    private static final class Side {
        final TlsSession session;
        final RawBuffer in;
        int inBytes;
        Handshake state = Handshake.WANTS_BYTES;

        Side(TlsSession session, DataLoop loop) {
            this.session = session;
            this.in = loop.buffers().large();
        }

        void step(Side peer, int pieceMax) {
            if (state != Handshake.WANTS_BYTES) {
                return;
            }
            int piece = Math.min(inBytes, pieceMax);
            state = session.handshake(in, 0, piece, peer.in, peer.inBytes, peer.in.capacity() - peer.inBytes);
            drop(session.consumed());
            peer.inBytes += session.produced();
        }

        void drop(int bytes) {
            byte[] rest = new byte[inBytes - bytes];
            in.copyTo(bytes, rest, 0, rest.length);
            in.copyFrom(rest, 0, 0, rest.length);
            inBytes = rest.length;
        }

        void end() {
            session.free();
            session.free();
            in.release();
        }
    }

    private Outcome shake(WorkloadCertificate client, List<Identity> expected, WorkloadCertificate server, int piece) {
        Side c = new Side(clientTls.client(client, expected), loop);
        Side s = new Side(serverTls.server(server), loop);
        for (int i = 0; i < 100_000 && !(done(c, s) && done(s, c)); i++) {
            c.step(s, piece);
            s.step(c, piece);
        }
        // With TLS 1.3 the client is done before the server has judged it: it learns when it reads.
        Handshake clientState = c.state;
        String clientFailure = c.session.failure();
        if (c.state == Handshake.DONE && s.state == Handshake.FAILED) {
            RawBuffer plain = loop.buffers().large();
            c.session.beginDecrypt(c.in, 0, c.inBytes);
            assertThat(c.session.decrypt(plain, 0, plain.capacity())).isEqualTo(TlsSession.FAILED);
            c.session.endDecrypt();
            clientFailure = c.session.failure();
            plain.release();
        }
        Outcome outcome = new Outcome(clientState, s.state, clientFailure, s.session.failure());
        c.end();
        s.end();
        return outcome;
    }

    private static boolean done(Side side, Side peer) {
        return side.state != Handshake.WANTS_BYTES || (peer.state == Handshake.FAILED && side.inBytes == 0);
    }

    private Outcome shake(WorkloadCertificate client, List<Identity> expected, WorkloadCertificate server) {
        return on(loop, () -> shake(client, expected, server, Integer.MAX_VALUE));
    }

    @Test
    void agreesOnTheBestOfEverythingAndCarriesBytes() throws Exception {
        WorkloadCertificate client = ca.issue(CLIENT);
        WorkloadCertificate server = ca.issue(SERVER);
        run(loop, () -> {
            Side c = new Side(clientTls.client(client, List.of(SERVER)), loop);
            Side s = new Side(serverTls.server(server), loop);
            while (c.state != Handshake.DONE || s.state != Handshake.DONE) {
                c.step(s, Integer.MAX_VALUE);
                s.step(c, Integer.MAX_VALUE);
            }
            assertThat(c.session.groupName()).isEqualTo("X25519MLKEM768");
            assertThat(s.session.groupName()).isEqualTo("X25519MLKEM768");
            assertThat(c.session.cipherName()).startsWith("TLS_AES_");
            assertThat(c.session.peer().identity()).contains(SERVER);
            assertThat(s.session.peer().identity()).contains(CLIENT);
            carry(c, s, 5);
            carry(s, c, 16_384);
            carry(c, s, 524_288);
            close(c, s);
            c.end();
            s.end();
        });
    }

    private void carry(Side from, Side to, int bytes) {
        byte[] sent = new byte[bytes];
        for (int i = 0; i < bytes; i++) {
            sent[i] = (byte) (i * 31 + (i >> 8));
        }
        RawBuffer plain = loop.buffers().large();
        RawBuffer cipher = loop.buffers().large();
        plain.copyFrom(sent, 0, 0, bytes);
        int made = from.session.encrypt(plain, 0, bytes, cipher, 0);
        assertThat(made).isBetween(bytes, TlsSession.encryptedMost(bytes));
        to.session.beginDecrypt(cipher, 0, made);
        int filled = 0;
        for (int some = 1; some > 0; filled += some) {
            some = to.session.decrypt(plain, filled, plain.capacity() - filled);
        }
        to.session.endDecrypt();
        byte[] received = new byte[bytes];
        assertThat(filled).isEqualTo(bytes);
        plain.copyTo(0, received, 0, bytes);
        assertThat(received).isEqualTo(sent);
        plain.release();
        cipher.release();
    }

    private void close(Side from, Side to) {
        RawBuffer cipher = loop.buffers().large();
        from.session.closeNotify();
        int made = from.session.flush(cipher, 0);
        assertThat(made).isPositive();
        to.session.beginDecrypt(cipher, 0, made);
        assertThat(to.session.decrypt(to.in, 0, to.in.capacity())).isEqualTo(TlsSession.CLOSED);
        to.session.endDecrypt();
        cipher.release();
    }

    @Test
    void shakesHandsByteByByteWithLongChains() throws Exception {
        CaForTests below = ca.intermediate("one").intermediate("two").intermediate("three");
        WorkloadCertificate client = below.issue(CLIENT);
        WorkloadCertificate server = below.issue(SERVER);
        Outcome outcome = on(loop, () -> shake(client, List.of(SERVER), server, 1));
        assertThat(outcome.client()).isEqualTo(Handshake.DONE);
        assertThat(outcome.server()).isEqualTo(Handshake.DONE);
    }

    @Test
    void neverResumes() throws Exception {
        WorkloadCertificate client = ca.issue(CLIENT);
        WorkloadCertificate server = ca.issue(SERVER);
        for (int i = 0; i < 3; i++) {
            assertThat(shake(client, List.of(SERVER), server).server()).isEqualTo(Handshake.DONE);
        }
        // Verified on the first and on every later connection: the expected identity counts each time.
        Outcome other = shake(client, List.of(CLIENT), server);
        assertThat(other.client()).isEqualTo(Handshake.FAILED);
        assertThat(other.clientFailure()).contains("did not present the expected SAN");
        assertThat(clientTls.verifier().pathsBuilt()).isEqualTo(1);
    }

    @Test
    void tellsTheServerThatItsIdentityIsNotTheExpectedOne() throws Exception {
        Outcome outcome = shake(ca.issue(CLIENT), List.of(CLIENT), ca.issue(SERVER));
        assertThat(outcome.client()).isEqualTo(Handshake.FAILED);
        assertThat(outcome.clientFailure())
                .isEqualTo("identity verification error: peer did not present the expected SAN ([" + CLIENT
                        + "]), got [" + SERVER + "]");
        assertThat(outcome.server()).isEqualTo(Handshake.FAILED);
        assertThat(outcome.serverFailure()).startsWith("received fatal alert: ");
    }

    @Test
    void expectsNobodyMeansAcceptsNobody() throws Exception {
        assertThat(shake(ca.issue(CLIENT), List.of(), ca.issue(SERVER)).client())
                .isEqualTo(Handshake.FAILED);
    }

    @Test
    void rejectsClientOfAForeignTrustDomain() throws Exception {
        Identity foreign = new Identity("elsewhere", "default", "client");
        Outcome outcome = shake(ca.issue(foreign), List.of(SERVER), ca.issue(SERVER));
        assertThat(outcome.server()).isEqualTo(Handshake.FAILED);
        assertThat(outcome.serverFailure())
                .isEqualTo("identity verification error: peer did not present the expected trustdomain"
                        + " (cluster.local), got [" + foreign + "]");
        assertThat(outcome.clientFailure()).isEqualTo("received fatal alert: BAD_CERTIFICATE");
    }

    @Test
    void rejectsForeignRootOnEitherSide() throws Exception {
        CaForTests other = CaForTests.root("other");
        Spec clientSpec = Spec.of(CLIENT.toString());
        Spec serverSpec = Spec.of(SERVER.toString());
        Outcome client = shake(other.issue(CLIENT, clientSpec, ca), List.of(SERVER), ca.issue(SERVER));
        assertThat(client.serverFailure()).isEqualTo("invalid peer certificate: UnknownIssuer");
        assertThat(client.clientFailure()).isEqualTo("received fatal alert: UNKNOWN_CA");
        Outcome server = shake(ca.issue(CLIENT), List.of(SERVER), other.issue(SERVER, serverSpec, ca));
        assertThat(server.clientFailure()).isEqualTo("invalid peer certificate: UnknownIssuer");
    }

    @Test
    void rejectsExpiredCertificate() throws Exception {
        Instant now = Instant.now();
        Spec old = Spec.of(CLIENT.toString()).valid(now.minusSeconds(7200), now.minusSeconds(3600));
        Outcome outcome = shake(ca.issue(CLIENT, old, ca), List.of(SERVER), ca.issue(SERVER));
        assertThat(outcome.serverFailure()).isEqualTo("invalid peer certificate: Expired");
        assertThat(outcome.clientFailure()).isEqualTo("received fatal alert: CERTIFICATE_EXPIRED");
    }

    @Test
    void freesAContextWithItsLastUser() throws Exception {
        WorkloadCertificate server = ca.issue(SERVER);
        WorkloadCertificate renewed = ca.issue(SERVER);
        run(loop, () -> {
            TlsSession one = serverTls.server(server);
            TlsSession two = serverTls.server(server);
            TlsContext context = one.context();
            assertThat(two.context()).isSameAs(context);
            assertThat(context.references()).isEqualTo(3);
            TlsSession three = serverTls.server(renewed);
            assertThat(three.context()).isNotSameAs(context);
            assertThat(context.references()).isEqualTo(2);
            one.free();
            two.free();
            assertThat(context.references()).isZero();
            serverTls.forget(SERVER);
            assertThat(three.context().references()).isEqualTo(1);
            three.free();
            assertThat(three.context().references()).isZero();
        });
    }

    @Test
    void readsEachCertificateOnceAndBeforeAnyLoopWantsIt() throws Exception {
        WorkloadCertificate server = ca.issue(SERVER);
        TlsContexts.preparation().prepare(server);
        NativeCredential prepared = NativeCredential.of(server);
        run(loop, () -> {
            TlsSession one = serverTls.server(server);
            TlsSession other = clientTls.client(server, List.of(CLIENT));
            assertThat(one.context().credential()).isSameAs(prepared);
            assertThat(other.context().credential()).isSameAs(prepared);
            one.free();
            other.free();
        });
    }

    @Test
    void refusesAKeyThatBoringSslCannotRead() throws Exception {
        WorkloadCertificate good = ca.issue(SERVER);
        String leaf = CaForTests.pem("CERTIFICATE", good.chain().getFirst().getEncoded());
        String root = CaForTests.pem("CERTIFICATE", ca.certificate().getEncoded());
        WorkloadCertificate broken = WorkloadCertificate.fromPem(SERVER, new byte[] {1, 2, 3}, List.of(leaf, root));

        assertThatThrownBy(() -> TlsContexts.preparation().prepare(broken))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(SERVER.toString());
    }

    @Test
    void rejectsWhatIsNoTls() throws Exception {
        WorkloadCertificate server = ca.issue(SERVER);
        run(loop, () -> {
            Side s = new Side(serverTls.server(server), loop);
            byte[] junk = "GET / HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
            s.in.copyFrom(junk, 0, 0, junk.length);
            s.inBytes = junk.length;
            RawBuffer out = loop.buffers().large();
            assertThat(s.session.handshake(s.in, 0, s.inBytes, out, 0, out.capacity()))
                    .isEqualTo(Handshake.FAILED);
            assertThat(s.session.failure()).isEqualTo("HTTP_REQUEST");
            out.release();
            s.end();
        });
    }
}
