package io.culvert.proxy.inpod;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.culvert.linux.Fd;
import io.culvert.linux.Netns;
import io.culvert.linux.SeqpacketListener;
import io.culvert.linux.SeqpacketSocket;
import io.culvert.linux.Sockets;
import io.culvert.proto.zds.Ack;
import io.culvert.proto.zds.AddWorkload;
import io.culvert.proto.zds.DelWorkload;
import io.culvert.proto.zds.KeepWorkload;
import io.culvert.proto.zds.SnapshotSent;
import io.culvert.proto.zds.WorkloadInfo;
import io.culvert.proto.zds.WorkloadRequest;
import io.culvert.proto.zds.WorkloadResponse;
import io.culvert.proxy.lifecycle.DrainMode;
import io.culvert.proxy.lifecycle.Readiness;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The session over a real SEQPACKET socket, with a test agent at the other end. */
@Tag("direct")
@Timeout(60)
class ZdsClientTest {

    private static final Duration PATIENCE = Duration.ofSeconds(20);

    @TempDir
    Path directory;

    private final FakePods pods = new FakePods();
    private final Readiness readiness = new Readiness(() -> 0);
    private final InpodMetrics metrics = new InpodMetrics();
    private final AtomicLong skippedNanos = new AtomicLong();
    private final WorkloadManager manager =
            new WorkloadManager(pods, readiness.gate(Readiness.WORKLOAD_PROXY_MANAGER), metrics);

    private SeqpacketListener listener;
    private SeqpacketSocket agent;
    private ZdsClient client;
    private Fd netns;

    @BeforeEach
    void connect() throws Exception {
        Path path = directory.resolve("ztunnel.sock");
        listener = SeqpacketListener.listen(path);
        netns = Netns.open(Path.of("/proc/self/ns/net")).fd();
        client = new ZdsClient(path, manager, () -> System.nanoTime() + skippedNanos.get());
        client.start();
        acceptAndGreet();
    }

    @AfterEach
    void close() throws Exception {
        CountDownLatch finished = new CountDownLatch(1);
        client.drain(DrainMode.IMMEDIATE, finished::countDown);
        assertThat(finished.await(20, TimeUnit.SECONDS)).isTrue();
        agent.close();
        listener.close();
        netns.close();
    }

    private void acceptAndGreet() throws Exception {
        agent = listener.accept();
        assertThat(agent.receive(1024, PATIENCE).bytes()).as("hello").containsExactly(0x08, 0x01);
    }

    private String ask(WorkloadRequest request, Fd... fds) throws Exception {
        return askRaw(request.toByteArray(), fds);
    }

    private String askRaw(byte[] record, Fd... fds) throws Exception {
        agent.send(record, fds);
        SeqpacketSocket.Record answer = agent.receive(1024, PATIENCE);
        assertThat(answer.isEnd()).as("an answer").isFalse();
        WorkloadResponse response = WorkloadResponse.parseFrom(answer.bytes());
        assertThat(response.hasAck()).isTrue();
        return response.getAck().getError();
    }

    private void assertSessionEnds() throws Exception {
        assertThat(agent.receive(1024, PATIENCE).isEnd())
                .as("end of the session")
                .isTrue();
        agent.close();
        acceptAndGreet();
    }

    private static WorkloadRequest add(String uid) {
        return WorkloadRequest.newBuilder()
                .setAdd(AddWorkload.newBuilder()
                        .setUid(uid)
                        .setWorkloadInfo(WorkloadInfo.newBuilder()
                                .setName("a0")
                                .setNamespace("default")
                                .setServiceAccount("a0")))
                .build();
    }

    private static WorkloadRequest del(String uid) {
        return WorkloadRequest.newBuilder()
                .setDel(DelWorkload.newBuilder().setUid(uid))
                .build();
    }

    private static WorkloadRequest keep(String uid) {
        return WorkloadRequest.newBuilder()
                .setKeep(KeepWorkload.newBuilder().setUid(uid))
                .build();
    }

    private static final WorkloadRequest SNAPSHOT_SENT = WorkloadRequest.newBuilder()
            .setSnapshotSent(SnapshotSent.getDefaultInstance())
            .build();

    @Test
    void answersEachRequestWithExactlyOneAcknowledgement() throws Exception {
        assertThat(ask(add("a"), netns)).isEmpty();
        assertThat(ask(SNAPSHOT_SENT)).isEmpty();
        assertThat(readiness.isReady()).isTrue();
        assertThat(ask(add("b"), netns)).isEmpty();
        assertThat(ask(del("a"))).isEmpty();
        assertThat(pods.events).containsExactly("start a", "start b", "stop a IMMEDIATE");
    }

    @Test
    void acknowledgesWithTheBytesOfTheOriginal() throws Exception {
        agent.send(new byte[] {0x1a, 0x00});
        assertThat(agent.receive(1024, PATIENCE).bytes()).containsExactly(0x0a, 0x00);
    }

