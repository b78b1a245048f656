package io.culvert.xds;

import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.proto.ca.IstioCertificateRequest;
import io.culvert.proto.ca.IstioCertificateResponse;
import io.culvert.xds.channel.ControlPlaneEndpoint;
import io.culvert.xds.channel.ControlThread;
import io.culvert.xds.channel.GrpcTransport;
import io.culvert.xds.channel.RootCertificates;
import io.culvert.xds.channel.TestAuthority;
import io.culvert.xds.channel.Token;
import io.culvert.xds.identity.CaClient;
import io.culvert.xds.identity.CaConfig;
import io.culvert.xds.identity.CertificateSource;
import io.culvert.xds.identity.Identity;
import io.culvert.xds.identity.WorkloadCertificate;
import io.grpc.Metadata;
import io.grpc.Status;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.PublicKey;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Certificates from a server on loopback, over TLS. */
@Tag("direct")
final class CaClientTest {
    private static final Identity RATINGS = new Identity("cluster.local", "bookinfo", "bookinfo-ratings");

    private final ControlThread control = new ControlThread(InstantSource.system());
    private final GrpcTransport grpc = new GrpcTransport(control);
    private final ExecutorService keyMaker = Executors.newSingleThreadExecutor();
    private final TestAuthority signer = TestAuthority.root("mesh");
    private final TestAuthority intermediate = signer.intermediate("intermediate");
    private final BlockingQueue<Object> outcomes = new LinkedBlockingQueue<>();
    private FakeControlPlane server;

    @TempDir
    private Path directory;

    CaClientTest() throws IOException {
        server = new FakeControlPlane();
        server.certificates = request -> answer(request, RATINGS.toString());
    }

    @AfterEach
    void close() {
        keyMaker.shutdownNow();
        grpc.close();
        control.close();
        server.close();
    }

    private IstioCertificateResponse answer(IstioCertificateRequest request, String uri) {
        return answer(TestAuthority.publicKey(request.getCsr()), uri);
    }

    private IstioCertificateResponse answer(PublicKey key, String uri) {
        Instant now = Instant.now();
        String leaf = TestAuthority.pem(
                intermediate.sign(key, now.minusSeconds(60), now.plusSeconds(600), TestAuthority.uri(uri)));
        return IstioCertificateResponse.newBuilder()
                .addCertChain(leaf)
                .addCertChain(intermediate.pem())
                .addCertChain(signer.pem() + TestAuthority.root("other").pem())
                .build();
    }

    private CaClient client(ControlPlaneEndpoint endpoint) {
        return new CaClient(new CaConfig(endpoint, Duration.ofDays(1), true), grpc, control, keyMaker);
    }

    /** A certificate or the reason why there is none. */
    private Object fetch(CertificateSource source) throws InterruptedException {
        source.fetch(RATINGS, new CertificateSource.Sink() {
            @Override
            public void issued(WorkloadCertificate certificate) {
                outcomes.add(certificate);
            }

            @Override
            public void failed(String reason) {
                outcomes.add(reason);
            }
        });
        return FakeControlPlane.await(outcomes);
    }

    private Object fetch() throws InterruptedException {
        try (CaClient client = client(server.endpoint())) {
            return fetch(client);
        }
    }

    @Test
    void asksAsTheOriginalDoesAndTakesTheChainApart() throws Exception {
        try (CaClient client = client(server.endpoint().withHeaders(Map.of("X_TEST", "v")))) {
            WorkloadCertificate certificate = (WorkloadCertificate) fetch(client);

            assertThat(certificate.identity()).isEqualTo(RATINGS);
            assertThat(certificate.chain()).hasSize(2);
            assertThat(certificate.roots()).hasSize(2);
        }
        IstioCertificateRequest sent = FakeControlPlane.await(server.certificateRequests);
        IstioCertificateRequest recorded;
        try (var stream = Recorded.open("/ztunnel-xds/05-create-certificate-request.bin")) {
            recorded = IstioCertificateRequest.parseFrom(stream);
        }
        assertThat(sent.toBuilder().clearCsr().build())
                .isEqualTo(recorded.toBuilder().clearCsr().build());
        Metadata headers = FakeControlPlane.await(server.certificateHeaders);
        assertThat(header(headers, "authorization")).isEqualTo("Bearer the-token");
        assertThat(header(headers, "clusterid")).isEqualTo("Kubernetes");
        assertThat(header(headers, "x_test")).isEqualTo("v");
    }

