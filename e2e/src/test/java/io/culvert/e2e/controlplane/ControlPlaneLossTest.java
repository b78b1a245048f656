package io.culvert.e2e.controlplane;

import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.testkit.controlplane.ControlPlane;
import io.culvert.testkit.controlplane.DiscoveryFault;
import io.culvert.testkit.controlplane.ResourceType;
import io.culvert.testkit.listen.Listening;
import io.culvert.testkit.process.Await;
import io.culvert.testkit.spec.ScaleMesh;
import io.culvert.xds.AdsStatus;
import io.grpc.Status;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The control plane dies, is somebody else, or no longer knows the proxy; what is known stays, and it comes back. */
@Tag("direct")
final class ControlPlaneLossTest {
    private static final Duration LIMIT = Duration.ofMinutes(1);

    private static final ScaleMesh MESH = new ScaleMesh(50, 5, 3);
    private static final String REMOVED = MESH.changed(7, true).getWorkload().getUid();

    private ControlPlane server;
    private final InetSocketAddress address;
    private Follower follower;

    @TempDir
    private Path directory;

    ControlPlaneLossTest() throws Exception {
        server = ControlPlane.builder().start();
        address = server.address();
    }

    @BeforeEach
    void start() throws Exception {
        server.serve(MESH);
        follower = Follower.of(server, directory);
        follower.awaitSync();
    }

    @AfterEach
    void stop() {
        follower.close();
        server.close();
    }

    private void restart() throws IOException {
        ControlPlane former = server;
        server = ControlPlane.builder()
                .listening(Listening.at(address))
                .authority(former.authority())
                .tokens(former.tokens())
                .start();
        server.serve(MESH);
    }

    private void recovered() {
        server.edit(edit -> edit.remove(ResourceType.ADDRESS, REMOVED));
        follower.awaitMesh("recovery", mesh -> mesh.workloadByUid(REMOVED) == null);
        assertThat(follower.mesh().workloads()).hasSize(49);
        assertThat(follower.status().connection()).isEqualTo(AdsStatus.Connection.CONNECTED);
    }

    private void awaitFailure(String part) {
        follower.awaitStatus(
                part,
                status -> status.connection() != AdsStatus.Connection.CONNECTED
                        && status.lastFailure().contains(part));
        assertThat(follower.mesh().workloads()).hasSize(50);
        assertThat(follower.mesh().policies()).hasSize(3);
    }

    @Test
    void killedAndStartedAgain() throws Exception {
        server.close();
        follower.awaitStatus("several attempts", status -> status.streams() > 3);
        assertThat(follower.mesh().workloads()).hasSize(50);
        restart();
        recovered();
    }

    @Test
    void somebodyElseListensWhoSpeaksNoTls() throws Exception {
        server.close();
        Thread speaker;
        try (ServerSocket other = new ServerSocket()) {
            other.setReuseAddress(true);
            other.bind(address);
            speaker = Thread.ofPlatform().daemon().start(() -> answerAll(other));
            awaitFailure("UNAVAILABLE");
            follower.awaitStatus("several attempts", status -> status.streams() > 3);
        }
        speaker.join();
        restart();
        recovered();
    }

    private static void answerAll(ServerSocket other) {
        while (!other.isClosed()) {
            try (Socket caller = other.accept()) {
                caller.getOutputStream().write("HTTP/1.1 400 Bad Request\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
                InputStream hello = caller.getInputStream();
                var _ = hello.readNBytes(5);
            } catch (IOException e) {
                // The test has closed the listener, or the caller has gone: either way the next turn of the loop tells.
            }
        }
    }

    @Test
    void itsTokenExpiresAndIsRenewed() throws Exception {
        server.tokens().revoke(Files.readString(follower.token));
        server.closeStreams(Status.UNAUTHENTICATED);
        awaitFailure("authentication failure");
        follower.renewToken(server);
        recovered();
    }

    @Test
    void itsTokenFileIsEmptyForAMoment() throws Exception {
        Files.writeString(follower.token, "");
        server.closeStreams(Status.UNAVAILABLE);
        awaitFailure("is empty");
        follower.renewToken(server);
        recovered();
    }

    @Test
    void theServersClockIsAhead() throws Exception {
        server.renewServerCertificate(Duration.ofDays(2), Duration.ofDays(1));
        server.closeStreams(Status.UNAVAILABLE);
        awaitFailure("NotBefore");
        server.renewServerCertificate();
        recovered();
    }

    @Test
    void theServersClockLags() throws Exception {
        server.renewServerCertificate(Duration.ofDays(-2), Duration.ofDays(1));
        server.closeStreams(Status.UNAVAILABLE);
        awaitFailure("NotAfter");
        server.renewServerCertificate();
        recovered();
    }

    @Test
    void itsRootIsReplacedAndTheFileFollows() throws Exception {
        server.authority().replaceRoot();
        server.renewServerCertificate();
        server.closeStreams(Status.UNAVAILABLE);
        awaitFailure("is not trusted by the roots of " + follower.roots);
        follower.trust(server);
        recovered();
    }

    @Test
    void nothingIsLeftOfManyLostStreams() throws Exception {
        for (int i = 0; i < 20; i++) {
            loseStream();
        }
        long before = descriptors();
        int threads = Thread.activeCount();
        for (int i = 0; i < 100; i++) {
            loseStream();
        }
        // A few sockets may be on their way out still.
        assertThat(descriptors()).isLessThan(before + 10);
        assertThat(Thread.activeCount()).isLessThan(threads + 10);
        recovered();
    }

    private void loseStream() {
        // The client is connected a moment before the server has its stream, and what it has not it cannot lose.
        Await.untilTrue("the server has the stream", LIMIT, () -> server.streams() == 1, () -> "");
        long stream = follower.status().streams();
        server.closeStreams(Status.CANCELLED);
        follower.awaitStatus(
                "the next stream",
                status -> status.streams() > stream && status.connection() == AdsStatus.Connection.CONNECTED);
    }

    private static long descriptors() throws IOException {
        try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
            return open.count();
        }
    }

    @Test
    void moreNamesThanTheServerTakesInOneRequest() throws Exception {
        ScaleMesh large = new ScaleMesh(45_000, 500, 10);
        server.serve(large);
        follower.awaitMesh("all of them", mesh -> mesh.workloads().size() == 45_000);
        String gone = large.changed(31_000, true).getWorkload().getUid();
        server.discoveryFaults().next(1, new DiscoveryFault.Drop());
        server.edit(edit -> edit.remove(ResourceType.ADDRESS, gone));

        server.closeStreams(Status.UNAVAILABLE);

        follower.awaitMesh("what went meanwhile", mesh -> mesh.workloadByUid(gone) == null);
        assertThat(follower.mesh().workloads()).hasSize(44_999);
        assertThat(follower.mesh().policies()).hasSize(10);
        assertThat(follower.status().types().values())
                .extracting(AdsStatus.TypeStatus::resyncs)
                .contains(1L, 0L);
    }
}
