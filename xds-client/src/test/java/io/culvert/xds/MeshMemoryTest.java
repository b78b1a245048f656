package io.culvert.xds;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.culvert.proto.discovery.DeltaDiscoveryResponse;
import io.culvert.xds.mesh.IpAddress;
import io.culvert.xds.mesh.MeshSnapshot;
import io.culvert.xds.mesh.MeshState;
import java.lang.management.ManagementFactory;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** What a mesh and its changes cost, in bytes; in bands both ways, so that neither loss nor gain goes unnoticed. */
final class MeshMemoryTest {
    private static final int WORKLOADS = 20_000;
    private static final int CHANGES = 200;

    private final MeshState mesh = new MeshState("node");
    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private static long live() {
        for (int i = 0; i < 3; i++) {
            System.gc();
        }
        Runtime runtime = Runtime.getRuntime();
        return runtime.totalMemory() - runtime.freeMemory();
    }

    /** The whole sync, in pieces, so that the push itself is not what is measured. */
    private void sync(int workloads) {
        for (int i = 0; i < workloads; i++) {
            push(Pushes.addresses("n", LargeMesh.workload(i, 0)));
        }
        for (int i = 0; i < workloads / 10; i++) {
            push(Pushes.addresses("n", LargeMesh.service(i)));
        }
    }

    private void push(DeltaDiscoveryResponse response) {
        mesh.update(MeshChange.of(ResourceType.ADDRESS, Push.of(response))::applyTo);
    }

    @Test
    void keepsAWorkloadAndItsShareOfServicesInAFewHundredBytes() {
        long before = live();
        sync(WORKLOADS);
        long perWorkload = (live() - before) / WORKLOADS;

        assertThat(mesh.snapshot().workloads()).hasSize(WORKLOADS);
        // 295 measured, with object headers of 12 bytes; the proxy's have 8. Four times as much without sharing.
        assertThat(perWorkload).isBetween(200L, 390L);
    }

    @Test
    void changesAnEndpointForAFewKilobytes() {
        sync(WORKLOADS);
        DeltaDiscoveryResponse[] responses = new DeltaDiscoveryResponse[CHANGES];
        for (int i = 0; i < CHANGES; i++) {
            responses[i] = Pushes.addresses("n", LargeMesh.workload(i * 97, 1));
        }
        push(Pushes.addresses("n", LargeMesh.workload(1, 1)));

        long before = threads.getCurrentThreadAllocatedBytes();
        for (DeltaDiscoveryResponse response : responses) {
            push(response);
        }
        long perChange = (threads.getCurrentThreadAllocatedBytes() - before) / CHANGES;

        // 8.3 KiB measured, decoding included; more by a level of the trees in a mesh ten times as large.
        assertThat(perChange).isBetween(4L * 1024, 16L * 1024);
    }

    @Test
    void looksUpWithoutAnObject() {
        sync(2_000);
        MeshSnapshot snapshot = mesh.snapshot();
        String uid = LargeMesh.uid(777);
        IpAddress pod = IpAddress.of(LargeMesh.podIp(777));
        IpAddress vip = IpAddress.of(LargeMesh.vip(77));
        Runnable all = () -> {
            Objects.requireNonNull(snapshot.workloadByUid(uid));
            Objects.requireNonNull(snapshot.workloadByAddress("network1", pod));
            Objects.requireNonNull(snapshot.serviceByVip("network1", vip, "elsewhere"));
        };
        all.run();

        long before = threads.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < 10_000; i++) {
            all.run();
        }

        // What asking for the number itself takes, and nothing for each look.
        assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(10_000);
    }
}
