package io.culvert.linux;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import io.culvert.linux.SeqpacketSocket.Record;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.channels.ClosedChannelException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("direct")
class SeqpacketTest {
    private static final Duration LONG = Duration.ofSeconds(20);

    private SeqpacketSocket near;
    private SeqpacketSocket far;

    @BeforeEach
    void join() throws IOException {
        List<SeqpacketSocket> pair = SeqpacketSocket.pair();
        near = pair.get(0);
        far = pair.get(1);
    }

    @AfterEach
    void part() {
        near.close();
        far.close();
    }

    @Test
    void keepsRecordsApart() throws IOException {
        near.send("one".getBytes(UTF_8));
        near.send("two".getBytes(UTF_8));

        assertThat(far.receive(64, LONG).bytes()).asString(UTF_8).isEqualTo("one");
        assertThat(far.receive(64, null).bytes()).asString(UTF_8).isEqualTo("two");
    }

    @Test
    void passesDescriptorsWithTheirRecordAndLeavesTheSendersOpen() throws IOException {
        try (Netns netns = Netns.current();
                Fd other = Sockets.udp(false)) {
            near.send(new byte[] {1}, netns.fd(), other);
            Record record = far.receive(64, LONG);

            assertThat(record.fds()).hasSize(2);
            try (Netns received = Netns.adopt(record.fds().get(0))) {
                assertThat(received.id()).isEqualTo(netns.id());
            }
            assertThat(record.fds().get(1).isOpen()).isTrue();
            record.closeFds();
            assertThat(netns.fd().isOpen()).isTrue();
            assertThat(other.isOpen()).isTrue();
        }
    }

    @Test
    void refusesARecordWithMoreBytesThanAllowedAndClosesItsDescriptors() throws IOException {
        try (Fd passed = Sockets.udp(false)) {
            near.send(new byte[65], passed);
            int before = TestKernel.openDescriptors();

            assertThatThrownBy(() -> far.receive(64, LONG))
                    .asInstanceOf(type(RecordTruncatedException.class))
                    .matches(e -> !e.ofDescriptors());
            assertThat(TestKernel.openDescriptors()).isEqualTo(before);
            near.send(new byte[] {7});
            assertThat(far.receive(64, LONG).bytes()).containsExactly(7);
        }
    }

    @Test
    void refusesARecordWithMoreDescriptorsThanAllowedAndClosesThoseThatCame() throws IOException {
        try (Fd passed = Sockets.udp(false)) {
            near.send(new byte[] {1}, passed, passed, passed, passed);
            int before = TestKernel.openDescriptors();

            assertThatThrownBy(() -> far.receive(64, 1, LONG))
                    .asInstanceOf(type(RecordTruncatedException.class))
                    .matches(RecordTruncatedException::ofDescriptors);
            assertThat(TestKernel.openDescriptors()).isEqualTo(before);
        }
    }

    @Test
    void refusesDescriptorsWhereNoneAreAllowed() throws IOException {
        try (Fd passed = Sockets.udp(false)) {
            near.send(new byte[] {1}, passed);

            assertThatThrownBy(() -> far.receive(64, 0, LONG)).isInstanceOf(RecordTruncatedException.class);
        }
    }

    @Test
    void carriesAsManyDescriptorsAsTheKernelAllows() throws IOException {
        try (Fd passed = Sockets.udp(false)) {
            Fd[] many = new Fd[SeqpacketSocket.FDS_MAX];
            java.util.Arrays.fill(many, passed);
            near.send(new byte[] {1}, many);

            Record record = far.receive(1, SeqpacketSocket.FDS_MAX, LONG);
            assertThat(record.fds()).hasSize(SeqpacketSocket.FDS_MAX);
            record.closeFds();
        }
    }

    @Test
    void tellsTheEndFromARecord() throws IOException {
        near.send(new byte[] {1});
        near.close();

        assertThat(far.receive(64, LONG).isEnd()).isFalse();
        assertThat(far.receive(64, LONG).isEnd()).isTrue();
        assertThatThrownBy(() -> far.send(new byte[] {1}))
                .asInstanceOf(type(KernelException.class))
                .matches(e -> e.errnoName().equals("EPIPE"));
    }

