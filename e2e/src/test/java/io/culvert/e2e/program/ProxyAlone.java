package io.culvert.e2e.program;

import static org.assertj.core.api.Assertions.assertThat;

import io.culvert.e2e.mesh.Programs;
import io.culvert.linux.Netns;
import io.culvert.linux.netlink.RouteNetlink;
import io.culvert.testkit.process.Child;
import io.culvert.testkit.process.Program;
import io.culvert.testkit.process.Spawner;
import io.culvert.testkit.workload.HttpClient;
import io.culvert.testkit.workload.HttpResult;
import io.culvert.testkit.workload.PodSockets;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Predicate;

/** A proxy as an operator starts it, in a network namespace that has loopback and nothing else. */
final class ProxyAlone implements AutoCloseable {
    static final int ADMIN = 15_000;

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final Child child;
    private final HttpClient http;

    private ProxyAlone(Child child, HttpClient http) {
        this.child = child;
        this.http = http;
    }

    /** The namespace is the caller's to close, after the proxy. */
    static Netns namespace() throws IOException {
        Netns netns = Netns.create();
        try (RouteNetlink routes = RouteNetlink.open(netns)) {
            routes.setUp("lo");
        }
        return netns;
    }

    /**
     * Starts it.
     *
     * @param directory where it runs, and where its socket to a node agent would be
     * @param environment beyond that
     */
    static ProxyAlone start(Path directory, Netns netns, Map<String, String> environment) throws IOException {
        return start(directory, netns, environment, Programs.proxy());
    }

    /**
     * Starts it by another command.
     *
     * @param command such as starts a proxy
     */
    static ProxyAlone start(Path directory, Netns netns, Map<String, String> environment, List<String> command)
            throws IOException {
        Map<String, String> whole = new TreeMap<>(environment);
        whole.putIfAbsent("INPOD_UDS", directory.resolve("ztunnel.sock").toString());
        Program program = new Program("proxy", command, whole, directory, directory.resolve("proxy.log"));
        return new ProxyAlone(Spawner.start(program, netns), new HttpClient(new PodSockets(netns), PATIENCE));
    }

    /** The first line with all of these in it. */
    String awaitLine(String... parts) {
        Predicate<String> wanted = line -> List.of(parts).stream().allMatch(line::contains);
        return child.awaitLine(String.join(" ... ", parts), 0, PATIENCE, wanted);
    }

    long pid() {
        return child.pid();
    }

    /** What has been written so far: both streams, as a container's log has them. */
    List<String> lines() {
        return child.log().lines();
    }

    /** GET over loopback, as soon as somebody listens. */
    HttpResult.Reply get(int port, String path) {
        InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
        return child.await("GET " + path, PATIENCE, () -> {
            HttpResult result = http.get(address, "localhost", path);
            return result instanceof HttpResult.Reply reply ? Optional.of(reply) : Optional.empty();
        });
    }

    /** SIGTERM; its exit status. */
    int terminate() {
        child.terminate();
        return awaitExit();
    }

    /** SIGTERM, without waiting. */
    void signalTermination() {
        child.terminate();
    }

    int awaitExit() {
        assertThat(child.awaitExit(PATIENCE)).as(child.log().tail(20)).isTrue();
        return child.exitStatus();
    }

    @Override
    public void close() {
        child.close();
    }
}
