package io.culvert.proxy.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.culvert.proxy.tls.CaForTests.Spec;
import io.culvert.xds.identity.Identity;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Who is accepted, who is not, and in what words. */
final class PeerVerifierTest {
    private static final Identity PEER = new Identity("cluster.local", "default", "peer");
    private static final Identity OTHER = new Identity("cluster.local", "default", "other");
    private static final PeerRule AS_CLIENT = new PeerRule.OneOf(List.of(OTHER, PEER));
    private static final PeerRule AS_SERVER = new PeerRule.OfTrustDomain("cluster.local");

    private static CaForTests ca;
    private static CaForTests foreign;

    private Instant now = Instant.now();
    private final PeerVerifier verifier = new PeerVerifier(() -> now, new Revocation());

    @BeforeAll
    static void authorities() throws Exception {
        ca = CaForTests.root("root");
        foreign = CaForTests.root("foreign");
    }

    private VerifiedPeer verify(PeerRule rule, X509Certificate... chain) throws PeerRejected {
        return verifier.verify(CaForTests.der(chain), verifier.roots(List.of(ca.certificate())), rule);
    }

    private static void assertRejected(ThrowingCallable call, String text) {
        assertThatThrownBy(call).isInstanceOf(PeerRejected.class).hasMessage(text);
    }

    @Test
    void acceptsEitherRoleAndNamesThePeer() throws Exception {
        X509Certificate leaf = ca.leaf(Spec.of("urn:other", "spiffe://cluster.local/short", PEER.toString()));
        assertThat(verify(AS_SERVER, leaf).identity()).contains(PEER);
        VerifiedPeer peer = verify(AS_CLIENT, leaf);
        assertThat(peer.identity()).contains(PEER);
        assertThat(peer.uris()).containsExactly("urn:other", "spiffe://cluster.local/short", PEER.toString());
        assertThat(peer.path()).containsExactly(leaf);
    }

    @Test
    void rejectsServerWithoutAnExpectedIdentity() throws Exception {
        X509Certificate leaf = ca.leaf(Spec.of(PEER.toString()));
        assertRejected(
                () -> verify(new PeerRule.OneOf(List.of(OTHER)), leaf),
                "identity verification error: peer did not present the expected SAN"
                        + " ([spiffe://cluster.local/ns/default/sa/other]),"
                        + " got [spiffe://cluster.local/ns/default/sa/peer]");
        assertRejected(
                () -> verify(new PeerRule.OneOf(List.of()), leaf),
                "identity verification error: peer did not present the expected SAN ([]),"
                        + " got [spiffe://cluster.local/ns/default/sa/peer]");
    }

    @Test
    void rejectsPeerWhoseTrustDomainDiffers() throws Exception {
        X509Certificate leaf = ca.leaf(Spec.of("spiffe://elsewhere/ns/default/sa/peer"));
        assertRejected(
                () -> verify(AS_SERVER, leaf),
                "identity verification error: peer did not present the expected trustdomain (cluster.local),"
                        + " got [spiffe://elsewhere/ns/default/sa/peer]");
    }

    @Test
    void rejectsClientWithoutSpiffeIdentity() throws Exception {
        for (X509Certificate leaf : List.of(ca.leaf(Spec.of()), ca.leaf(Spec.of("spiffe://cluster.local/ns/a")))) {
            assertThatThrownBy(() -> verify(AS_SERVER, leaf))
                    .isInstanceOf(PeerRejected.class)
                    .hasMessageContaining("did not present the expected trustdomain (cluster.local), got [");
        }
    }

    @Test
    void rejectsForeignRoot() throws Exception {
        X509Certificate leaf = foreign.leaf(Spec.of(PEER.toString()));
        assertRejected(() -> verify(AS_SERVER, leaf), "invalid peer certificate: UnknownIssuer");
        assertRejected(() -> verify(AS_CLIENT, leaf), "invalid peer certificate: UnknownIssuer");
        assertRejected(
                () -> verifier.verify(CaForTests.der(leaf), verifier.roots(List.of()), AS_SERVER),
                "invalid peer certificate: UnknownIssuer");
    }

    @Test
    void tellsWhatToDoOnceForEachFault() throws Exception {
        X509Certificate leaf = foreign.leaf(Spec.of(PEER.toString()));
        for (int i = 0; i < 2; i++) {
            PeerRejected rejected = catchThrowableOfType(PeerRejected.class, () -> verify(AS_SERVER, leaf));
            assertThat(verifier.advice(rejected).isPresent()).as("time %d", i).isEqualTo(i == 0);
        }
        PeerRejected elsewhere = catchThrowableOfType(
                PeerRejected.class, () -> verify(AS_SERVER, ca.leaf(Spec.of("spiffe://elsewhere/ns/a/sa/b"))));
        assertThat(verifier.advice(elsewhere).orElseThrow()).contains("another trust domain");
    }

