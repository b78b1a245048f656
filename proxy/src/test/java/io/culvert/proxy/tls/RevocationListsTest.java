package io.culvert.proxy.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.culvert.proxy.tls.CaForTests.Spec;
import io.culvert.proxy.tls.ChainVerifier.PeerRole;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The rows of ztunnel's tls/crl.rs and of the index in tls/revocation.rs, for lists as a file holds them. */
class RevocationListsTest {

    private static CaForTests root;
    private static CaForTests intermediate;
    private static X509Certificate leaf;
    private static X509Certificate deepLeaf;

    @BeforeAll
    static void authorities() throws Exception {
        root = CaForTests.root("root");
        intermediate = root.intermediate("intermediate");
        leaf = root.leaf(Spec.of("spiffe://cluster.local/ns/a/sa/leaf"));
        deepLeaf = intermediate.leaf(Spec.of("spiffe://cluster.local/ns/a/sa/deep"));
    }

    private static RevocationLists parse(String text) throws InvalidRevocationList {
        return RevocationLists.parse(text.getBytes(StandardCharsets.US_ASCII));
    }

    private static VerifiedPeer peer(X509Certificate... presented) throws PeerRejected {
        return ChainVerifier.verify(
                        CaForTests.der(presented), new TrustRoots(List.of(root.certificate())), PeerRole.CLIENT)
                .peer();
    }

    @Test
    void nothingIsRevokedWhereNothingIsSaid() throws Exception {
        assertThat(RevocationLists.NONE.revokes(peer(leaf))).isFalse();
        assertThat(parse("").size()).isZero();
        assertThat(parse("").revokes(peer(leaf))).isFalse();
        assertThat(parse(root.revocationList()).revokes(peer(leaf))).isFalse();
    }

    @Test
    void revokesALeafByTheListOfItsIssuerThoughThatIsOutOfDate() throws Exception {
        RevocationLists lists = parse(root.revocationList(leaf));
        assertThat(lists.revokes(peer(leaf))).isTrue();
        assertThat(lists.revokes(peer(deepLeaf, intermediate.certificate()))).isFalse();
    }

    @Test
    void revokesEverybodyBelowARevokedAuthority() throws Exception {
        RevocationLists lists = parse(root.revocationList(intermediate.certificate()));
        assertThat(lists.revokes(peer(deepLeaf, intermediate.certificate()))).isTrue();
        assertThat(lists.revokes(peer(leaf))).isFalse();
    }

    @Test
    void readsOneListAsDer() throws Exception {
        RevocationLists lists = RevocationLists.parse(root.revocationListDer(leaf));
        assertThat(lists.size()).isEqualTo(1);
        assertThat(lists.revokes(peer(leaf))).isTrue();
    }

    @Test
    void readsSeveralListsAmongOtherThings() throws Exception {
        String certificate = CaForTests.pem("CERTIFICATE", root.certificate().getEncoded());
        RevocationLists lists = parse(certificate + "of the root:\n" + root.revocationList(leaf) + certificate
                + intermediate.revocationList(deepLeaf));
        assertThat(lists.size()).isEqualTo(2);
        assertThat(lists.revokes(peer(leaf))).isTrue();
        assertThat(lists.revokes(peer(deepLeaf, intermediate.certificate()))).isTrue();
        assertThat(parse(certificate).size()).isZero();
    }

    @Test
    void aListCountsForTheKeyThatSignedItNotForAllOfItsName() throws Exception {
        CaForTests namesake = CaForTests.root("root");
        RevocationLists theirs = parse(namesake.revocationList(leaf));
        assertThat(theirs.revokes(peer(leaf))).isFalse();
        RevocationLists both = parse(namesake.revocationList(leaf) + root.revocationList(leaf));
        assertThat(both.revokes(peer(leaf))).isTrue();
    }

    @Test
    void aSerialNumberMeansNothingToAnotherIssuer() throws Exception {
        RevocationLists lists = parse(intermediate.revocationList(leaf));
        assertThat(lists.revokes(peer(leaf))).isFalse();
    }

    @Test
    void certificatesThatAPeerPresentsForNothingDoNotMatter() throws Exception {
        CaForTests stray = root.intermediate("stray");
        RevocationLists lists = parse(root.revocationList(stray.certificate()));
        assertThat(lists.revokes(peer(deepLeaf, stray.certificate(), intermediate.certificate())))
                .isFalse();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "not a valid CRL             | CRL error: failed to parse crl 1: ",
                "-----BEGIN X509 CRL-----abc | failed to parse CRL: failed to parse PEM: ",
                "-----BEGIN X509 CRL-----b-----END X509 CRL----- | failed to parse CRL: failed to parse PEM: ",
                "-----BEGIN X509 CRL-----AAAA-----END X509 CRL----- | CRL error: failed to parse crl 1: ",
            })
    void refusesWhatIsNoList(String text, String why) {
        assertThatThrownBy(() -> parse(text))
                .isInstanceOf(InvalidRevocationList.class)
                .hasMessageStartingWith(why);
    }

    @Test
    void refusesAllOfAFileOfWhichOneListIsTruncated() throws Exception {
        byte[] der = root.revocationListDer(leaf);
        for (int length : new int[] {1, der.length / 2, der.length - 1}) {
            String cut = CaForTests.pem("X509 CRL", Arrays.copyOf(der, length));
            assertThatThrownBy(() -> parse(root.revocationList(leaf) + cut))
                    .isInstanceOf(InvalidRevocationList.class)
                    .hasMessageStartingWith("CRL error: failed to parse crl 2: ");
        }
    }
}
