package io.culvert.xds;

import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.proto.discovery.DeltaDiscoveryRequest;
import io.culvert.proto.discovery.DeltaDiscoveryResponse;
import io.culvert.xds.FakeControlPlane.Stream;
import io.culvert.xds.channel.ControlPlaneEndpoint;
import io.culvert.xds.channel.ControlThread;
import io.culvert.xds.channel.GrpcTransport;
import io.culvert.xds.channel.RootCertificates;
import io.culvert.xds.channel.TestAuthority;
import io.culvert.xds.channel.Token;
import io.culvert.xds.mesh.MeshState;
import io.culvert.xds.snapshot.StateKeeper;
import io.grpc.Status;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The client against a server on loopback, over TLS. */
@Tag("direct")
final class AdsClientTest {
    private final ControlThread control = new ControlThread(InstantSource.system());
    private final GrpcTransport grpc = new GrpcTransport(control);
    private final MeshState mesh = new MeshState("node-a");
    private final CountDownLatch synced = new CountDownLatch(1);
    private final RecordingCounters counters = new RecordingCounters();
    private final List<AutoCloseable> opened = new ArrayList<>();
    private FakeControlPlane server;

    @TempDir
    private Path directory;

    AdsClientTest() throws IOException {
        server = new FakeControlPlane();
    }