    @Test
    void aPodThatDoesNotStartIsNackedAndTriedAgainAfterFiveSeconds() throws Exception {
        ask(SNAPSHOT_SENT);
        pods.failures.set(1);
        assertThat(ask(add("a"), netns)).startsWith("failure to start proxy : ");
        assertThat(readiness.isReady()).isFalse();
        // Its answer comes after the timer was armed.
        assertThat(ask(del("unknown"))).isEmpty();
        skippedNanos.addAndGet(Duration.ofSeconds(6).toNanos());
        // Any record makes it look at the time; so would the five seconds.
        assertThat(ask(del("unknown"))).isEmpty();
        assertThat(ask(del("unknown"))).isEmpty();
        assertThat(pods.events).containsExactly("failed a", "start a");
        assertThat(readiness.isReady()).isTrue();
    }

    @Test
    void aRecordThatIsNoMessageIsNackedAndEndsTheSession() throws Exception {
        assertThat(askRaw(new byte[] {(byte) 0xff, (byte) 0xff, 1, 2, 3})).startsWith("failure to read message : ");
        assertSessionEnds();
    }

    @Test
    void aRecordThatIsTooLongIsNackedAndEndsTheSession() throws Exception {
        byte[] record = WorkloadRequest.newBuilder()
                .setDel(DelWorkload.newBuilder()
                        .setUidBytes(ByteString.copyFrom("x".repeat(1100).getBytes(StandardCharsets.US_ASCII))))
                .build()
                .toByteArray();
        assertThat(askRaw(record)).startsWith("failure to read message : ").contains("1024");
        assertSessionEnds();
    }

    @Test
    void aRequestWithoutPayloadIsNackedAndEndsTheSession() throws Exception {
        // Field 15, which nobody knows.
        assertThat(askRaw(new byte[] {0x78, 0x01})).contains("without a payload");
        assertSessionEnds();
    }

    @Test
    void anAddWithoutDescriptorIsNackedAndEndsTheSession() throws Exception {
        assertThat(ask(add("a"))).startsWith("failure to read message : ").contains("network namespace");
        assertSessionEnds();
        assertThat(pods.events).isEmpty();
    }

    @Test
    void aDelWithDescriptorIsNackedAndEndsTheSession() throws Exception {
        assertThat(ask(del("a"), netns))
                .startsWith("failure to read message : ")
                .contains("takes none");
        assertSessionEnds();
    }

    @Test
    void twoDescriptorsAreNackedAndEndTheSession() throws Exception {
        assertThat(ask(add("a"), netns, netns)).startsWith("failure to read message : ");
        assertSessionEnds();
        assertThat(pods.events).isEmpty();
    }

    @Test
    void aDescriptorThatIsNoNamespaceIsNacked() throws Exception {
        try (Fd socket = Sockets.tcp(false)) {
            assertThat(ask(add("a"), socket)).contains("no network namespace");
        }
        assertSessionEnds();
        assertThat(pods.events).isEmpty();
    }

    @Test
    void logicalErrorsEndTheSessionAndNotTheProcess() throws Exception {
        ask(add("a"), netns);
        ask(SNAPSHOT_SENT);
        assertThat(ask(keep("a"))).startsWith("failure to process message : ");
        assertSessionEnds();
        ask(keep("a"));
        ask(SNAPSHOT_SENT);
        assertThat(ask(SNAPSHOT_SENT)).startsWith("failure to process message : ");
        assertSessionEnds();
        WorkloadRequest withoutInfo = WorkloadRequest.newBuilder()
                .setAdd(AddWorkload.newBuilder().setUid("b"))
                .build();
        assertThat(ask(withoutInfo, netns)).startsWith("failure to process message : ");
        assertSessionEnds();
        assertThat(pods.events).containsExactly("start a");
    }

    @Test
    void runningPodsSurviveTheAgentsRestart() throws Exception {
        ask(add("a"), netns);
        ask(add("b"), netns);
        ask(SNAPSHOT_SENT);
        agent.close();
        acceptAndGreet();
        assertThat(readiness.isReady()).isFalse();
        ask(keep("a"));
        ask(SNAPSHOT_SENT);
        assertThat(pods.events).containsExactly("start a", "start b", "stop b IMMEDIATE");
        assertThat(readiness.isReady()).isTrue();
    }

    @Test
    void nackTextFitsTheAgentsBuffer() {
        assertThat(WorkloadResponse.newBuilder()
                        .setAck(Ack.newBuilder().setError("x".repeat(ZdsClient.ERROR_CHARS_MAX)))
                        .build()
                        .getSerializedSize())
                .isLessThan(ZdsClient.RECORD_BYTES_MAX);
    }

    @Test
    void keepsNoDescriptorOfWhatItRefused() throws Exception {
        long before = openDescriptors();
        for (int i = 0; i < 20; i++) {
            ask(del("a"), netns);
            assertSessionEnds();
        }
        assertThat(openDescriptors()).isLessThanOrEqualTo(before);
    }

    private static long openDescriptors() throws Exception {
        try (var entries = Files.list(Path.of("/proc/self/fd"))) {
            return entries.count();
        }
    }
}
