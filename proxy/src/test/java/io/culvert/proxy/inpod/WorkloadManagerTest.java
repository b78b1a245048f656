package io.culvert.proxy.inpod;

import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.linux.KernelException;
import io.culvert.linux.Netns;
import io.culvert.proxy.lifecycle.DrainMode;
import io.culvert.proxy.lifecycle.Readiness;
import io.culvert.proxy.routing.WorkloadRef;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

class WorkloadManagerTest {

    private static final WorkloadUid A = new WorkloadUid("uid-a");
    private static final WorkloadUid B = new WorkloadUid("uid-b");

    private final FakePods pods = new FakePods();
    private final Readiness readiness = new Readiness(() -> 0);
    private final InpodMetrics metrics = new InpodMetrics();
    private final WorkloadManager manager =
            new WorkloadManager(pods, readiness.gate(Readiness.WORKLOAD_PROXY_MANAGER), metrics);
    private final List<Netns> handed = new ArrayList<>();

    @AfterEach
    void allNamespacesAreGivenBack() {
        manager.stopAll(DrainMode.IMMEDIATE, () -> {});
        assertThat(handed).noneMatch(netns -> netns.fd().isOpen());
    }

    private Netns here() throws KernelException {
        Netns netns = Netns.open(Path.of("/proc/self/ns/net"));
        handed.add(netns);
        return netns;
    }

    private Reply add(WorkloadUid uid) throws KernelException {
        return add(uid, here());
    }

    private Reply add(WorkloadUid uid, Netns netns) {
        return manager.handle(new ZdsRequest.Add(uid, new WorkloadRef("name", "ns", "sa"), netns));
    }

    private Reply snapshotSent() {
        return manager.handle(new ZdsRequest.SnapshotSent());
    }

    private void live() {
        manager.connected();
        assertThat(snapshotSent()).isEqualTo(new Reply.Ack());
    }

    @Test
    void startsAProxyAndIsReadyAfterTheSnapshot() throws Exception {
        manager.connected();
        assertThat(add(A)).isEqualTo(new Reply.Ack());
        assertThat(readiness.isReady()).isFalse();
        assertThat(snapshotSent().error()).isEmpty();
        assertThat(readiness.isReady()).isTrue();
        assertThat(pods.events).containsExactly("start uid-a");
        assertThat(metrics.active()).isEqualTo(1);
        assertThat(metrics.startedCount()).isEqualTo(1);
        assertThat(manager.dump().get(A)).isInstanceOf(PodState.Up.class);
    }

    @Test
    void theSamePodInTheSameNamespaceAgainChangesNothing() throws Exception {
        live();
        assertThat(add(A)).isEqualTo(new Reply.Ack());
        assertThat(add(A)).isEqualTo(new Reply.Ack());
        assertThat(pods.events).containsExactly("start uid-a");
    }

    @Test
    void aPodThatDoesNotStartIsNackedKeptAndTriedAgain() throws Exception {
        live();
        pods.failures.set(1);
        Reply reply = add(A);
        assertThat(reply.error()).startsWith("failure to start proxy : ").contains("Address already in use");
        assertThat(reply.endsSession()).isFalse();
        assertThat(readiness.isReady()).isFalse();
        assertThat(metrics.pending()).isEqualTo(1);
        assertThat(manager.dump().get(A)).isInstanceOf(PodState.Pending.class);
        manager.retryPending();
        assertThat(readiness.isReady()).isTrue();
        assertThat(metrics.pending()).isZero();
        assertThat(pods.events).containsExactly("failed uid-a", "start uid-a");
    }

    @Test
    void aSecondAddReplacesThePendingOne() throws Exception {
        live();
        pods.failures.set(1);
        add(A);
        assertThat(add(A)).isEqualTo(new Reply.Ack());
        assertThat(manager.hasPending()).isFalse();
        assertThat(metrics.active()).isEqualTo(1);
    }

    @Test
    void aRetryThatFailsStaysPending() throws Exception {
        live();
        pods.failures.set(3);
        add(A);
        manager.retryPending();
        assertThat(manager.hasPending()).isTrue();
        manager.handle(new ZdsRequest.Del(A));
        assertThat(manager.hasPending()).isFalse();
        assertThat(readiness.isReady()).isTrue();
        assertThat(manager.dump()).isEmpty();
    }

    @Test
    void anotherPodStartsWhileOneIsPending() throws Exception {
        live();
        pods.failures.set(1);
        add(A);
        assertThat(add(B)).isEqualTo(new Reply.Ack());
        assertThat(metrics.active()).isEqualTo(1);
        assertThat(metrics.pending()).isEqualTo(1);
    }

