package io.culvert.testkit.mesh;

import io.culvert.linux.Netns;
import io.culvert.testkit.network.PodNetwork;
import io.culvert.testkit.process.Child;
import io.culvert.testkit.process.PodCgroup;
import io.culvert.testkit.spec.PodSpec;
import io.culvert.testkit.spec.WorkloadPort;
import io.culvert.testkit.workload.DnsClient;
import io.culvert.testkit.workload.EchoServer;
import io.culvert.testkit.workload.HttpClient;
import io.culvert.testkit.workload.HttpServer;
import io.culvert.testkit.workload.PodSockets;
import io.culvert.testkit.workload.TcpClient;
import io.culvert.testkit.workload.TcpService;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * A pod that runs: a namespace with a pause process in it (and in a cgroup like the kubelet's, as root), and servers on
 * its ports. Clients of it act as its application would.
 */
public final class MeshPod {
    private static final Duration CLIENT_LIMIT = Duration.ofSeconds(10);

    private final String node;
    private final List<InetAddress> addresses;
    private final Netns netns;
    private final @Nullable PodNetwork network;
    private final Path path;
    private final Child pause;
    private final @Nullable PodCgroup cgroup;
    private final PodSockets sockets;
    private final List<TcpService> services = new CopyOnWriteArrayList<>();
    private volatile PodSpec spec;

    MeshPod(
            String node,
            PodSpec spec,
            List<InetAddress> addresses,
            Netns netns,
            @Nullable PodNetwork network,
            Path path,
            Child pause,
            @Nullable PodCgroup cgroup) {
        this.node = node;
        this.spec = spec;
        this.addresses = List.copyOf(addresses);
        this.netns = netns;
        this.network = network;
        this.path = path;
        this.pause = pause;
        this.cgroup = cgroup;
        this.sockets = new PodSockets(netns);
    }

    public PodSpec spec() {
        return spec;
    }

    void respecify(PodSpec changed) {
        spec = changed;
    }

    public String name() {
        return spec.name();
    }

    /** {@code namespace/name}. */
    public String key() {
        return spec.key();
    }

    public String node() {
        return node;
    }

    public List<InetAddress> addresses() {
        return addresses;
    }

    /** Its first address: IPv4, if it has both. */
    public InetAddress address() {
        return addresses.getFirst();
    }

    /** A port of its first address. */
    public InetSocketAddress at(int port) {
        return new InetSocketAddress(address(), port);
    }

    public Netns netns() {
        return netns;
    }

    /** Where {@code nsenter --net=} finds its namespace; what its runtime said as CNI_NETNS. */
    public Path netnsPath() {
        return path;
    }

    /** The process that holds its namespace. */
    public long pausePid() {
        return pause.pid();
    }

    public PodSockets sockets() {
        return sockets;
    }

    /** An HTTP client in the pod. */
    public HttpClient http() {
        return new HttpClient(sockets, CLIENT_LIMIT);
    }

    /** A client of name servers in the pod. */
    public DnsClient dns() {
        return new DnsClient(sockets, CLIENT_LIMIT);
    }

    /** A TCP client in the pod. */
    public TcpClient tcp() {
        return new TcpClient(sockets, CLIENT_LIMIT);
    }

    /** A TCP client in the pod that gives up after {@code limit}. */
    public TcpClient tcp(Duration limit) {
        return new TcpClient(sockets, limit);
    }

    /** Starts one more server in the pod, on all its addresses; it ends with the pod, or when closed. */
    public TcpService serve(int port, TcpService.Handler handler) throws IOException {
        TcpService service =
                TcpService.start(sockets, new InetSocketAddress(InetAddress.ofLiteral("::"), port), handler);
        services.add(service);
        return service;
    }

    void startServers() throws IOException {
        for (WorkloadPort port : spec.ports()) {
            TcpService _ = serve(port.port(), handler(port.kind()));
        }
    }

    private TcpService.Handler handler(WorkloadPort.Kind kind) {
        return switch (kind) {
            case ECHO -> EchoServer.plain();
            case HTTP -> HttpServer.answeringAs(spec.name(), spec.namespace(), node);
        };
    }

    void stopServers() {
        services.forEach(TcpService::close);
        services.clear();
    }

    /** Ends everything of the pod; its traffic is cut. */
    void dispose() {
        stopServers();
        pause.kill();
        if (cgroup != null) {
            cgroup.close();
        }
        if (network != null) {
            network.close();
        }
    }

    @Override
    public String toString() {
        return "pod " + key() + " on " + node;
    }
}
