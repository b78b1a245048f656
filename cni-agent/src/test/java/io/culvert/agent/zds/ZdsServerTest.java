package io.culvert.agent.zds;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.culvert.agent.kernel.Kernel;
import io.culvert.agent.netns.NetnsCache;
import io.culvert.agent.netns.NetnsRef;
import io.culvert.agent.netns.WorkloadIdentity;
import io.culvert.agent.pod.PodUid;
import io.culvert.linux.Netns;
import io.culvert.linux.SeqpacketSocket;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The whole session over a real SEQPACKET socket. Any network namespace will do for a pod's: this process's own. */
@Tag("direct")
final class ZdsServerTest {
    private static final PodUid UID = new PodUid("2c48913c-b29f-11e7-9350-020968147796");
    private static final PodUid OTHER = new PodUid("3c48913c-b29f-11e7-9350-020968147796");
    private static final WorkloadIdentity IDENTITY = new WorkloadIdentity("shop-1", "shop", "shop-account");
    /** Long enough for a loaded machine, where an answer comes at all. */
    private static final Duration PLENTY = Duration.ofSeconds(30);

    @TempDir
    private Path directory;

    private final NetnsCache cache = new NetnsCache();
    private final List<AutoCloseable> open = new ArrayList<>();
    private int descriptorsBefore;

    @BeforeEach
    void countDescriptors() throws IOException {
        // Loads what the first use of a namespace opens for good.
        Netns.current().close();
        descriptorsBefore = Kernel.openDescriptors();
    }

    @AfterEach
    void leavesNoDescriptorBehind() throws Exception {
        for (AutoCloseable resource : open.reversed()) {
            resource.close();
        }
        cache.clear();
        Kernel.await("all descriptors closed").until(() -> Kernel.openDescriptors() <= descriptorsBefore);
    }

    @Test
    void sendsTheSnapshotWithOneDescriptorPerAddAndNoneElsewhere() throws IOException {
        know(UID);
        cache.expect(OTHER);
        ProxyDouble proxy = connect(start(PLENTY));

        List<ProxyDouble.Received> received = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            received.add(proxy.receive());
            proxy.ack();
        }

