package io.culvert.testkit.controlplane;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.culvert.testkit.spec.AddressPlan;
import io.culvert.testkit.spec.MeshSpec;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import javax.security.auth.x500.X500Principal;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequestBuilder;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("direct")
class CertificateServiceTest {
    private static final String CLIENT = "spiffe://cluster.local/ns/default/sa/client";
    private static final String ECHO = "spiffe://cluster.local/ns/default/sa/echo";
    private static final Instant NOW = Instant.parse("2026-11-21T10:00:00Z");
    private static final MeshSpec MESH = MeshSpec.mesh("m")
            .node("node-a", n -> n.pod("client", p -> p.serviceAccount("client")))
            .node("node-b", n -> n.pod("echo", p -> p.serviceAccount("echo")))
            .build();

    private ControlPlane server;
    private TestProxy proxy;
    private KeyPair key;

    @BeforeEach
    void start() throws Exception {
        server = ControlPlane.builder()
                .certificateLifetimeMax(Duration.ofDays(2))
                .start();
        server.serve(MESH, AddressPlan.of(MESH, 0));
        proxy = TestProxy.connect(server, server.tokens().issue(ProxyAccount.ofNode("node-a")));
        key = keyPair("EC", 256);
    }

    @AfterEach
    void stop() throws Exception {
        proxy.close();
        server.close();
    }

    @Test
    void signsForPodOnTheCallersNode() throws Exception {
        List<String> chain = proxy.certificate(csr(key, "SHA256withECDSA"), CLIENT, 3600);
        assertThat(chain).hasSize(2);
        X509Certificate leaf = parse(chain.getFirst());
        leaf.verify(server.authority().root().getPublicKey());
        assertThat(leaf.getPublicKey()).isEqualTo(key.getPublic());
        assertThat(leaf.getSubjectAlternativeNames()).containsExactly(List.of(6, CLIENT));
        assertThat(leaf.getCriticalExtensionOIDs()).contains("2.5.29.17");
        assertThat(leaf.getSubjectX500Principal().getName()).isEmpty();
        assertThat(leaf.getExtendedKeyUsage()).containsExactlyInAnyOrder("1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2");
        assertThat(chain.getLast()).isEqualTo(server.authority().rootPem());
    }

    @Test
    void signsForTheCallerItself() throws Exception {
        String csr = csr(key, "SHA256withECDSA");
        String own = "spiffe://cluster.local/ns/istio-system/sa/ztunnel";
        assertThat(parse(proxy.certificate(csr, "", 3600).getFirst()).getSubjectAlternativeNames())
                .containsExactly(List.of(6, own));
        assertThat(parse(proxy.certificate(csr, own, 3600).getFirst()).getSubjectAlternativeNames())
                .containsExactly(List.of(6, own));
    }

    @Test
    void refusesIdentityThatRunsOnAnotherNodeOnly() throws Exception {
        refused(ECHO, Status.Code.UNAUTHENTICATED, "request impersonation authentication failure");
        assertThat(server.events().all(ControlPlaneEvent.CertificateRefused.class))
                .extracting(ControlPlaneEvent.CertificateRefused::identity)
                .containsExactly(ECHO);
    }

    @Test
    void refusesWhatIsNoIdentity() throws Exception {
        refused("default/client", Status.Code.UNAUTHENTICATED, "request impersonation authentication failure");
        refused(CLIENT + "/more", Status.Code.UNAUTHENTICATED, "request impersonation authentication failure");
    }

    @Test
    void refusesIdentityOncePodIsGone() throws Exception {
        MeshSpec without = MESH.toBuilder().removePod("default", "client").build();
        server.serve(without, AddressPlan.of(without, 0));
        refused(CLIENT, Status.Code.UNAUTHENTICATED, "request impersonation authentication failure");
    }

