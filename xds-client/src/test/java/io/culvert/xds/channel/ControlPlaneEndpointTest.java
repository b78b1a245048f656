package io.culvert.xds.channel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.util.Map;
import org.bouncycastle.asn1.x509.GeneralName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class ControlPlaneEndpointTest {
    private static ControlPlaneEndpoint of(String address) {
        return ControlPlaneEndpoint.of(address, new RootCertificates.SystemDefault(), new Token.Literal("secret"), "c");
    }

    @ParameterizedTest
    @CsvSource({
        "https://istiod.istio-system.svc:15012, istiod.istio-system.svc:15012",
        "istiod.istio-system.svc:15012, istiod.istio-system.svc:15012",
        "https://localhost, localhost:443",
        "'https://[fd00::1]:15012', '[fd00::1]:15012'",
    })
    void readsAddresses(String address, String authority) {
        assertThat(of(address).authority()).isEqualTo(authority);
    }

    @ParameterizedTest
    @ValueSource(strings = {"http://istiod:15012", "https://", "https://a b", "ftp://x"})
    void refusesWhatIsNoAddress(String address) {
        assertThatThrownBy(() -> of(address)).hasMessageStartingWith("invalid uri: " + address);
    }

    @Test
    void refusesAHeaderThatIsNone() {
        assertThatThrownBy(() -> of("h:1").withHeaders(Map.of("a b", "v")))
                .hasMessageStartingWith("failed to parse header key: a b");
    }

    @Test
    void doesNotShowItsToken() {
        assertThat(of("h:1").toString()).doesNotContain("secret");
    }

    @ParameterizedTest
    @CsvSource({
        "istiod.svc, istiod.svc, true",
        "istiod.svc, ISTIOD.svc., true",
        "istiod.svc, other.svc, false",
        "*.svc.local, istiod.svc.local, true",
        "*.svc.local, a.istiod.svc.local, false",
        "*.svc.local, svc.local, false",
        "*.local, istiod.local, false",
    })
    void matchesNamesOfACertificate(String presented, String host, boolean matches) throws Exception {
        var certificate = TestAuthority.root("r")
                .sign(
                        TestAuthority.newKeys().getPublic(),
                        Instant.EPOCH,
                        Instant.EPOCH.plusSeconds(1),
                        TestAuthority.dns(presented));

        assertThat(ServerNames.matches(certificate, host)).isEqualTo(matches);
    }

    @Test
    void matchesAddressesOfACertificateAndNothingWithoutNames() throws Exception {
        TestAuthority root = TestAuthority.root("r");
        var key = TestAuthority.newKeys().getPublic();
        var address = root.sign(
                key, Instant.EPOCH, Instant.EPOCH.plusSeconds(1), new GeneralName(GeneralName.iPAddress, "fd00::1"));

        assertThat(ServerNames.matches(address, "fd00:0::1")).isTrue();
        assertThat(ServerNames.matches(address, "fd00::2")).isFalse();
        assertThat(ServerNames.matches(root.sign(key, Instant.EPOCH, Instant.EPOCH.plusSeconds(1)), "x"))
                .isFalse();
    }

    @Test
    void refusesRootsWithoutACertificate() {
        assertThatThrownBy(() -> RootCertificates.trustManager("nothing", "/etc/root.pem"))
                .hasMessageContaining("/etc/root.pem");
    }
}
