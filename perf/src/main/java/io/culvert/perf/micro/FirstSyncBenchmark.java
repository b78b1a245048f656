package io.culvert.perf.micro;

import io.culvert.testkit.controlplane.ControlPlane;
import io.culvert.testkit.controlplane.ProxyAccount;
import io.culvert.testkit.spec.ScaleMesh;
import io.culvert.xds.AdsClient;
import io.culvert.xds.AdsCounters;
import io.culvert.xds.XdsConfig;
import io.culvert.xds.XdsNode;
import io.culvert.xds.channel.ControlPlaneEndpoint;
import io.culvert.xds.channel.ControlThread;
import io.culvert.xds.channel.GrpcTransport;
import io.culvert.xds.channel.RootCertificates;
import io.culvert.xds.channel.Token;
import io.culvert.xds.mesh.MeshSnapshot;
import io.culvert.xds.mesh.MeshState;
import io.culvert.xds.snapshot.StateKeeper;
import java.io.IOException;
import java.time.InstantSource;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The first sync of a whole mesh through the client that the proxy has: connection, gRPC and TLS over loopback,
 * decoding, conversion, indexes, acknowledgement. A tenth as many services as workloads, a hundredth as many policies.
 * The server is the testkit's, in the same process: what it takes to encode and send everything is in the time.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 1)
@Measurement(iterations = 5)
@Fork(value = 1, jvmArgsAppend = "-Xmx2g")
public class FirstSyncBenchmark {
    private static final int SERVICES_PART = 10;
    private static final int POLICIES_PART = 100;
    private static final long LIMIT_SECONDS = 120;

    @Param({"20000", "200000"})
    public int workloads;

    private @Nullable ControlPlane server;
    private @Nullable Proxy proxy;

    @Setup
    public void serve() throws IOException {
        ControlPlane started = ControlPlane.builder().start();
        started.serve(new ScaleMesh(workloads, workloads / SERVICES_PART, workloads / POLICIES_PART));
        server = started;
    }

    /** As it stands in a proxy that was just started. */
    private static final class Proxy implements AutoCloseable {
        private final ControlThread control = new ControlThread(InstantSource.system());
        private final GrpcTransport grpc = new GrpcTransport(control);
        private final MeshState mesh = new MeshState(ScaleMesh.node(0));
        private final CountDownLatch synced = new CountDownLatch(1);
        private final AdsClient client;

        Proxy(ControlPlane server) {
            String node = ScaleMesh.node(0);
            var endpoint = ControlPlaneEndpoint.of(
                    "https://localhost:" + server.address().getPort(),
                    new RootCertificates.Inline(server.authority().rootPem()),
                    new Token.Literal(server.tokens().issue(ProxyAccount.ofNode(node))),
                    "Kubernetes");
            XdsNode name = XdsNode.of("10.1.1.1", "ztunnel", "istio-system", node, Map.of(), Map.of());
            client = AdsClient.start(
                    new XdsConfig(endpoint, name, false),
                    mesh,
                    grpc,
                    control,
                    AdsCounters.none(),
                    StateKeeper.NONE,
                    synced::countDown);
        }

        @Override
        public void close() {
            client.close();
            grpc.close();
            control.close();
        }
    }

    @Benchmark
    public MeshSnapshot firstSync() throws InterruptedException {
        if (server == null) {
            throw new IllegalStateException("serve() comes first");
        }
        Proxy started = new Proxy(server);
        proxy = started;
        if (!started.synced.await(LIMIT_SECONDS, TimeUnit.SECONDS)) {
            throw new IllegalStateException("not in sync after " + LIMIT_SECONDS + " s: "
                    + started.client.status().lastFailure());
        }
        return started.mesh.snapshot();
    }

    /** Between measurements; a trial ends with one, too. */
    @TearDown(Level.Iteration)
    public void stop() {
        if (proxy != null) {
            proxy.close();
            proxy = null;
        }
    }

    @TearDown
    public void away() {
        if (server != null) {
            server.close();
            server = null;
        }
    }
}
