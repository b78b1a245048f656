package io.culvert.testkit.mesh;

import io.culvert.linux.Netns;
import io.culvert.testkit.process.Child;
import io.culvert.testkit.process.LogFile;
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
import java.util.Optional;

/**
 * A program of the mesh on one node, the proxy or the agent: started, killed, started again, asked over HTTP. Its log
 * goes on in the same file across restarts.
 */
public final class NodeProgram implements AutoCloseable {
    private static final Duration HTTP_LIMIT = Duration.ofSeconds(5);
    private static final InetAddress LOOPBACK = InetAddress.ofLiteral("127.0.0.1");

    private final Program program;
    private final Netns netns;
    private final InetSocketAddress readiness;
    private final String readinessPath;
    private final HttpClient http;
    private Child child;

    private NodeProgram(Program program, Netns netns, int readinessPort, String readinessPath, Child child) {
        this.program = program;
        this.netns = netns;
        this.readiness = new InetSocketAddress(LOOPBACK, readinessPort);
        this.readinessPath = readinessPath;
        this.http = new HttpClient(new PodSockets(netns), HTTP_LIMIT);
        this.child = child;
    }

    /** Starts it; {@link #awaitReady} tells when it is of use. */
    static NodeProgram start(Program program, Netns netns, int readinessPort, String readinessPath) throws IOException {
        return new NodeProgram(program, netns, readinessPort, readinessPath, Spawner.start(program, netns));
    }

    /**
     * Starts the same program once more, as the next generation of an upgrade is: in a namespace of its own, with a log
     * of its own.
     *
     * @param suffix of its working directory and its log
     */
    public NodeProgram beside(Netns own, String suffix) throws IOException {
        Path log = program.log();
        Program next = new Program(
                program.name() + suffix,
                program.command(),
                program.environment(),
                Path.of(program.workingDirectory() + suffix),
                Path.of(log + suffix));
        return start(next, own, readiness.getPort(), readinessPath);
    }

    public String name() {
        return program.name();
    }

    public Program program() {
        return program;
    }

    public Netns netns() {
        return netns;
    }

    public long pid() {
        return child.pid();
    }

    public Child child() {
        return child;
    }

    public LogFile log() {
        return child.log();
    }

    public boolean isReady() throws IOException {
        return http.get(readiness, "localhost", readinessPath) instanceof HttpResult.Reply reply
                && reply.status() == 200;
    }

    /** Waits for 200 on its readiness endpoint. */
    public void awaitReady(Duration limit) {
        boolean _ = child.await(
                "200 on " + readiness.getPort() + readinessPath,
                limit,
                () -> isReady() ? Optional.of(true) : Optional.empty());
    }

    /** Asks it over HTTP on a port of its loopback interface, such as its admin port. */
    public HttpResult ask(String method, int port, String path) throws IOException {
        return http.send(new InetSocketAddress(LOOPBACK, port), method, "localhost", path);
    }

    /** The body of a successful GET. */
    public String get(int port, String path) throws IOException {
        if (ask("GET", port, path) instanceof HttpResult.Reply reply && reply.status() == 200) {
            return reply.body();
        }
        throw new IOException(name() + " did not answer GET " + port + path + ": " + ask("GET", port, path));
    }

    /** SIGKILL, as a crash would be. */
    public void kill() {
        child.kill();
    }

    /** SIGTERM, and SIGKILL if that does not end it in time. */
    public void stop(Duration grace) {
        child.stop(grace);
    }

    /** Starts it again after {@link #kill} or {@link #stop}. */
    public void restart() throws IOException {
        if (child.isAlive()) {
            throw new MeshFailure(name() + " still runs; stop or kill it before it is started again");
        }
        child = Spawner.start(program, netns);
    }

    @Override
    public void close() {
        child.close();
    }
}