    @Test
    void refusesUnknownToken() throws Exception {
        try (TestProxy stranger = TestProxy.connect(server, "nobody")) {
            assertThatExceptionOfType(StatusRuntimeException.class)
                    .isThrownBy(() -> stranger.certificate(csr(key, "SHA256withECDSA"), CLIENT, 1))
                    .satisfies(e -> assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.UNAUTHENTICATED))
                    .withMessageContaining("request authenticate failure");
        }
    }

    @Test
    void refusesTamperedRequest() throws Exception {
        byte[] der = Pem.decode("CERTIFICATE REQUEST", csr(key, "SHA256withECDSA"));
        der[der.length - 1] ^= 1;
        refusedCsr(Pem.of("CERTIFICATE REQUEST", der));
    }

    @Test
    void refusesRequestOfAnotherKeyKind() throws Exception {
        refusedCsr(csr(keyPair("RSA", 2048), "SHA256withRSA"));
        refusedCsr(csr(keyPair("EC", 384), "SHA256withECDSA"));
    }

    @Test
    void refusesTruncatedEmptyAndOversizedRequests() throws Exception {
        byte[] der = Pem.decode("CERTIFICATE REQUEST", csr(key, "SHA256withECDSA"));
        refusedCsr(Pem.of("CERTIFICATE REQUEST", Arrays.copyOf(der, der.length / 2)));
        refusedCsr("");
        refusedCsr("x".repeat(1_000_000));
    }

    @Test
    void lifetimeIsAsAskedUpToTheMaximum() throws Exception {
        String csr = csr(key, "SHA256withECDSA");
        Instant before = Clock.systemUTC().instant();
        X509Certificate hour = parse(proxy.certificate(csr, CLIENT, 3600).getFirst());
        assertThat(hour.getNotAfter().toInstant()).isBetween(before.plusSeconds(3595), before.plusSeconds(3700));
        X509Certificate long48 =
                parse(proxy.certificate(csr, CLIENT, 86400L * 365).getFirst());
        assertThat(long48.getNotAfter().toInstant()).isBefore(before.plus(Duration.ofHours(49)));
        X509Certificate unsaid = parse(proxy.certificate(csr, CLIENT, 0).getFirst());
        assertThat(unsaid.getNotAfter().toInstant())
                .isBetween(before.plus(Duration.ofHours(23)), before.plus(Duration.ofHours(25)));
    }

    @Test
    void intermediateStandsBetweenLeafAndRoot() throws Exception {
        Clock clock = Clock.fixed(NOW, ZoneOffset.UTC);
        CertificateAuthority authority = CertificateAuthority.create(clock, true);
        List<X509Certificate> chain = new ArrayList<>(authority.issue(key.getPublic(), CLIENT, Duration.ofSeconds(60)));
        assertThat(chain).hasSize(2);
        chain.get(0).verify(chain.get(1).getPublicKey());
        chain.get(1).verify(authority.root().getPublicKey());
        assertThat(chain.get(0).getIssuerX500Principal()).isEqualTo(chain.get(1).getSubjectX500Principal());
        assertThat(chain.get(1).getIssuerX500Principal())
                .isEqualTo(authority.root().getSubjectX500Principal());
        assertThat(chain.get(0).getNotBefore().toInstant())
                .as("half life of a short one lies ahead")
                .isEqualTo(NOW.minusSeconds(6));
        assertThat(chain.get(0).getNotAfter().toInstant()).isEqualTo(NOW.plusSeconds(60));
    }

    @Test
    void serverIsWhoItSaysAndNobodyElse() throws Exception {
        String token = server.tokens().issue(ProxyAccount.ofNode("node-a"));
        try (TestProxy byAddress = TestProxy.connect(server, token, "127.0.0.1")) {
            assertThat(byAddress.certificate(csr(key, "SHA256withECDSA"), CLIENT, 60))
                    .hasSize(2);
        }
        try (TestProxy misled = TestProxy.connect(server, token, "other.example")) {
            assertThatExceptionOfType(StatusRuntimeException.class)
                    .isThrownBy(() -> misled.certificate(csr(key, "SHA256withECDSA"), CLIENT, 60))
                    .satisfies(e -> assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE));
        }
    }

    private void refused(String identity, Status.Code code, String message) throws Exception {
        String csr = csr(key, "SHA256withECDSA");
        assertThatExceptionOfType(StatusRuntimeException.class)
                .isThrownBy(() -> proxy.certificate(csr, identity, 3600))
                .satisfies(e -> assertThat(e.getStatus().getCode()).isEqualTo(code))
                .withMessageContaining(message);
    }

    private void refusedCsr(String csr) {
        assertThatExceptionOfType(StatusRuntimeException.class)
                .isThrownBy(() -> proxy.certificate(csr, CLIENT, 3600))
                .satisfies(e -> assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT))
                .withMessageContaining("CSR signing error");
    }

    private static KeyPair keyPair(String algorithm, int bits) throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance(algorithm);
        generator.initialize(bits);
        return generator.generateKeyPair();
    }

    static String csr(KeyPair key, String algorithm) throws Exception {
        return Pem.of(
                "CERTIFICATE REQUEST",
                new JcaPKCS10CertificationRequestBuilder(new X500Principal(""), key.getPublic())
                        .build(new JcaContentSignerBuilder(algorithm).build(key.getPrivate()))
                        .getEncoded());
    }

    private static X509Certificate parse(String pem) throws Exception {
        return (X509Certificate) CertificateFactory.getInstance("X.509")
                .generateCertificate(new ByteArrayInputStream(pem.getBytes(StandardCharsets.US_ASCII)));
    }
}
