package io.culvert.perf.subject;

import io.culvert.linux.Netns;
import io.culvert.perf.load.Line;
import io.culvert.testkit.mesh.Mesh;
import io.culvert.testkit.mesh.MeshNode;
import io.culvert.testkit.mesh.MeshOptions;
import io.culvert.testkit.mesh.MeshPod;
import io.culvert.testkit.network.PacketTap;
import io.culvert.testkit.network.ServerHello;
import io.culvert.testkit.process.Stopwatch;
import io.culvert.testkit.spec.ScaleMesh;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListSet;
import org.jspecify.annotations.Nullable;

/**
 * One thing under measurement in a standing mesh of its own, with generators in the pods. Meshes of several subjects
 * stand at once; only one of them carries traffic at a time.
 */
public final class Subject implements AutoCloseable {

    /** What lies between the pods. */
    public enum Kind {
        /** Nothing: the bound of what network and generators can do. */
        DIRECT,
        /** A plain TCP relay on each node: the bound of what two hops through user space can do. */
        RELAY,
        /** A node proxy on each node. */
        PROXY
    }

    /** The policy that every connection is judged by, for the report. */
    public static final String POLICY =
            "a DENY that does not match, and an ALLOW by identity or source address, and by port";

    /** Connecting 10,000 times takes about ten seconds; everything else is far below. */
    private static final Duration GRACE = Duration.ofSeconds(20);

    private static final int HBONE_PORT = 15008;
    /** Small beside what a proxy must bear: what a change costs hardly depends on it, and it has to come and go. */
    private static final ScaleMesh CHANGING = new ScaleMesh(2_000, 200, 0);

    /** Longer than any run. */
    private static final Duration CREDENTIAL_LIFETIME = Duration.ofDays(1);

    private static final Duration STOP_LIMIT = Duration.ofSeconds(10);
    private static final Duration MARK_LIMIT = Duration.ofSeconds(5);

    private final String name;
    private final Kind kind;
    private final Mesh mesh;
    private final Duration readyLimit;
    private final Map<String, Generator> generators = new LinkedHashMap<>();
    private final List<Generator> relays = new ArrayList<>();
    private @Nullable Credential credential;

    private Subject(String name, Kind kind, Mesh mesh, Duration readyLimit) {
        this.name = name;
        this.kind = kind;
        this.mesh = mesh;
        this.readyLimit = readyLimit;
    }

    public static Subject direct() throws IOException {
        return start("direct", Kind.DIRECT, MeshOptions.withoutProxies());
    }

    public static Subject relay() throws IOException {
        return start("relay", Kind.RELAY, MeshOptions.withoutProxies());
    }

    /**
     * A mesh with a proxy on each node.
     *
     * @param command starts a node proxy that understands ztunnel's environment
     * @param ready how long it may take from its start to ready
     */
    public static Subject proxy(String name, List<String> command, Duration ready) throws IOException {
        return start(name, Kind.PROXY, MeshOptions.proxy(command).readyLimit(ready));
    }

    /**
     * The same with another proxy on the server's node than on the client's.
     *
     * @param ofClient starts the proxy of the client's node
     * @param ofServer starts the proxy of the server's node
     */
    public static Subject pair(String name, List<String> ofClient, List<String> ofServer, Duration ready)
            throws IOException {
        return start(
                name,
                Kind.PROXY,
                MeshOptions.proxy(ofClient).proxyOn("two", ofServer).readyLimit(ready));
    }

    private static Subject start(String name, Kind kind, MeshOptions.Builder options) throws IOException {
        MeshOptions whole = options.build();
        Mesh mesh = Mesh.start(Topology.spec(kind == Kind.PROXY), whole);
        Subject subject = new Subject(name, kind, mesh, whole.readyLimit());
        try {
            if (kind == Kind.RELAY) {
                subject.startRelays();
            }
            return subject;
        } catch (IOException | RuntimeException failure) {
            subject.close();
            throw failure;
        }
    }

    private void startRelays() throws IOException {
        startRelay("two", mesh.pod(Topology.SERVER).address());
        startRelay("one", nodeAddress("two"));
    }

