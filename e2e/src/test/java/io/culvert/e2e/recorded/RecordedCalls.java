package io.culvert.e2e.recorded;

import io.culvert.testkit.mesh.AccessLine;
import io.culvert.testkit.mesh.MeshNode;
import io.culvert.testkit.mesh.MeshPod;
import io.culvert.testkit.process.Await;
import io.culvert.testkit.workload.TcpClient;
import io.culvert.testkit.workload.TcpResult;
import io.culvert.testkit.workload.TcpService;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The nine calls of the recording, one after the other, with what was seen of each: by the client, in the logs, in the
 * metrics. The recording's call to the service went to b1; ours is made again until it does, and what the calls before
 * it left is not counted.
 */
final class RecordedCalls {
    private static final int REQUEST_BYTES = 83;
    private static final int ANSWER_BYTES = 75;
    private static final int HTTP = 8080;
    /** Each goes to b1 with one chance in two. */
    private static final int SERVICE_CALLS_MAX = 64;

    private final RecordedMesh mesh;
    private final Map<String, TcpResult> results = new LinkedHashMap<>();
    private final Seen seenByA;
    private final Seen seenByB;

    private RecordedCalls(RecordedMesh mesh) {
        this.mesh = mesh;
        this.seenByA = new Seen(mesh.node("node-a"));
        this.seenByB = new Seen(mesh.node("node-b"));
    }

    /** What one node wrote, and its metrics before that. */
    private static final class Seen {
        final MeshNode node;
        final List<String> lines = new ArrayList<>();
        Samples before = Samples.parse("");

        Seen(MeshNode node) {
            this.node = node;
        }

        void startAfresh() throws IOException {
            lines.clear();
            before = Samples.parse(RecordedMesh.metrics(node));
        }
    }

    /** Makes the calls. As in the recording only b0 listens, on 8080. */
    static RecordedCalls make(RecordedMesh mesh) throws IOException {
        RecordedCalls calls = new RecordedCalls(mesh);
        try (TcpService _ = mesh.pod("b0").serve(HTTP, connection -> {
            byte[] _ = connection.socket().getInputStream().readNBytes(REQUEST_BYTES);
            connection.socket().getOutputStream().write(new byte[ANSWER_BYTES]);
            int _ = connection.socket().getInputStream().read();
        })) {
            calls.makeAll();
        }
        return calls;
    }

    private void makeAll() throws IOException {
        MeshPod a0 = mesh.pod("a0");
        MeshPod b0 = mesh.pod("b0");
        MeshPod outsider = mesh.pod("outsider");
        callTheServiceUntilItIsB1(a0);
        call("pod ip", a0, b0.at(HTTP), seenByA, seenByB);
        call("denied by principal", mesh.pod("a1"), b0.at(HTTP), seenByA, seenByB);
        call("denied port", a0, b0.at(9999), seenByA, seenByB);
        call("refused", a0, b0.at(8081), seenByA, seenByB);
        call("no endpoints port", a0, at("10.62.0.1", 81), seenByA);
        call("unknown ip", a0, at(Golden.NOBODY, HTTP), seenByA);
        call("plaintext in", outsider, b0.at(HTTP), seenByB);
        call("plaintext denied port", outsider, b0.at(9999), seenByB);
    }

    private static InetSocketAddress at(String address, int port) {
        return new InetSocketAddress(InetAddress.ofLiteral(address), port);
    }

    private void callTheServiceUntilItIsB1(MeshPod client) throws IOException {
        for (int i = 0; i < SERVICE_CALLS_MAX; i++) {
            seenByA.startAfresh();
            seenByB.startAfresh();
            call("service vip", client, at("10.62.0.1", 80), seenByA, seenByB);
            if (seenByA.lines.getFirst().contains("\"b1\"")) {
                return;
            }
        }
        throw new AssertionError(SERVICE_CALLS_MAX + " calls to the service, and none went to b1");
    }

    /** One call, and the one line of it at each of these nodes. */
    private void call(String name, MeshPod client, InetSocketAddress to, Seen... seenBy) throws IOException {
        Map<Seen, Long> positions = new LinkedHashMap<>();
        for (Seen seen : seenBy) {
            positions.put(seen, seen.node.proxy().log().position());
        }
        TcpClient tcp = client.tcp(RecordedMesh.LIMIT);
        results.put(name, tcp.exchangeOpen(to, new byte[REQUEST_BYTES], ANSWER_BYTES));
        positions.forEach((seen, position) -> {
            Await.untilTrue(
                    "a line of '" + name + "' at " + seen.node,
                    RecordedMesh.LIMIT,
                    () -> !seen.node.accessLog(position).isEmpty(),
                    () -> seen.node.proxy().log().tail(10));
            seen.node.accessLog(position).stream().map(AccessLine::line).forEach(seen.lines::add);
        });
    }

    /** What each client saw, by the call's name in the recording. */
    Map<String, TcpResult> results() {
        return results;
    }

    /** The access log of a node. */
    List<String> lines(String node) {
        return seen(node).lines;
    }

    /** The state of a node's metrics before the first call. */
    Samples before(String node) {
        return seen(node).before;
    }

    private Seen seen(String node) {
        return seenByA.node.name().equals(node) ? seenByA : seenByB;
    }
}
