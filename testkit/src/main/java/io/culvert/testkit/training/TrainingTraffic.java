package io.culvert.testkit.training;

import io.culvert.testkit.mesh.Mesh;
import io.culvert.testkit.mesh.MeshPod;
import io.culvert.testkit.process.Await;
import io.culvert.testkit.spec.Matches;
import io.culvert.testkit.spec.MeshSpec;
import io.culvert.testkit.spec.PodBuilder;
import io.culvert.testkit.spec.PolicySpec;
import io.culvert.testkit.spec.WorkloadPort.Kind;
import io.culvert.testkit.workload.Bulk;
import io.culvert.testkit.workload.HttpResult;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import java.time.Duration;

/**
 * One of everything that a proxy's first minute brings, through {@link #RECORDED}'s proxy: pods enrolled and removed,
 * tunnels out and in, a service on both nodes, callers in plain text both ways, a denial by policy, a policy changed
 * live, bulk both ways, and what asks it over HTTP. Each step is checked, so that what is recorded is the same each
 * time; it is the same traffic in the same order, and no step depends on how fast another was.
 */
final class TrainingTraffic {
    /** The node whose programs record. */
    static final String RECORDED = "node-1";

    private static final String OTHER = "node-2";
    private static final int HTTP = 8080;
    private static final int SINK = 5201;
    private static final int SOURCE = 5202;

    /** Enough for every path of reading, queueing and crediting; a second of one core at most. */
    private static final long BULK_BYTES = 48L << 20;

    /** So many that the methods of a connection's life count as used often, and are compiled early. */
    private static final int CALLS = 200;

    private static final Duration LIMIT = Duration.ofSeconds(30);

    private final Mesh mesh;

    TrainingTraffic(Mesh mesh) {
        this.mesh = mesh;
    }

    static MeshSpec mesh() {
        return MeshSpec.mesh("training")
                .namespace("default", namespace -> namespace.mesh(true))
                .node(
                        RECORDED,
                        node -> node.pod("client-1", pod -> pod.serviceAccount("client"))
                                .pod("web-1", TrainingTraffic::web))
                .node(
                        OTHER,
                        node -> node.pod("client-2", pod -> pod.serviceAccount("client"))
                                .pod("intruder", pod -> pod.serviceAccount("intruder"))
                                .pod("web-2", TrainingTraffic::web)
                                .pod("guest", pod -> pod.mesh(false).serves(Kind.HTTP, HTTP)))
                .service("web", service -> service.selecting("app", "web").port(80, HTTP))
                .policy(PolicySpec.deny("default", "no-intruders")
                        .selecting("app", "web")
                        .rule(Matches.principal("cluster.local/ns/default/sa/intruder"))
                        .build())
                .build();
    }

    private static void web(PodBuilder pod) {
        pod.serviceAccount("web").label("app", "web").serves(Kind.HTTP, HTTP);
    }

    void run() throws IOException {
        InetSocketAddress service = mesh.service("web", 80);
        for (int call = 0; call < CALLS; call++) {
            answers(mesh.pod("client-1"), service);
            answers(mesh.pod("client-2"), service);
        }
        answers(mesh.pod("guest"), mesh.pod("web-1").at(HTTP));
        answers(mesh.pod("client-1"), mesh.pod("guest").at(HTTP));
        refuses(mesh.pod("intruder"), mesh.pod("web-1").at(HTTP));
        strictForAWhile();
        bulk(mesh.pod("client-1"), mesh.pod("web-2"));
        bulk(mesh.pod("client-2"), mesh.pod("web-1"));
        MeshPod late = mesh.addPod(RECORDED, "late", TrainingTraffic::web);
        answers(mesh.pod("client-2"), late.at(HTTP));
        mesh.removePod(late);
        askTheProxy();
    }

    private void strictForAWhile() {
        mesh.change(edit -> edit.policy(PolicySpec.deny("default", "no-plaintext")
                .selecting("app", "web")
                .rule(Matches.unauthenticated())
                .build()));
        refuses(mesh.pod("guest"), mesh.pod("web-1").at(HTTP));
        mesh.change(edit -> edit.removePolicy("default", "no-plaintext"));
    }

    private static void bulk(MeshPod client, MeshPod server) throws IOException {
        try (var _ = server.serve(SINK, Bulk.sink());
                var _ = server.serve(SOURCE, Bulk.source());
                SocketChannel up = client.tcp().connect(server.at(SINK));
                SocketChannel down = client.tcp().connect(server.at(SOURCE))) {
            if (!Bulk.upload(up, BULK_BYTES, 1) || !Bulk.download(down, BULK_BYTES, 2)) {
                throw new IOException("bytes were changed between " + client + " and " + server);
            }
        }
    }

    private void askTheProxy() throws IOException {
        var proxy = mesh.node(RECORDED).proxy();
        for (int time = 0; time < 3; time++) {
            var _ = proxy.get(15020, "/metrics");
            var _ = proxy.get(15000, "/config_dump");
            var _ = proxy.ask("POST", 15000, "/logging");
            var _ = proxy.isReady();
        }
    }

    private static void answers(MeshPod client, InetSocketAddress to) {
        Await.untilTrue(
                client + " is answered by " + to,
                LIMIT,
                () -> client.http().get(to, "web", "/") instanceof HttpResult.Reply,
                () -> "");
    }

    private static void refuses(MeshPod client, InetSocketAddress to) {
        Await.untilTrue(
                client + " is refused by " + to,
                LIMIT,
                () -> client.http().get(to, "web", "/") instanceof HttpResult.NoReply,
                () -> "");
    }
}