    /** A relay listens at its node's address, on the ports of the services. */
    private void startRelay(String node, InetAddress to) throws IOException {
        Netns netns = mesh.node(node).network().netns();
        relays.add(Generator.start(
                "relay on " + node,
                netns,
                directory(),
                "relay",
                "from=" + nodeAddress(node).getHostAddress(),
                "to=" + to.getHostAddress()));
    }

    private InetAddress nodeAddress(String node) {
        return mesh.plan().node(node).v4();
    }

    private Path directory() {
        return mesh.directory().resolve("load");
    }

    public String name() {
        return name;
    }

    public Kind kind() {
        return kind;
    }

    public Mesh mesh() {
        return mesh;
    }

    public Collection<MeshNode> nodes() {
        return mesh.nodes();
    }

    /** What TLS servers chose, as seen on the wire between the nodes while this load ran; empty without tunnels. */
    public List<String> watchHandshakes(Line command) throws IOException {
        Set<String> agreed = new ConcurrentSkipListSet<>();
        try (PacketTap _ = PacketTap.start(mesh.fabricNetns(), segment -> {
            if (segment.source().getPort() == HBONE_PORT) {
                ServerHello.parse(segment.payload())
                        .ifPresent(hello ->
                                agreed.add(hello.versionName() + ", " + hello.cipherName() + ", " + hello.groupName()));
            }
        })) {
            Measured _ = measure(route(), command);
        }
        return List.copyOf(agreed);
    }

    // Generators.

    /** From the pod on one node to the pod on the other: through both proxies and a tunnel. */
    public Route route() throws IOException {
        InetAddress to = kind == Kind.RELAY
                ? nodeAddress("one")
                : mesh.pod(Topology.SERVER).address();
        return new Route(client(), server(), to);
    }

    /** From a pod of the mesh to one outside: through the client's proxy alone, in plain text. */
    public Route routeOut() throws IOException {
        return new Route(
                client(),
                generator("server", Topology.PLAIN_SERVER),
                mesh.pod(Topology.PLAIN_SERVER).address());
    }

    /** From a pod outside the mesh to one inside: through the server's proxy alone, in plain text. */
    public Route routeIn() throws IOException {
        return new Route(
                generator("client", Topology.PLAIN_CLIENT),
                server(),
                mesh.pod(Topology.SERVER).address());
    }

    public Generator client() throws IOException {
        return generator("client", Topology.CLIENT);
    }

    /** One more process in the client's pod, for loads beside each other. */
    public Generator secondClient() throws IOException {
        return generator("client", Topology.CLIENT, "second");
    }

    private Generator server() throws IOException {
        return generator("server", Topology.SERVER);
    }

    private Generator generator(String role, String pod, String... more) throws IOException {
        String key = role + " in " + pod + String.join(" ", more);
        Generator known = generators.get(key);
        if (known != null) {
            return known;
        }
        Generator started = Generator.start(key, mesh.pod(pod).netns(), directory(), role);
        generators.put(key, started);
        return started;
    }

    /** Ends the generators, of which one may be in the middle of something; they are started anew when needed. */
    public void resetGenerators() {
        generators.values().forEach(Generator::close);
        generators.clear();
    }

    /** Adds so many pods like the client to its node; whoever wants them removes them. */
    public List<MeshPod> addPods(int count) {
        List<MeshPod> pods = new ArrayList<>();
        try {
            for (int i = 0; i < count; i++) {
                pods.add(mesh.addPod("one", "client-" + i, pod -> pod.serviceAccount("client")));
            }
            return pods;
        } catch (RuntimeException failure) {
            pods.forEach(mesh::removePod);
            throw failure;
        }
    }

    /**
     * Lets endpoints beside the load change their health from now on, until it is closed.
     *
     * @param perSecond a multiple of ten, told ten times a second
     */
    public EndpointChanges startChanges(int perSecond) {
        return EndpointChanges.start(mesh.controlPlane(), CHANGING, perSecond);
    }

    /** Where the node of the server takes tunnels for it. */
    public String tunnelEntrance() {
        return Line.text(mesh.pod(Topology.SERVER).at(HBONE_PORT));
    }

