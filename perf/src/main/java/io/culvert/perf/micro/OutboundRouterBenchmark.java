package io.culvert.perf.micro;

import io.culvert.proxy.address.IpPort;
import io.culvert.proxy.routing.OutboundDecision;
import io.culvert.proxy.routing.OutboundRouter;
import io.culvert.proxy.routing.ProxyPorts;
import io.culvert.xds.mesh.IpAddress;
import io.culvert.xds.mesh.MeshSnapshot;
import io.culvert.xds.mesh.Workload;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
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

/** Routing: where one outbound connection goes, by the size of the mesh. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class OutboundRouterBenchmark {
    /** Asked in turn, so that not one entry of the tables alone is warm in the processor's cache. */
    private static final int TARGETS = 1_024;

    @Param({"100", "10000", "50000"})
    public int pods;

    private final OutboundRouter router = new OutboundRouter("", ProxyPorts.of(false));
    private final RandomGenerator random = RandomGenerator.of("L64X128MixRandom");
    private final IpPort[] workloads = new IpPort[TARGETS];
    private final IpPort[] services = new IpPort[TARGETS];
    private final IpPort stranger = new IpPort(IpAddress.parse("192.0.2.1"), 443);
    private final IpAddress sourceAddress = MeshOfSize.podAddress(0);
    private MeshSnapshot mesh;
    private Workload source;
    private int next;

    public OutboundRouterBenchmark() {
        // Replaced by prepare() once the parameters are known.
        MeshOfSize smallest = MeshOfSize.pods(1);
        mesh = smallest.snapshot();
        source = smallest.pod(0);
    }

    @Setup
    public void prepare() {
        MeshOfSize built = MeshOfSize.pods(pods);
        mesh = built.snapshot();
        source = built.pod(0);
        for (int i = 0; i < TARGETS; i++) {
            // Spread over all by a prime step, the same in every run.
            int pod = (int) (i * 7919L % pods);
            workloads[i] = new IpPort(MeshOfSize.podAddress(pod), 8080);
            services[i] = new IpPort(MeshOfSize.serviceAddress(pod / 10), 80);
        }
        if (!(toWorkload() instanceof OutboundDecision.Hbone)
                || !(toService() instanceof OutboundDecision.Hbone)
                || !(passesThrough() instanceof OutboundDecision.Tcp)) {
            throw new IllegalStateException("decisions are not of the kind that the benchmark's names say");
        }
    }

    private IpPort turn(IpPort[] targets) {
        next = next + 1 & TARGETS - 1;
        return targets[next];
    }

    @Benchmark
    public OutboundDecision toWorkload() {
        return router.decide(mesh, source, sourceAddress, turn(workloads), random);
    }

    @Benchmark
    public OutboundDecision toService() {
        return router.decide(mesh, source, sourceAddress, turn(services), random);
    }

    @Benchmark
    public OutboundDecision passesThrough() {
        return router.decide(mesh, source, sourceAddress, stranger, random);
    }
}