    @Test
    void rejectsARootThatCallsItselfALeaf() {
        assertRejected(() -> verify(AS_SERVER, ca.certificate()), "invalid peer certificate: UnknownIssuer");
    }

    @Test
    void checksTimeOnEveryHandshakeAlsoOfAKnownChain() throws Exception {
        Instant begin = now;
        X509Certificate leaf = ca.leaf(
                Spec.of(PEER.toString()).valid(begin.minus(Duration.ofHours(1)), begin.plus(Duration.ofHours(1))));
        verify(AS_SERVER, leaf);
        now = begin.plus(Duration.ofHours(2));
        assertRejected(() -> verify(AS_SERVER, leaf), "invalid peer certificate: Expired");
        now = begin.minus(Duration.ofHours(2));
        assertRejected(() -> verify(AS_SERVER, leaf), "invalid peer certificate: NotValidYet");
        now = begin;
        verify(AS_SERVER, leaf);
        assertThat(verifier.pathsBuilt()).isEqualTo(1);
    }

    @Test
    void needsTheKeyUsageOfTheRole() throws Exception {
        X509Certificate server = ca.leaf(Spec.of(PEER.toString()).usable(KeyPurposeId.id_kp_serverAuth));
        verify(AS_CLIENT, server);
        assertRejected(() -> verify(AS_SERVER, server), "invalid peer certificate: InvalidPurpose");
        X509Certificate client = ca.leaf(Spec.of(PEER.toString()).usable(KeyPurposeId.id_kp_clientAuth));
        verify(AS_SERVER, client);
        assertRejected(() -> verify(AS_CLIENT, client), "invalid peer certificate: InvalidPurpose");
        verify(AS_CLIENT, ca.leaf(Spec.of(PEER.toString()).usable()));
    }

    @Test
    void findsThePathThroughIntermediatesAndIgnoresUselessOnes() throws Exception {
        CaForTests intermediate = ca.intermediate("intermediate");
        X509Certificate leaf = intermediate.leaf(Spec.of(PEER.toString()));
        assertThat(verify(AS_SERVER, leaf, foreign.certificate(), intermediate.certificate())
                        .path())
                .containsExactly(leaf, intermediate.certificate());
        assertRejected(() -> verify(AS_SERVER, leaf), "invalid peer certificate: UnknownIssuer");
    }

    @Test
    void rejectsWhatIsNoCertificate() {
        byte[][] junk = {{1, 2, 3}};
        assertRejected(
                () -> verifier.verify(junk, verifier.roots(List.of(ca.certificate())), AS_SERVER),
                "invalid peer certificate: BadEncoding");
        assertRejected(
                () -> verifier.verify(new byte[0][], verifier.roots(List.of(ca.certificate())), AS_SERVER),
                "peer sent no certificates");
    }

    @Test
    void worksOnAChainOnceWhetherAcceptedOrNot() throws Exception {
        X509Certificate good = ca.leaf(Spec.of(PEER.toString()));
        X509Certificate bad = foreign.leaf(Spec.of(PEER.toString()));
        for (int i = 0; i < 3; i++) {
            verify(AS_SERVER, good);
            assertRejected(() -> verify(AS_SERVER, bad), "invalid peer certificate: UnknownIssuer");
        }
        assertThat(verifier.pathsBuilt()).isEqualTo(2);
        verify(AS_CLIENT, good);
        assertThat(verifier.pathsBuilt()).isEqualTo(3);
    }

    @Test
    void forgetsTheOldestBeyondItsBound() throws Exception {
        X509Certificate first = ca.leaf(Spec.of(PEER.toString()));
        verify(AS_SERVER, first);
        byte[][] junk = {{0}};
        for (int i = 0; i < PeerVerifier.CHAINS_MAX; i++) {
            junk[0] = new byte[] {(byte) i, (byte) (i >> 8)};
            byte[][] chain = junk.clone();
            assertThatThrownBy(() -> verifier.verify(chain, verifier.roots(List.of(ca.certificate())), AS_SERVER))
                    .isInstanceOf(PeerRejected.class);
        }
        long before = verifier.pathsBuilt();
        verify(AS_SERVER, first);
        assertThat(verifier.pathsBuilt()).isEqualTo(before + 1);
    }

    @Test
    void takesEqualRootsForTheSame() throws Exception {
        assertThat(verifier.roots(List.of(ca.certificate()))).isSameAs(verifier.roots(List.of(ca.certificate())));
        assertThat(verifier.roots(List.of(ca.certificate())))
                .isNotSameAs(verifier.roots(List.of(foreign.certificate())));
    }
}