    private static String header(Metadata headers, String name) {
        return String.valueOf(headers.get(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER)));
    }

    @Test
    void namesNobodyElseWhenItAsksForItself() throws Exception {
        try (CaClient client =
                new CaClient(new CaConfig(server.endpoint(), Duration.ofHours(1), false), grpc, control, keyMaker)) {
            fetch(client);
        }
        IstioCertificateRequest sent = FakeControlPlane.await(server.certificateRequests);
        assertThat(sent.hasMetadata()).isFalse();
        assertThat(sent.getValidityDuration()).isEqualTo(3_600);
    }

    @Test
    void refusesACertificateOfAnotherIdentity() throws Exception {
        server.certificates = request -> answer(request, "spiffe://cluster.local/ns/bookinfo/sa/other");

        assertThat(fetch()).isEqualTo("did not find expected SAN: " + RATINGS);
    }

    @Test
    void refusesACertificateOfAnotherKey() throws Exception {
        server.certificates = request -> answer(TestAuthority.newKeys().getPublic(), RATINGS.toString());

        assertThat(fetch()).asString().contains("for another key");
    }

    @Test
    void refusesAnEmptyChainAndOneWithoutRoots() throws Exception {
        server.certificates = request -> IstioCertificateResponse.getDefaultInstance();
        assertThat(fetch()).isEqualTo("chain returned from CA is empty for: " + RATINGS);

        server.certificates = request -> IstioCertificateResponse.newBuilder()
                .addCertChain(answer(request, RATINGS.toString()).getCertChain(0))
                .build();
        assertThat(fetch()).asString().startsWith("no root certificate present");
    }

    @Test
    void refusesACertificateThatCannotBeRead() throws Exception {
        server.certificates = request -> IstioCertificateResponse.newBuilder()
                .addAllCertChain(
                        List.of("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", signer.pem()))
                .build();

        assertThat(fetch()).asString().startsWith("failed to process string: ");
    }

    @Test
    void passesOnWhyTheAuthorityRefused() throws Exception {
        server.certificates = request -> {
            throw Status.UNAUTHENTICATED
                    .withDescription("request impersonation authentication failure")
                    .asRuntimeException();
        };

        assertThat(fetch())
                .isEqualTo("signing gRPC error (UNAUTHENTICATED): request impersonation authentication failure"
                        + " (the token is the value of AUTH_TOKEN)");
    }

    @Test
    void saysWhatIsWrongWithTheServersCertificate() throws Exception {
        try (CaClient client = client(ControlPlaneEndpoint.of(
                "localhost:" + server.port(),
                new RootCertificates.Inline(TestAuthority.root("foreign").pem()),
                new Token.None(),
                ""))) {
            assertThat(fetch(client)).asString().contains("the certificate of localhost is not trusted by the roots");
        }
    }

    @Test
    void saysWhichTokenFileIsMissing() throws Exception {
        Path token = directory.resolve("token");
        try (CaClient client = client(ControlPlaneEndpoint.of(
                "localhost:" + server.port(),
                new RootCertificates.Inline(server.authority.pem()),
                new Token.InFile(token),
                ""))) {
            assertThat(fetch(client)).asString().startsWith("token file " + token + " is missing");
            Files.writeString(token, "now");
            assertThat(fetch(client)).isInstanceOf(WorkloadCertificate.class);
        }
    }

    @Test
    void followsItsRootsFileAndKeepsTheOldChannelWhileTheFileIsBroken() throws Exception {
        Path roots = Files.writeString(directory.resolve("root-cert.pem"), server.authority.pem());
        try (CaClient client = client(ControlPlaneEndpoint.of(
                "localhost:" + server.port(), new RootCertificates.InFile(roots), new Token.None(), ""))) {
            assertThat(fetch(client)).isInstanceOf(WorkloadCertificate.class);
            Files.writeString(roots, "broken");
            assertThat(fetch(client)).isInstanceOf(WorkloadCertificate.class);
            Files.writeString(roots, TestAuthority.root("foreign").pem());
            assertThat(fetch(client)).asString().contains("is not trusted");
            Files.writeString(roots, server.authority.pem());
            assertThat(fetch(client)).isInstanceOf(WorkloadCertificate.class);
        }
    }
}
