package io.culvert.e2e.controlplane;

import static org.awaitility.Awaitility.await;

import io.culvert.testkit.controlplane.ControlPlane;
import io.culvert.testkit.controlplane.ProxyAccount;
import io.culvert.xds.AdsClient;
import io.culvert.xds.AdsCounters;
import io.culvert.xds.AdsStatus;
import io.culvert.xds.OnDemand;
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
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/** A node proxy's client of the control plane, as the proxy wires it, with its root and token in files. */
final class Follower implements AutoCloseable {
    static final Duration LIMIT = Duration.ofSeconds(60);

    final Path roots;
    final Path token;
    final CompletableFuture<Void> synced = new CompletableFuture<>();
    final List<AdsCounters.Termination> ends = new CopyOnWriteArrayList<>();

    private final ControlThread control = new ControlThread(InstantSource.system());
    private final GrpcTransport grpc = new GrpcTransport(control);
    private final MeshState mesh = new MeshState("node-a");
    private final AdsClient client;

    private Follower(ControlPlane server, Path directory, boolean onDemand) throws IOException {
        roots = directory.resolve("root-cert.pem");
        token = directory.resolve("istio-token");
        trust(server);
        renewToken(server);
        ControlPlaneEndpoint endpoint = ControlPlaneEndpoint.of(
                "https://localhost:" + server.address().getPort(),
                new RootCertificates.InFile(roots),
                new Token.InFile(token),
                "Kubernetes");
        XdsNode node = XdsNode.of("10.1.1.1", "ztunnel-a", "istio-system", "node-a", Map.of(), Map.of());
        client = AdsClient.start(
                new XdsConfig(endpoint, node, onDemand),
                mesh,
                grpc,
                control,
                counters(),
                StateKeeper.NONE,
                () -> synced.complete(null));
    }

    static Follower of(ControlPlane server, Path directory) throws IOException {
        return new Follower(server, directory, false);
    }

    static Follower onDemand(ControlPlane server, Path directory) throws IOException {
        return new Follower(server, directory, true);
    }

    private AdsCounters counters() {
        return new AdsCounters() {
            @Override
            public void connectionTerminated(Termination reason) {
                ends.add(reason);
            }

            @Override
            public void messageReceived(String typeUrl, long bytes) {}

            @Override
            public void resourcesRejected(String typeUrl, int count) {}
        };
    }

    /** Writes the server's present roots where the client looks for them. */
    void trust(ControlPlane server) throws IOException {
        Files.writeString(roots, server.authority().rootPem());
    }

    /** What the kubelet does before a token expires. */
    String renewToken(ControlPlane server) throws IOException {
        String fresh = server.tokens().issue(ProxyAccount.ofNode("node-a"));
        Files.writeString(token, fresh);
        return fresh;
    }

    MeshSnapshot mesh() {
        return mesh.snapshot();
    }

    AdsStatus status() {
        return client.status();
    }

    void awaitSync() throws Exception {
        synced.get(LIMIT.toSeconds(), TimeUnit.SECONDS);
    }

    void awaitMesh(String what, Predicate<MeshSnapshot> wanted) {
        await(what).atMost(LIMIT).until(() -> wanted.test(mesh()));
    }

    void awaitStatus(String what, Predicate<AdsStatus> wanted) {
        await(what).atMost(LIMIT).until(() -> wanted.test(status()));
    }

    /** Asks, and returns when the answer is there. */
    void demand(String key) throws Exception {
        CompletableFuture<Boolean> answered = new CompletableFuture<>();
        client.demand(key, new OnDemand.Listener() {
            @Override
            public void answered() {
                answered.complete(true);
            }

            @Override
            public void refused() {
                answered.complete(false);
            }
        });
        if (!answered.get(LIMIT.toSeconds(), TimeUnit.SECONDS)) {
            throw new AssertionError("refused " + key);
        }
    }

    @Override
    public void close() {
        client.close();
        grpc.close();
        control.close();
    }
}