    @Test
    void refusesToSendAnEmptyRecord() {
        assertThatThrownBy(() -> near.send(new byte[0])).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void refusesARecordLargerThanTheSendBuffer() {
        assertThatThrownBy(() -> near.send(new byte[16 << 20]))
                .asInstanceOf(type(KernelException.class))
                .matches(e -> e.errno() == Errno.EMSGSIZE);
    }

    @Test
    void stopsWaitingAfterTheTime() throws IOException {
        assertThatThrownBy(() -> far.receive(64, Duration.ofMillis(1))).isInstanceOf(SocketTimeoutException.class);
        near.send(new byte[] {9});
        assertThat(far.receive(64, Duration.ZERO).bytes()).containsExactly(9);
    }

    @Test
    void shutdownWakesABlockedReceive() throws Exception {
        CompletableFuture<Record> received = blockedReceive();

        far.shutdown();

        assertThat(received.get(20, TimeUnit.SECONDS).isEnd()).isTrue();
    }

    @Test
    void closeWakesABlockedReceiveAndReturnsTheDescriptorAfterIt() throws Exception {
        CompletableFuture<Record> received = blockedReceive();

        far.close();

        assertThat(received.get(20, TimeUnit.SECONDS).isEnd()).isTrue();
        assertThatThrownBy(() -> far.receive(64, null))
                .asInstanceOf(type(KernelException.class))
                .matches(e -> e.errno() == Errno.EBADF);
    }

    private CompletableFuture<Record> blockedReceive() {
        CompletableFuture<Record> received = new CompletableFuture<>();
        Thread.ofPlatform().daemon().start(() -> {
            try {
                received.complete(far.receive(64, null));
            } catch (IOException e) {
                received.completeExceptionally(e);
            }
        });
        while (!far.inUse()) {
            Thread.onSpinWait();
        }
        return received;
    }

    @Test
    void listensConnectsAndKnowsItsPeer(@TempDir Path dir) throws IOException {
        Path path = dir.resolve("zds.sock");
        try (SeqpacketListener listener = SeqpacketListener.listen(path);
                SeqpacketSocket client = SeqpacketSocket.connect(path);
                SeqpacketSocket server = listener.accept()) {
            client.send("hello".getBytes(UTF_8));

            assertThat(server.receive(64, LONG).bytes()).asString(UTF_8).isEqualTo("hello");
            assertThat(server.peerCredentials().pid())
                    .isEqualTo((int) ProcessHandle.current().pid());
            assertThat(client.peerCredentials().uid()).isEqualTo(Files.getAttribute(dir, "unix:uid"));
        }
        assertThat(path).doesNotExist();
    }

    @Test
    void replacesAStaleSocketFile(@TempDir Path dir) throws IOException {
        Path path = dir.resolve("zds.sock");
        SeqpacketListener old = SeqpacketListener.listen(path);
        try (SeqpacketListener successor = SeqpacketListener.listen(path)) {
            old.close();

            assertThat(successor.path()).exists();
            try (SeqpacketSocket client = SeqpacketSocket.connect(path);
                    SeqpacketSocket server = successor.accept()) {
                client.send(new byte[] {1});
                assertThat(server.receive(8, LONG).bytes()).containsExactly(1);
            }
        }
    }

    @Test
    void leavesAFileThatIsNoSocketAlone(@TempDir Path dir) throws IOException {
        Path path = Files.writeString(dir.resolve("precious"), "data");

        assertThatThrownBy(() -> SeqpacketListener.listen(path)).isInstanceOf(FileAlreadyExistsException.class);
        assertThat(path).hasContent("data");
    }

    @Test
    void saysWhatIsWrongWithAPath(@TempDir Path dir) throws IOException {
        Path path = dir.resolve("x".repeat(120));

        assertThatThrownBy(() -> SeqpacketSocket.connect(path)).hasMessageContaining("ENAMETOOLONG");
        assertThatThrownBy(() -> SeqpacketListener.listen(path)).hasMessageContaining("ENAMETOOLONG");
        assertThatThrownBy(() -> SeqpacketSocket.connect(dir.resolve("absent")))
                .hasMessageContaining("connect to " + dir.resolve("absent") + ": ENOENT");
    }

    @Test
    void closingTheListenerWakesABlockedAccept(@TempDir Path dir) throws Exception {
        SeqpacketListener listener = SeqpacketListener.listen(dir.resolve("zds.sock"));
        CompletableFuture<SeqpacketSocket> accepted = new CompletableFuture<>();
        Thread.ofPlatform().daemon().start(() -> {
            try {
                accepted.complete(listener.accept());
            } catch (IOException e) {
                accepted.completeExceptionally(e);
            }
        });

        listener.close();

        assertThatThrownBy(() -> accepted.get(20, TimeUnit.SECONDS))
                .isInstanceOf(ExecutionException.class)
                .hasCauseInstanceOf(ClosedChannelException.class);
    }

    @Test
    void keepsNoDescriptorsOfAThousandPasses() throws IOException {
        try (Fd passed = Sockets.udp(false)) {
            near.send(new byte[] {1}, passed);
            far.receive(8, LONG).closeFds();
            int before = TestKernel.openDescriptors();
            for (int i = 0; i < 1000; i++) {
                near.send(new byte[] {1}, passed, passed);
                far.receive(8, LONG).closeFds();
            }

            assertThat(TestKernel.openDescriptors()).isEqualTo(before);
        }
    }
}