    @Test
    void deletingStopsAtOnceAndAnUnknownPodIsNoError() throws Exception {
        live();
        add(A);
        assertThat(manager.handle(new ZdsRequest.Del(A))).isEqualTo(new Reply.Ack());
        assertThat(manager.handle(new ZdsRequest.Del(A))).isEqualTo(new Reply.Ack());
        assertThat(pods.events).containsExactly("start uid-a", "stop uid-a IMMEDIATE");
        assertThat(metrics.active()).isZero();
        assertThat(metrics.stoppedCount()).isEqualTo(1);
    }

    @Test
    void addDeleteAddIsTwoStartsAndOneStop() throws Exception {
        live();
        add(A);
        manager.handle(new ZdsRequest.Del(A));
        add(A);
        assertThat(pods.events).containsExactly("start uid-a", "stop uid-a IMMEDIATE", "start uid-a");
    }

    @Test
    void deletingWithinTheSnapshotStopsOnlyAtItsEnd() throws Exception {
        manager.connected();
        add(A);
        manager.handle(new ZdsRequest.Del(A));
        assertThat(pods.events).containsExactly("start uid-a");
        snapshotSent();
        assertThat(pods.events).containsExactly("start uid-a", "stop uid-a IMMEDIATE");
    }

    @Test
    void deletingWithinTheSnapshotForgetsAPendingPod() throws Exception {
        manager.connected();
        pods.failures.set(1);
        add(A);
        manager.handle(new ZdsRequest.Del(A));
        assertThat(manager.hasPending()).isFalse();
        snapshotSent();
        assertThat(readiness.isReady()).isTrue();
    }

    @Test
    void runningProxiesSurviveALostSessionAndAreReconciledByTheNextSnapshot() throws Exception {
        live();
        add(A);
        add(B);
        manager.disconnected();
        assertThat(readiness.isReady()).isFalse();
        assertThat(metrics.active()).isEqualTo(2);
        manager.connected();
        assertThat(manager.handle(new ZdsRequest.Keep(A))).isEqualTo(new Reply.Ack());
        assertThat(pods.events).containsExactly("start uid-a", "start uid-b");
        snapshotSent();
        assertThat(pods.events).containsExactly("start uid-a", "start uid-b", "stop uid-b IMMEDIATE");
        assertThat(readiness.isReady()).isTrue();
    }

    @Test
    void pendingPodsAreForgottenWhenANewSessionBegins() throws Exception {
        live();
        pods.failures.set(1);
        add(A);
        manager.disconnected();
        assertThat(manager.hasPending()).isTrue();
        manager.connected();
        assertThat(manager.hasPending()).isFalse();
    }

    @Test
    void whatMakesNoSenseEndsTheSessionAndTouchesNothing() throws Exception {
        live();
        add(A);
        for (ZdsRequest request :
                List.of(new ZdsRequest.Keep(A), new ZdsRequest.SnapshotSent(), new ZdsRequest.AddWithoutInfo(B))) {
            Reply reply = manager.handle(request);
            assertThat(reply.error()).startsWith("failure to process message : protocol error: ");
            assertThat(reply.endsSession()).isTrue();
        }
        assertThat(pods.events).containsExactly("start uid-a");
    }

    @Test
    void replacesTheProxyOfAPodThatGotAnotherNamespace() throws Exception {
        Assumptions.assumeTrue(isRoot(), "needs root: a second network namespace was not made");
        live();
        add(A);
        Netns other = Netns.create();
        handed.add(other);
        assertThat(add(A, other)).isEqualTo(new Reply.Ack());
        assertThat(pods.events).containsExactly("start uid-a", "stop uid-a IMMEDIATE", "start uid-a");
        assertThat(other.fd().isOpen()).isTrue();
    }

    private static boolean isRoot() throws Exception {
        return Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0);
    }

    @Test
    void stopsAllGracefullyAndCanBeHastened() throws Exception {
        live();
        add(A);
        add(B);
        pods.stopsAtOnce = false;
        AtomicInteger finished = new AtomicInteger();
        manager.stopAll(DrainMode.GRACEFUL, finished::incrementAndGet);
        assertThat(finished).hasValue(0);
        pods.unfinished.getFirst().run();
        pods.unfinished.getFirst().run();
        assertThat(finished).hasValue(0);
        manager.hasten();
        assertThat(finished).hasValue(1);
        assertThat(pods.events).filteredOn(event -> event.endsWith("IMMEDIATE")).hasSize(1);
    }
}