    @BeforeEach
    void register() {
        opened.add(grpc);
        opened.add(control);
    }

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable closeable : opened) {
            closeable.close();
        }
        server.close();
    }

    private void start(ControlPlaneEndpoint endpoint) {
        var config = new XdsConfig(endpoint, Recorded.node(), false);
        opened.addFirst(AdsClient.start(config, mesh, grpc, control, counters, StateKeeper.NONE, synced::countDown));
    }

    private Stream startAndSkipInitialRequests() throws InterruptedException {
        start(server.endpoint());
        Stream stream = server.nextStream();
        stream.nextRequest();
        stream.nextRequest();
        return stream;
    }

    @Test
    void subscribesAcknowledgesAndReportsTheFirstSync() throws Exception {
        start(server.endpoint().withHeaders(Map.of("X_TEST", "v")));
        Stream stream = server.nextStream();

        assertThat(stream.nextRequest()).isEqualTo(Recorded.request("01-delta-request-stream1"));
        assertThat(stream.nextRequest()).isEqualTo(Recorded.request("02-delta-request-stream1"));
        assertThat(stream.header("authorization")).isEqualTo("Bearer the-token");
        assertThat(stream.header("clusterid")).isEqualTo("Kubernetes");
        assertThat(stream.header("x_test")).isEqualTo("v");

        stream.send(Recorded.push("01-address-initial"));
        assertThat(stream.nextRequest()).isEqualTo(Recorded.request("03-delta-request-stream1"));
        assertThat(synced.getCount()).isEqualTo(1);
        stream.send(Recorded.push("02-authorization-initial"));
        assertThat(stream.nextRequest()).isEqualTo(Recorded.request("04-delta-request-stream1"));
        assertThat(synced.await(20, TimeUnit.SECONDS)).isTrue();
        assertThat(mesh.snapshot().policies()).hasSize(10);
        assertThat(counters.messages.get(ResourceType.ADDRESS.typeUrl())).isPositive();
    }

    @Test
    void namesABadResourceAndKeepsTheGoodOnes() throws Exception {
        Stream stream = startAndSkipInitialRequests();
        stream.send(Pushes.addresses("n1", Pushes.workload("good"), Pushes.unusable("bad")));

        DeltaDiscoveryRequest answer = stream.nextRequest();

        assertThat(answer.getResponseNonce()).isEqualTo("n1");
        assertThat(answer.getErrorDetail().getCode()).isZero();
        assertThat(answer.getErrorDetail().getMessage()).isEqualTo("bad: failed to parse address, had 3 bytes");
        assertThat(mesh.snapshot().workloadByUid("good")).isNotNull();
        assertThat(mesh.snapshot().workloadByUid("bad")).isNull();
        assertThat(synced.getCount()).isEqualTo(1);
    }

    @Test
    void repeatsWhatItHoldsAfterADisconnectAndForgetsNothing() throws Exception {
        Stream stream = startAndSkipInitialRequests();
        stream.send(Recorded.push("01-address-initial"));
        stream.send(Recorded.push("02-authorization-initial"));
        stream.nextRequest();
        stream.nextRequest();

        stream.fail(Status.CANCELLED);
        Stream second = server.nextStream();

        assertThat(second.nextRequest()).isEqualTo(Recorded.request("08-delta-request-stream2"));
        assertThat(second.nextRequest()).isEqualTo(Recorded.request("09-delta-request-stream2"));
        assertThat(mesh.snapshot().policies()).hasSize(10);
        assertThat(counters.terminations).containsExactly(AdsCounters.Termination.RECONNECT);
    }

    @Test
    void removesWhatTheServerRemoves() throws Exception {
        Stream stream = startAndSkipInitialRequests();
        stream.send(Pushes.addresses("n1", Pushes.workload("here"), Pushes.workload("gone")));
        stream.nextRequest();

        stream.send(Pushes.removal("n2", "gone"));

        assertThat(stream.nextRequest().hasErrorDetail()).isFalse();
        assertThat(mesh.snapshot().workloadByUid("gone")).isNull();
        assertThat(mesh.snapshot().workloadByUid("here")).isNotNull();
    }

    @Test
    void acknowledgesATypeThatItDoesNotKnow() throws Exception {
        Stream stream = startAndSkipInitialRequests();
        stream.send(DeltaDiscoveryResponse.newBuilder()
                .setTypeUrl("type.googleapis.com/other")
                .setNonce("n")
                .build());

        DeltaDiscoveryRequest answer = stream.nextRequest();

        assertThat(answer.getTypeUrl()).isEqualTo("type.googleapis.com/other");
        assertThat(answer.hasErrorDetail()).isFalse();
    }

    @Test
    void takesAMessageFarOverTheDefaultLimit() throws Exception {
        Stream stream = startAndSkipInitialRequests();
        stream.send(Pushes.addresses("n", Pushes.workload("large", "x".repeat(16 * 1024 * 1024))));

        assertThat(stream.nextRequest().hasErrorDetail()).isFalse();
    }

    @Test
    void refusesAServerOfAForeignRootAndSaysWhose() throws Exception {
        try (var log = LogCapture.of(AdsClient.class)) {
            TestAuthority foreign = TestAuthority.root("foreign");
            start(ControlPlaneEndpoint.of(
                    "localhost:" + server.port(),
                    new RootCertificates.Inline(foreign.pem()),
                    new Token.None(),
                    "Kubernetes"));

            assertThat(log.await("retrying")).contains("the certificate of localhost is not trusted by the roots of");
        }
        assertThat(server.streams).isEmpty();
        assertThat(counters.firstTermination()).isEqualTo(AdsCounters.Termination.CONNECTION_ERROR);
    }

    @Test
    void takesAServerOfAnyOfSeveralRoots() throws Exception {
        String roots = TestAuthority.root("older").pem()
                + server.authority.pem()
                + TestAuthority.root("newer").pem();
        start(ControlPlaneEndpoint.of(
                "localhost:" + server.port(), new RootCertificates.Inline(roots), new Token.None(), "Kubernetes"));

        assertThat(server.nextStream().nextRequest().getTypeUrl()).isEqualTo(ResourceType.ADDRESS.typeUrl());
    }

    @Test
    void refusesAServerOfAnotherName() throws Exception {
        server.close();
        server = new FakeControlPlane(server.authority, "istiod.istio-system.svc", 0);
        try (var log = LogCapture.of(AdsClient.class)) {
            start(server.endpoint());

            assertThat(log.await("retrying")).contains("is for [istiod.istio-system.svc], not for localhost");
        }
        assertThat(server.streams).isEmpty();
    }

    @Test
    void takesAServerOfTheAlternativeName() throws Exception {
        server.close();
        server = new FakeControlPlane(server.authority, "istiod.istio-system.svc", 0);
        start(server.endpoint().withAlternativeHost("istiod.istio-system.svc"));

        assertThat(server.nextStream().nextRequest().getTypeUrl()).isEqualTo(ResourceType.ADDRESS.typeUrl());
    }

    @Test
    void readsRootsAndTokenAnewForEachStream() throws Exception {
        Path roots = Files.writeString(
                directory.resolve("root-cert.pem"), TestAuthority.root("old").pem());
        Path token = directory.resolve("istio-token");
        try (var log = LogCapture.of(AdsClient.class)) {
            start(ControlPlaneEndpoint.of(
                    "localhost:" + server.port(),
                    new RootCertificates.InFile(roots),
                    new Token.InFile(token),
                    "Kubernetes"));
            assertThat(log.await("is missing")).contains(token + " is missing").contains("AUTH_TOKEN");
            Files.writeString(token, " \n");
            assertThat(log.await("is empty")).contains(token + " is empty");
            Files.writeString(token, "first\n");
            assertThat(log.await("not trusted")).contains(roots.toString());
        }
        Files.writeString(roots, server.authority.pem());

        Stream stream = server.nextStream();
        assertThat(stream.header("authorization")).isEqualTo("Bearer first");
        Files.writeString(token, "second");
        stream.fail(Status.UNKNOWN);

        assertThat(server.nextStream().header("authorization")).isEqualTo("Bearer second");
    }

    @Test
    void sendsNeitherTokenNorClusterWithoutAToken() throws Exception {
        start(ControlPlaneEndpoint.of(
                "localhost:" + server.port(),
                new RootCertificates.Inline(server.authority.pem()),
                new Token.None(),
                "Kubernetes"));

        assertThat(server.nextStream().headers.keys()).doesNotContain("authorization", "clusterid");
    }

    @Test
    void findsAServerThatComesLater() throws Exception {
        int port = server.port();
        server.close();
        try (var log = LogCapture.of(AdsClient.class)) {
            start(server.endpoint());
            assertThat(log.await("connection error")).contains("retrying");
        }
        server = new FakeControlPlane(server.authority, "localhost", port);

        assertThat(server.nextStream().nextRequest().getTypeUrl()).isEqualTo(ResourceType.ADDRESS.typeUrl());
        assertThat(counters.firstTermination()).isEqualTo(AdsCounters.Termination.CONNECTION_ERROR);
    }

    @Test
    void endsItsStreamWhenClosed() throws Exception {
        Stream stream = startAndSkipInitialRequests();

        opened.removeFirst().close();

        assertThat(stream.awaitEnd()).isTrue();
    }
}
