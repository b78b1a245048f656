package io.culvert.perf.micro;

import io.culvert.testkit.spec.ScaleMesh;
import io.culvert.xds.MeshChange;
import io.culvert.xds.Push;
import io.culvert.xds.ResourceType;
import io.culvert.xds.mesh.MeshState;
import java.io.ByteArrayInputStream;
import java.util.concurrent.TimeUnit;
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
 * The state's share of the first sync ({@link FirstSyncBenchmark}): from the bytes of one response per type, as istiod
 * sends them, to the published state, in a process that has just started.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 0)
@Measurement(iterations = 1)
@Fork(
        value = 3,
        jvmArgsAppend = {"-XX:+UseCompactObjectHeaders", "-Xms8m", "-Xmx768m"})
public class AppliedSyncBenchmark {
    /** Workloads; a tenth as many services, a hundredth as many policies. */
    @Param("200000")
    public int workloads;

    private byte[] addresses = new byte[0];
    private byte[] policies = new byte[0];

    @Setup
    public void prepare() {
        ScaleMesh scale = new ScaleMesh(workloads, workloads / 10, workloads / 100);
        addresses = ScalePushes.response(scale.addresses().toList()).toByteArray();
        policies = ScalePushes.policies(scale).toByteArray();
    }

    @Benchmark
    public MeshState sync() {
        MeshState mesh = new MeshState(ScaleMesh.node(0));
        mesh.update(MeshChange.of(ResourceType.ADDRESS, Push.read(new ByteArrayInputStream(addresses)))::applyTo);
        mesh.update(MeshChange.of(ResourceType.AUTHORIZATION, Push.read(new ByteArrayInputStream(policies)))::applyTo);
        return mesh;
    }
}
