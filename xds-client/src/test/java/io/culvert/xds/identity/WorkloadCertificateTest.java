package io.culvert.xds.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.culvert.xds.channel.TestAuthority;
import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.bouncycastle.asn1.x509.GeneralName;
import org.junit.jupiter.api.Test;

final class WorkloadCertificateTest {
    private static final Identity ID = new Identity("td", "ns", "sa");
    private static final Instant NOW = Instant.parse("2026-11-21T00:00:00Z");

    private final TestAuthority root = TestAuthority.root("root");
    private final TestAuthority intermediate = root.intermediate("intermediate");
    private final KeyPair keys = TestAuthority.newKeys();
    private final byte[] keyPem = TestAuthority.pem(keys.getPrivate()).getBytes(StandardCharsets.US_ASCII);

    private String leaf(GeneralName... names) {
        return TestAuthority.pem(intermediate.sign(keys.getPublic(), NOW, NOW.plus(Duration.ofDays(1)), names));
    }

    private WorkloadCertificate of(String... chain) throws CertificateRejected {
        return WorkloadCertificate.fromPem(ID, keyPem, List.of(chain));
    }

    @Test
    void splitsTheChainFromTheRootsThatComeLast() throws Exception {
        String leaf = leaf(TestAuthority.uri(ID.toString()));
        String roots = root.pem() + TestAuthority.root("other").pem();

        WorkloadCertificate certificate = of(leaf, intermediate.pem(), roots);

        assertThat(certificate.chain()).hasSize(2);
        assertThat(certificate.roots()).hasSize(2);
        assertThat(new String(certificate.chainPem(), StandardCharsets.US_ASCII))
                .isEqualTo(leaf + intermediate.pem());
        assertThat(certificate.privateKeyPem()).isEqualTo(keyPem);
        assertThat(certificate.leadsToItsRoots()).isTrue();
    }

    @Test
    void knowsWhetherItLeadsToItsRoots() throws Exception {
        String leaf = leaf(TestAuthority.uri(ID.toString()));

        assertThat(of(leaf, root.pem()).leadsToItsRoots())
                .as("without its intermediate")
                .isFalse();
        assertThat(of(leaf, intermediate.pem(), TestAuthority.root("root").pem())
                        .leadsToItsRoots())
                .as("a root of the same name and another key")
                .isFalse();
        assertThat(of(leaf, intermediate.pem(), TestAuthority.root("root").pem() + root.pem())
                        .leadsToItsRoots())
                .as("both roots")
                .isTrue();
    }

    @Test
    void differsInGenerationFromAnyOther() throws Exception {
        String leaf = leaf(TestAuthority.uri(ID.toString()));

        assertThat(of(leaf, root.pem()).generation())
                .isNotEqualTo(of(leaf, root.pem()).generation());
    }

    @Test
    void doesNotShowItsKey() throws Exception {
        WorkloadCertificate certificate = of(leaf(TestAuthority.uri(ID.toString())), root.pem());
        String secret =
                TestAuthority.pem(keys.getPrivate()).lines().skip(1).findFirst().orElseThrow();

        assertThat(certificate.toString()).doesNotContain(secret).contains(ID.toString());
    }

    @Test
    void refusesAnEmptyChain() {
        assertThatThrownBy(this::of).hasMessage("chain returned from CA is empty for: " + ID);
    }

    @Test
    void refusesAChainWithoutARoot() {
        assertThatThrownBy(() -> of(leaf(TestAuthority.uri(ID.toString()))))
                .hasMessageContaining("no root certificate present");
    }

    @Test
    void refusesALeafOfAnotherIdentity() {
        assertThatThrownBy(() -> of(leaf(TestAuthority.uri("spiffe://td/ns/other/sa/sa")), root.pem()))
                .hasMessage("did not find expected SAN: " + ID);
    }

    @Test
    void looksAtTheFirstUriAlone() throws Exception {
        GeneralName other = TestAuthority.uri("spiffe://td/ns/other/sa/sa");
        GeneralName own = TestAuthority.uri(ID.toString());

        assertThat(of(leaf(TestAuthority.dns("host"), own, other), root.pem()).identity())
                .isEqualTo(ID);
        assertThatThrownBy(() -> of(leaf(other, own), root.pem())).hasMessageStartingWith("did not find");
    }

    @Test
    void refusesALeafWithoutNames() {
        assertThatThrownBy(() -> of(leaf(), root.pem())).hasMessageStartingWith("did not find expected SAN");
    }

    @Test
    void refusesWhatIsNoCertificate() {
        String leaf = leaf(TestAuthority.uri(ID.toString()));

        assertThatThrownBy(() -> of(leaf.substring(0, leaf.length() / 2), root.pem()))
                .isInstanceOf(CertificateRejected.class);
        assertThatThrownBy(() -> of(leaf, "not a certificate")).isInstanceOf(CertificateRejected.class);
        assertThatThrownBy(() -> of("", root.pem())).isInstanceOf(CertificateRejected.class);
    }
}