        assertThat(received.subList(0, 2)).anySatisfy(add -> {
            assertThat(add.fds()).isEqualTo(1);
            assertThat(add.request().getAdd().getUid()).isEqualTo(UID.value());
            assertThat(add.request().getAdd().getWorkloadInfo().getName()).isEqualTo("shop-1");
            assertThat(add.request().getAdd().getWorkloadInfo().getNamespace()).isEqualTo("shop");
            assertThat(add.request().getAdd().getWorkloadInfo().getServiceAccount())
                    .isEqualTo("shop-account");
        });
        assertThat(received.subList(0, 2)).anySatisfy(keep -> {
            assertThat(keep.fds()).isZero();
            assertThat(keep.request().getKeep().getUid()).isEqualTo(OTHER.value());
        });
        assertThat(received.getLast().request().hasSnapshotSent()).isTrue();
        assertThat(received.getLast().fds()).isZero();
    }

    @Test
    void waitsForEachAnswerBeforeTheNextRecord() throws IOException {
        know(UID);
        ProxyDouble proxy = connect(start(PLENTY));
        proxy.receive();

        assertThatThrownBy(() -> proxy.receive(Duration.ofMillis(50))).isInstanceOf(SocketTimeoutException.class);
        proxy.ack();
        assertThat(proxy.receive().request().hasSnapshotSent()).isTrue();
    }

    @Test
    void reportsAnAcceptedPodAndKeepsItsDescriptorToItself() throws IOException {
        ZdsServer server = start(PLENTY);
        ProxyDouble proxy = connect(server);
        proxy.takeSnapshot();
        CompletableFuture<Void> added = add(server, UID);

        ProxyDouble.Received received = proxy.receive();
        assertThat(received.fds()).isEqualTo(1);
        assertThat(added).isNotDone();
        proxy.ack();

        added.join();
        assertThat(server.connected()).isEqualTo(1);
    }

    @Test
    void reportsARefusalAndKeepsTheConnection() throws IOException {
        ZdsServer server = start(PLENTY);
        ProxyDouble proxy = connect(server);
        proxy.takeSnapshot();
        CompletableFuture<Void> first = add(server, UID);
        proxy.receive();
        proxy.nack("failure to start proxy : no such namespace");

        assertThatThrownBy(first::join)
                .isInstanceOf(CompletionException.class)
                .hasMessageContaining("failure to start proxy : no such namespace");
        CompletableFuture<Void> second = add(server, UID);
        proxy.take();
        second.join();
    }

    @Test
    void endsTheConnectionWhoseAnswerIsLateAndServesTheNext() throws IOException {
        know(UID);
        ZdsServer server = start(Duration.ofMillis(100));
        ProxyDouble late = connect(server);
        late.receive();
        late.awaitEnd();
        Kernel.await("forgotten").until(() -> server.connected() == 0);
        late.close();

        ProxyDouble again = connect(server);
        assertThat(again.takeSnapshot()).hasSize(1);
    }

    @Test
    void failsAnAddWhoseAnswerIsLate() throws IOException {
        ZdsServer server = start(Duration.ofMillis(300));
        ProxyDouble proxy = connect(server);
        proxy.takeSnapshot();
        CompletableFuture<Void> added = add(server, UID);
        proxy.receive();

        assertThatThrownBy(added::join).hasMessageContaining("did not answer within 300 ms");
        proxy.awaitEnd();
    }

    @Test
    void endsASilentConnectionThatNeverSaysHello() throws IOException {
        ZdsServer server = start(Duration.ofMillis(100));
        ProxyDouble silent = keep(ProxyDouble.connectSilently(directory.resolve("zds.sock")));
        silent.awaitEnd();
        Kernel.await("forgotten").until(() -> server.connected() == 0);
    }

    @Test
    void failsAnAddWithoutAnyProxy() throws IOException {
        ZdsServer server = start(PLENTY);
        assertThatThrownBy(add(server, UID)::join).hasMessageContaining("no node proxy is connected");
    }

    @Test
    void failsAnAddWhoseProxyDies() throws IOException {
        ZdsServer server = start(PLENTY);
        ProxyDouble proxy = connect(server);
        proxy.takeSnapshot();
        CompletableFuture<Void> added = add(server, UID);
        proxy.receive();
        proxy.close();

        assertThatThrownBy(added::join).hasMessageContaining("connection ended");
        Kernel.await("forgotten").until(() -> server.connected() == 0);
    }

    @Test
    void deliversAddsThatComeDuringTheSnapshotAfterIt() throws IOException {
        know(UID);
        ZdsServer server = start(PLENTY);
        ProxyDouble proxy = connect(server);
        ProxyDouble.Received first = proxy.receive();
        CompletableFuture<Void> added = add(server, OTHER);
        proxy.ack();

        assertThat(first.request().getAdd().getUid()).isEqualTo(UID.value());
        assertThat(proxy.take().hasSnapshotSent()).isTrue();
        assertThat(proxy.take().getAdd().getUid()).isEqualTo(OTHER.value());
        added.join();
    }

    @Test
    void addsToTheNewestProxyAndRemovesFromAll() throws IOException {
        ZdsServer server = start(PLENTY);
        ProxyDouble old = connect(server);
        old.takeSnapshot();
        ProxyDouble fresh = connect(server);
        fresh.takeSnapshot();

        CompletableFuture<Void> added = add(server, UID);
        assertThat(fresh.take().getAdd().getUid()).isEqualTo(UID.value());
        added.join();

        CompletableFuture<Void> removed = CompletableFuture.runAsync(() -> server.remove(UID));
        assertThat(old.take().getDel().getUid()).isEqualTo(UID.value());
        ProxyDouble.Received del = fresh.receive();
        assertThat(del.request().getDel().getUid()).isEqualTo(UID.value());
        assertThat(del.fds()).isZero();
        fresh.nack("a refused removal is not an error");
        removed.join();
    }

    @Test
    void addsToTheOlderProxyWhenTheNewestLeaves() throws IOException {
        ZdsServer server = start(PLENTY);
        ProxyDouble old = connect(server);
        old.takeSnapshot();
        ProxyDouble fresh = connect(server);
        fresh.takeSnapshot();
        fresh.close();
        Kernel.await("one left").until(() -> server.connected() == 1);

        CompletableFuture<Void> added = add(server, UID);
        assertThat(old.take().hasAdd()).isTrue();
        added.join();
    }

    @Test
    void endsAConnectionThatSpeaksUnasked() throws IOException {
        ZdsServer server = start(PLENTY);
        ProxyDouble proxy = connect(server);
        proxy.takeSnapshot();
        proxy.ack();
        proxy.awaitEnd();
        Kernel.await("forgotten").until(() -> server.connected() == 0);
    }

    @Test
    void endsAConnectionThatSendsGarbageOrTooMuch() throws IOException {
        ZdsServer server = start(PLENTY);
        ProxyDouble garbage = keep(ProxyDouble.connectSilently(directory.resolve("zds.sock")));
        garbage.send(new byte[] {(byte) 0xff, (byte) 0xff, (byte) 0xff});
        garbage.awaitEnd();

        ProxyDouble oversized = keep(ProxyDouble.connectSilently(directory.resolve("zds.sock")));
        oversized.send(new byte[1025]);
        oversized.awaitEnd();
        Kernel.await("forgotten").until(() -> server.connected() == 0);
    }

    @Test
    void endsAConnectionThatSendsDescriptors() throws IOException {
        ZdsServer server = start(PLENTY);
        try (SeqpacketSocket socket = SeqpacketSocket.connect(directory.resolve("zds.sock"));
                Netns netns = Netns.current()) {
            socket.send(new byte[] {8, 1}, netns.fd());
            assertThat(socket.receive(1024, PLENTY).isEnd()).isTrue();
        }
        Kernel.await("forgotten").until(() -> server.connected() == 0);
    }

    @Test
    void boundsWhatWaitsForAProxyAndLeavesNoCallerWaiting() throws IOException {
        ZdsServer server = start(PLENTY);
        ProxyDouble stuck = connect(server);
        stuck.receive();
        List<CompletableFuture<Void>> waiting = new ArrayList<>();
        int tooMany = 5;
        for (int i = 0; i < UpdateQueue.LENGTH_MAX + tooMany; i++) {
            waiting.add(add(server, UID));
        }
        Kernel.await("the queue is full")
                .until(() -> waiting.stream().filter(CompletableFuture::isDone).count() == tooMany);

        // The removal that finds no room ends the connection, which frees everybody.
        server.remove(OTHER);
        waiting.forEach(add -> assertThatThrownBy(add::join).hasMessageContaining("does not keep up"));
        stuck.awaitEnd();
    }

    @Test
    void turnsAwayMoreProxiesThanAnyUpgradeNeeds() throws IOException {
        ZdsServer server = start(PLENTY);
        for (int i = 0; i < 8; i++) {
            connect(server);
        }
        Kernel.await("all registered").until(() -> server.connected() == 8);
        ProxyDouble ninth = keep(ProxyDouble.connectSilently(directory.resolve("zds.sock")));
        ninth.awaitEnd();
        assertThat(server.connected()).isEqualTo(8);
    }

    @Test
    void replacesAStaleSocketFile() throws IOException {
        start(PLENTY).close();
        ZdsServer.listen(directory.resolve("zds.sock"), cache, PLENTY).close();
        assertThat(directory.resolve("zds.sock")).doesNotExist();
    }

    private ZdsServer start(Duration answerTimeout) throws IOException {
        ZdsServer server = keep(ZdsServer.listen(directory.resolve("zds.sock"), cache, answerTimeout));
        server.start();
        return server;
    }

    private ProxyDouble connect(ZdsServer server) throws IOException {
        int before = server.connected();
        ProxyDouble proxy = keep(ProxyDouble.connect(directory.resolve("zds.sock")));
        Kernel.await("registered").until(() -> server.connected() > before);
        return proxy;
    }

    private void know(PodUid uid) throws IOException {
        cache.put(uid, IDENTITY, NetnsRef.own(Netns.current())).close();
    }

    private static CompletableFuture<Void> add(ZdsServer server, PodUid uid) {
        return CompletableFuture.runAsync(
                () -> tryAdd(server, uid), r -> Thread.ofVirtual().start(r));
    }

    private static void tryAdd(ZdsServer server, PodUid uid) {
        try (NetnsRef netns = NetnsRef.own(Netns.current())) {
            server.add(uid, IDENTITY, netns);
        } catch (IOException e) {
            throw new CompletionException(e.getMessage(), e);
        }
    }

    private <T extends AutoCloseable> T keep(T resource) {
        open.add(resource);
        return resource;
    }
}