    /** The identity of the client's pod, for a generator that makes handshakes as its node would. */
    public Credential credential() throws IOException {
        Credential known = credential;
        if (known == null) {
            known = Credential.write(
                    mesh.controlPlane()
                            .authority()
                            .peerCredential(Topology.CLIENT_ID, Duration.ZERO, CREDENTIAL_LIFETIME),
                    directory());
            credential = known;
        }
        return known;
    }

    // Measuring.

    /** Puts the load on, and measures it from the end of its warm-up to its end. */
    public Measured measure(Route route, Line command) throws IOException {
        route.client().send(command);
        Duration length = command.millis("length");
        Line _ = route.client().await(command.millis("warmup").plus(GRACE), "started");
        Snapshot before = snapshot(route);
        Line end = route.client().await(length.plus(GRACE), "ended", "done");
        Snapshot after = snapshot(route);
        Line done = end.verb().equals("done") ? end : route.client().await(GRACE, "done");
        return new Measured(
                done,
                (after.mark.number("nanos") - before.mark.number("nanos")) / 1e9,
                after.mark.number("received") - before.mark.number("received"),
                after.carriers.secondsSince(before.carriers),
                after.generators.secondsSince(before.generators));
    }

    /** What a run of iperf3 came to, and what CPU time proxies or relays took for it. */
    public record ByIperf3(Iperf3.Result result, double carrierCpuSeconds) {}

    /** Uploads with iperf3 from the client's pod to the server's. */
    public ByIperf3 measureByIperf3(int connections, Duration length) throws IOException {
        CpuTime before = CpuTime.of(carriers());
        Iperf3.Result result = Iperf3.run(
                mesh.pod(Topology.CLIENT).netns(),
                mesh.pod(Topology.SERVER).netns(),
                route().to(),
                connections,
                length,
                directory());
        return new ByIperf3(result, CpuTime.of(carriers()).secondsSince(before));
    }

    private record Snapshot(Line mark, CpuTime carriers, CpuTime generators) {}

    private Snapshot snapshot(Route route) throws IOException {
        return new Snapshot(
                mark(route),
                CpuTime.of(carriers()),
                CpuTime.of(List.of(route.client().pid(), route.server().pid())));
    }

    /** The server's count of bytes, with its clock. */
    public Line mark(Route route) throws IOException {
        return route.server().ask(Line.of("mark"), MARK_LIMIT, "mark");
    }

    private List<Long> carriers() {
        return switch (kind) {
            case DIRECT -> List.of();
            case RELAY -> relays.stream().map(Generator::pid).toList();
            case PROXY -> nodes().stream().map(node -> node.proxy().pid()).toList();
        };
    }

    /**
     * Starts both proxies anew, one after the other: what is measured is a start, not two that fight for the processor.
     *
     * @return from start to ready, of each
     */
    public List<Duration> restartProxies() throws IOException {
        for (MeshNode node : nodes()) {
            node.proxy().stop(STOP_LIMIT);
        }
        List<Duration> took = new ArrayList<>();
        for (MeshNode node : nodes()) {
            Stopwatch watch = Stopwatch.start();
            node.proxy().restart();
            node.proxy().awaitReady(readyLimit);
            took.add(watch.elapsed());
        }
        return took;
    }

    /**
     * After a failure: generators and proxies anew, because either may hang, be gone, or be in the middle of something.
     *
     * @return which proxies had ended by themselves, for the failure's message; empty if none had
     * @throws IOException if it does not come up again; nothing can be measured with it any more
     */
    public String renew() throws IOException {
        resetGenerators();
        if (kind != Kind.PROXY) {
            return "";
        }
        StringBuilder ended = new StringBuilder();
        for (MeshNode node : nodes()) {
            if (!node.proxy().child().isAlive()) {
                ended.append("; the proxy of node ")
                        .append(node.name())
                        .append(" had ended with status ")
                        .append(node.proxy().child().exitStatus());
            }
        }
        List<Duration> _ = restartProxies();
        return ended.toString();
    }

    /** Memory of each proxy or relay, in the order of the nodes. */
    public List<Memory> memory() throws IOException {
        List<Memory> memory = new ArrayList<>();
        for (long pid : carriers()) {
            memory.add(Memory.of(pid));
        }
        return memory;
    }

    @Override
    public void close() {
        resetGenerators();
        relays.forEach(Generator::close);
        mesh.close();
    }
}
