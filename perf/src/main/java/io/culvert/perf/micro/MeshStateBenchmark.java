package io.culvert.perf.micro;

import io.culvert.proto.discovery.DeltaDiscoveryResponse;
import io.culvert.testkit.spec.ScaleMesh;
import io.culvert.xds.MeshChange;
import io.culvert.xds.Push;
import io.culvert.xds.ResourceType;
import io.culvert.xds.mesh.IpAddress;
import io.culvert.xds.mesh.MeshSnapshot;
import io.culvert.xds.mesh.MeshState;
import io.culvert.xds.mesh.Service;
import io.culvert.xds.mesh.Workload;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGeneratorFactory;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The mesh state at size: look-ups, and what one changed endpoint costs from its bytes to the published state. A node
 * talks to some hundreds of peers; <em>all</em> asks for every workload of the mesh in random order instead, where no
 * look finds anything in the processor's caches.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 1,
        jvmArgsAppend = {"-XX:+UseCompactObjectHeaders", "-Xmx768m"})
public class MeshStateBenchmark {
    /** As many peers as a busy node has. */
    private static final int PEERS = 1_024;

    /** Workloads; a tenth as many services, a hundredth as many policies. */
    @Param({"2000", "200000"})
    public int workloads;

    private final MeshState mesh = new MeshState(ScaleMesh.node(0));
    private final List<DeltaDiscoveryResponse> changes = new ArrayList<>();
    /** Copies of their own, laid out in the order of asking, so that the question itself is no miss. */
    private IpAddress[] addresses = new IpAddress[0];

    private IpAddress[] vips = new IpAddress[0];
    private String[] uids = new String[0];
    private MeshSnapshot snapshot = mesh.snapshot();
    private int next;

    @Setup
    public void prepare() {
        ScaleMesh scale = new ScaleMesh(workloads, workloads / 10, workloads / 100);
        ScalePushes.inPieces(scale, mesh);
        snapshot = mesh.snapshot();
        List<Workload> shuffled = new ArrayList<>(snapshot.workloads());
        shuffled.sort((one, other) -> one.uid().compareTo(other.uid()));
        Collections.shuffle(
                shuffled, RandomGeneratorFactory.of("L64X128MixRandom").create(1));
        addresses = shuffled.stream()
                .map(workload -> IpAddress.of(workload.addresses().getFirst().toBytes()))
                .toArray(IpAddress[]::new);
        uids = shuffled.stream()
                .map(workload -> String.valueOf(workload.uid().toCharArray()))
                .toArray(String[]::new);
        List<Service> services = new ArrayList<>(snapshot.services());
        services.sort((one, other) -> one.key().compareTo(other.key()));
        Collections.shuffle(
                services, RandomGeneratorFactory.of("L64X128MixRandom").create(1));
        vips = services.stream()
                .limit(Math.min(PEERS, services.size()))
                .map(service -> IpAddress.of(service.vips().getFirst().address().toBytes()))
                .toArray(IpAddress[]::new);
        for (int i = 0; i < 2 * PEERS; i++) {
            // Each workload of a spread becomes unhealthy and, a round later, healthy again.
            int workload = (int) (i % PEERS * 7919L % workloads);
            changes.add(ScalePushes.response(List.of(scale.changed(workload, i >= PEERS))));
        }
    }

    private int turn(int bound) {
        next = next + 1 < bound ? next + 1 : 0;
        return next;
    }

    @Benchmark
    public @Nullable Workload byAddressOfPeers() {
        return snapshot.workloadByAddress("", addresses[turn(PEERS)]);
    }

    @Benchmark
    public @Nullable Workload byAddressOfAll() {
        return snapshot.workloadByAddress("", addresses[turn(addresses.length)]);
    }

    @Benchmark
    public @Nullable Workload byUidOfPeers() {
        return snapshot.workloadByUid(uids[turn(PEERS)]);
    }

    @Benchmark
    public @Nullable Workload byUidOfAll() {
        return snapshot.workloadByUid(uids[turn(uids.length)]);
    }

    @Benchmark
    public @Nullable Service serviceByVip() {
        return snapshot.serviceByVip("", vips[turn(vips.length)], "elsewhere");
    }

    @Benchmark
    public MeshSnapshot oneEndpointChanges() {
        DeltaDiscoveryResponse change = changes.get(turn(changes.size()));
        mesh.update(MeshChange.of(ResourceType.ADDRESS, Push.of(change))::applyTo);
        return mesh.snapshot();
    }
}
