package io.culvert.perf.micro;

import io.culvert.proxy.address.IpPort;
import io.culvert.proxy.rbac.Authorizer;
import io.culvert.proxy.rbac.Call;
import io.culvert.proxy.rbac.Peer;
import io.culvert.proxy.rbac.Verdict;
import io.culvert.xds.identity.Identity;
import io.culvert.xds.mesh.MeshSnapshot;
import io.culvert.xds.mesh.Workload;
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
 * RBAC: one question of an inbound connection, by number of policies; the last one permits, so all are looked at.
 * {@code elsewhere} has them all in another namespace: what a pod without policy pays for those of others.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class RbacBenchmark {
    private static final int CALLER = 1;
    private static final int CALLED = 2;

    @Param({"0", "1", "10", "100", "1000"})
    public int policies;

    private final Authorizer authorizer = new Authorizer(false);
    private MeshSnapshot mesh;
    private MeshSnapshot othersMesh;
    private Workload destination;
    private Workload free;
    private Call permitted;
    private Call denied;

    public RbacBenchmark() {
        // Replaced by prepare() once the parameters are known.
        MeshOfSize smallest = MeshOfSize.pods(CALLED + 1);
        mesh = smallest.snapshot();
        othersMesh = mesh;
        destination = smallest.pod(CALLED);
        free = destination;
        permitted = call("account-1");
        denied = permitted;
    }

    @Setup
    public void prepare() {
        MeshOfSize built =
                MeshOfSize.pods(100).allowPolicies(policies, "cluster.local/ns/default/sa/account-" + CALLER);
        mesh = built.snapshot();
        destination = built.pod(CALLED);
        MeshOfSize others = MeshOfSize.pods(100).allowPolicies("other", policies, "nobody");
        othersMesh = others.snapshot();
        free = others.pod(CALLED);
        permitted = call("account-" + CALLER);
        denied = call("stranger");
        if (!(permits() instanceof Verdict.Permit) || permits(denied) != (policies == 0)) {
            throw new IllegalStateException("the policies do not decide what the benchmark's names say");
        }
    }

    private boolean permits(Call call) {
        return authorizer.evaluate(mesh, destination, call) instanceof Verdict.Permit;
    }

    private static Call call(String account) {
        return new Call(
                new IpPort(MeshOfSize.podAddress(CALLER), 40_000),
                new IpPort(MeshOfSize.podAddress(CALLED), 8080),
                new Peer.Identified(new Identity("cluster.local", "default", account)));
    }

    @Benchmark
    public Verdict permits() {
        return authorizer.evaluate(mesh, destination, permitted);
    }

    @Benchmark
    public Verdict denies() {
        return authorizer.evaluate(mesh, destination, denied);
    }

    @Benchmark
    public Verdict elsewhere() {
        return authorizer.evaluate(othersMesh, free, permitted);
    }
}
