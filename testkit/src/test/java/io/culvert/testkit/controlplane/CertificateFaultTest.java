package io.culvert.testkit.controlplane;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.culvert.testkit.controlplane.CertificateFault.Shape;
import io.culvert.testkit.spec.AddressPlan;
import io.culvert.testkit.spec.MeshSpec;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Each fault of the authority, as a caller sees it. */
@Tag("direct")
class CertificateFaultTest {
    private static final String CLIENT = "spiffe://cluster.local/ns/default/sa/client";
    private static final Duration LIMIT = Duration.ofSeconds(30);
    private static final MeshSpec MESH = MeshSpec.mesh("m")
            .node("node-a", n -> n.pod("client", p -> p.serviceAccount("client")))
            .build();

    private final KeyPair key = Signer.newKey();
    private ControlPlane server;
    private TestProxy proxy;

    @BeforeEach
    void start() throws Exception {
        server = ControlPlane.builder().intermediate(true).start();
        server.serve(MESH, AddressPlan.of(MESH, 0));
        proxy = TestProxy.connect(server, server.tokens().issue(ProxyAccount.ofNode("node-a")));
    }

    @AfterEach
    void stop() throws Exception {
        proxy.close();
        server.close();
    }

    private List<String> ask() throws Exception {
        return proxy.certificate(CertificateServiceTest.csr(key, "SHA256withECDSA"), CLIENT, 3600);
    }

    private static X509Certificate parse(String pem) throws Exception {
        return (X509Certificate) CertificateFactory.getInstance("X.509")
                .generateCertificate(new ByteArrayInputStream(pem.getBytes(StandardCharsets.US_ASCII)));
    }

    @Test
    void silenceLastsUntilThePlanIsCleared() throws Exception {
        server.certificateFaults().always(new CertificateFault.Silent());
        CompletableFuture<List<String>> answer = CompletableFuture.supplyAsync(() -> {
            try {
                return ask();
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
        server.events().await(ControlPlaneEvent.CertificateAsked.class, asked -> true, LIMIT);
        assertThat(server.events().all(ControlPlaneEvent.CertificateIssued.class))
                .isEmpty();

        server.certificateFaults().clear();

        assertThat(answer.get()).hasSize(3);
        assertThat(server.events().all(ControlPlaneEvent.CertificateIssued.class))
                .hasSize(1);
    }

    @Test
    void slownessEndsInAnAnswer() throws Exception {
        server.certificateFaults().next(1, new CertificateFault.Slow(Duration.ofMillis(50)));
        assertThat(ask()).hasSize(3);
    }

    @Test
    void refusesSoManyTimes() throws Exception {
        server.certificateFaults().next(2, new CertificateFault.Refused(Status.UNAVAILABLE.withDescription("away")));
        for (int i = 0; i < 2; i++) {
            assertThatExceptionOfType(StatusRuntimeException.class)
                    .isThrownBy(this::ask)
                    .satisfies(e -> assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE));
        }
        assertThat(ask()).hasSize(3);
    }

    @Test
    void signsForSomebodyElseAndForAnotherKey() throws Exception {
        server.certificateFaults()
                .next(1, new CertificateFault.WrongSan("spiffe://cluster.local/ns/x/sa/y"))
                .next(1, new CertificateFault.WrongKey());
        X509Certificate leaf = parse(ask().getFirst());
        assertThat(leaf.getSubjectAlternativeNames()).containsExactly(List.of(6, "spiffe://cluster.local/ns/x/sa/y"));
        assertThat(leaf.getPublicKey()).isNotEqualTo(key.getPublic());
    }

    @Test
    void livesAreShortAndClocksSkewed() throws Exception {
        Instant before = Clock.systemUTC().instant();
        server.certificateFaults()
                .next(1, new CertificateFault.Life(Duration.ofSeconds(10)))
                .about(CLIENT::equals, new CertificateFault.Skewed(Duration.ofDays(-2)));
        X509Certificate lagging = parse(ask().getFirst());
        assertThat(lagging.getNotAfter().toInstant())
                .isBefore(before.minus(Duration.ofDays(1)))
                .isEqualTo(lagging.getNotBefore().toInstant().plusSeconds(11));
    }

    @Test
    void chainsAreMalformedAsSaid() throws Exception {
        server.certificateFaults().next(1, new CertificateFault.Malformed(Shape.EMPTY));
        assertThat(ask()).isEmpty();
        server.certificateFaults().next(1, new CertificateFault.Malformed(Shape.LEAF_ALONE));
        assertThat(ask()).hasSize(1);
        server.certificateFaults().next(1, new CertificateFault.Malformed(Shape.GARBAGE));
        assertThat(ask().getFirst()).isEqualTo("not a certificate");
        server.certificateFaults().next(1, new CertificateFault.Malformed(Shape.FOREIGN_ROOT));
        assertThat(ask().getLast()).isNotEqualTo(server.authority().rootPem());
    }

    @Test
    void otherIdentitiesAreLeftAlone() throws Exception {
        server.certificateFaults()
                .about("spiffe://cluster.local/ns/a/sa/b"::equals, new CertificateFault.Refused(Status.ABORTED));
        assertThat(ask()).hasSize(3);
    }

    @Test
    void rootsRotateInThreeSteps() throws Exception {
        X509Certificate old = server.authority().root();
        server.authority().addRoot();
        assertThat(ask().getLast()).as("both are trusted").containsOnlyOnce(Pem.of(old));
        parse(ask().get(1)).verify(old.getPublicKey());

        server.authority().signByNewestRoot();
        X509Certificate fresh = server.authority().root();
        assertThat(fresh.getSubjectX500Principal()).isNotEqualTo(old.getSubjectX500Principal());
        parse(ask().get(1)).verify(fresh.getPublicKey());
        assertThat(ask().getLast()).contains(Pem.of(old)).contains(Pem.of(fresh));

        server.authority().dropOldRoots();
        assertThat(ask().getLast()).isEqualTo(Pem.of(fresh));
    }

    @Test
    void intermediatesRotateBelowTheSameRoot() throws Exception {
        List<String> before = ask();
        server.authority().rotateIntermediate();
        List<String> after = ask();
        assertThat(after.get(1)).isNotEqualTo(before.get(1));
        assertThat(after.getLast()).isEqualTo(before.getLast());
        parse(after.get(0)).verify(parse(after.get(1)).getPublicKey());
    }

    @Test
    void thePortPresentsAnotherCertificateWhenTold() throws Exception {
        server.authority().replaceRoot();
        String token = server.tokens().issue(ProxyAccount.ofNode("node-a"));
        try (TestProxy early = TestProxy.connect(server, token)) {
            assertThatExceptionOfType(StatusRuntimeException.class)
                    .as("the old certificate is still presented, and nobody trusts it")
                    .isThrownBy(() -> early.certificate("", CLIENT, 1))
                    .satisfies(e -> assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE));
        }
        server.renewServerCertificate();
        try (TestProxy late = TestProxy.connect(server, token)) {
            assertThatExceptionOfType(StatusRuntimeException.class)
                    .isThrownBy(() -> late.certificate("", CLIENT, 1))
                    .satisfies(e -> assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT));
        }
        server.renewServerCertificate(Duration.ofDays(-2), Duration.ofDays(1));
        try (TestProxy expired = TestProxy.connect(server, token)) {
            assertThatExceptionOfType(StatusRuntimeException.class)
                    .isThrownBy(() -> expired.certificate("", CLIENT, 1))
                    .satisfies(e -> assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.UNAVAILABLE));
        }
    }
}
