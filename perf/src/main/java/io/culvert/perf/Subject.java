package io.culvert.perf;

import io.culvert.testkit.mesh.Mesh;
import io.culvert.testkit.mesh.MeshNode;
import io.culvert.testkit.mesh.MeshOptions;
import io.culvert.testkit.mesh.MeshPod;
import io.culvert.testkit.mesh.NodeProgram;
import io.culvert.testkit.process.Stopwatch;
import io.culvert.testkit.spec.MeshSpec;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * One proxy under measurement, in a standing mesh of two nodes with a pod each. Meshes of several subjects stand at
 * once, each in namespaces of its own; only one of them carries traffic at a time.
 */
final class Subject implements AutoCloseable {

    /** Measured at one number of connections. */
    record Load(Samples gigabits, Samples cpuSecondsPerGigabyte) {
        Load and(double moreGigabits, double moreCpu) {
            return new Load(gigabits.and(moreGigabits), cpuSecondsPerGigabyte.and(moreCpu));
        }
    }

    private static final int PORT = 5201;
    private static final Load NOTHING = new Load(new Samples(), new Samples());
    private static final Duration READY_LIMIT = Duration.ofSeconds(30);
    private static final Duration STOP_LIMIT = Duration.ofSeconds(10);

    private final String name;
    private final Mesh mesh;
    private final MeshPod client;
    private final MeshPod server;
    private final Receiver receiver;
    private final Map<Integer, Load> loads = new TreeMap<>();
    private Samples idleMegabytes = new Samples();
    private Samples usedMegabytes = new Samples();
    private Samples readyMillis = new Samples();

    private Subject(String name, Mesh mesh, MeshPod client, MeshPod server, Receiver receiver) {
        this.name = name;
        this.mesh = mesh;
        this.client = client;
        this.server = server;
        this.receiver = receiver;
    }

    /** @param command starts the proxy; empty: none, and the pods talk directly */
    static Subject start(String name, List<String> command) throws IOException {
        MeshSpec spec = MeshSpec.mesh("perf")
                .namespace("default", namespace -> namespace.mesh(!command.isEmpty()))
                .node("one", node -> node.pod("client", pod -> pod.serviceAccount("client")))
                .node("two", node -> node.pod("server", pod -> pod.serviceAccount("server")))
                .build();
        MeshOptions.Builder options = command.isEmpty() ? MeshOptions.withoutProxies() : MeshOptions.proxy(command);
        Mesh mesh = Mesh.start(spec, options.build());
        try {
            MeshPod server = mesh.pod("server");
            Receiver receiver =
                    Receiver.listen(server.sockets(), new InetSocketAddress(InetAddress.ofLiteral("::"), PORT));
            return new Subject(name, mesh, mesh.pod("client"), server, receiver);
        } catch (IOException | RuntimeException failure) {
            mesh.close();
            throw failure;
        }
    }

    /** One round at one number of connections. */
    Transfer.Result measure(int connections, Duration length) throws IOException, InterruptedException {
        if (hasProxy() && idleMegabytes.isEmpty()) {
            idleMegabytes = residentOfEach();
        }
        double[] cpu = {0, 0};
        int[] marks = {0};
        Transfer.Result result = Transfer.run(
                client.tcp(),
                server.at(PORT),
                receiver,
                connections,
                length,
                () -> cpu[marks[0]++] = figures().cpuSeconds());
        double perGigabyte = (cpu[1] - cpu[0]) / result.gigabytes();
        loads.put(connections, loadAt(connections).and(result.gigabits(), perGigabyte));
        if (hasProxy()) {
            usedMegabytes = residentOfEach();
        }
        return result;
    }

    /** How long a proxy takes from its start until it is ready, with a pod to serve; it is stopped for that. */
    void measureStart() throws IOException {
        if (hasProxy()) {
            NodeProgram proxy = mesh.node("one").proxy();
            proxy.stop(STOP_LIMIT);
            Stopwatch watch = Stopwatch.start();
            proxy.restart();
            proxy.awaitReady(READY_LIMIT);
            readyMillis = readyMillis.and(watch.elapsed().toNanos() / 1e6);
        }
    }

    private ProcessFigures figures() throws IOException {
        ProcessFigures sum = new ProcessFigures(0, 0);
        for (MeshNode node : mesh.nodes()) {
            if (node.hasProxy()) {
                sum = sum.plus(ProcessFigures.of(node.proxy().pid()));
            }
        }
        return sum;
    }

    private Samples residentOfEach() throws IOException {
        Samples samples = new Samples();
        for (MeshNode node : mesh.nodes()) {
            samples = samples.and(ProcessFigures.of(node.proxy().pid()).residentBytes() / 1e6);
        }
        return samples;
    }

    String name() {
        return name;
    }

    boolean hasProxy() {
        return mesh.nodes().stream().allMatch(MeshNode::hasProxy);
    }

    Load loadAt(int connections) {
        return loads.getOrDefault(connections, NOTHING);
    }

    /** Resident memory of each proxy before the first transfer. */
    Samples idleMegabytes() {
        return idleMegabytes;
    }

    /** Resident memory of each proxy after the last transfer. */
    Samples usedMegabytes() {
        return usedMegabytes;
    }

    Samples readyMillis() {
        return readyMillis;
    }

    @Override
    public void close() throws IOException {
        try (receiver) {
            mesh.close();
        }
    }
}
