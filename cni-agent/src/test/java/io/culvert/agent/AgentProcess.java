package io.culvert.agent;

import io.culvert.agent.kernel.Kernel;
import io.culvert.testkit.kube.KubeApi;
import io.culvert.testkit.process.Child;
import io.culvert.testkit.process.Program;
import io.culvert.testkit.process.Spawner;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The agent as an operator starts it: a process, its environment, its endpoints. */
final class AgentProcess implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final Child child;
    private final int healthPort;
    private final int metricsPort;
    private final int adminPort;

    private AgentProcess(Child child, int healthPort, int metricsPort, int adminPort) {
        this.child = child;
        this.healthPort = healthPort;
        this.metricsPort = metricsPort;
        this.adminPort = adminPort;
    }

    /** @param settings beyond those that say where things are */
    static AgentProcess start(Path directory, KubeApi api, Map<String, String> settings) throws IOException {
        return start(directory, api, settings, List.of(), List.of());
    }

    /**
     * By way of other programs, and with arguments.
     *
     * @param prefix the command that executes it
     */
    static AgentProcess start(
            Path directory, KubeApi api, Map<String, String> settings, List<String> prefix, List<String> arguments)
            throws IOException {
        Path kubeconfig = directory.resolve("kubeconfig");
        api.writeKubeconfig(kubeconfig);
        int health = freePort();
        int metrics = freePort();
        int admin = freePort();
        Map<String, String> environment = new HashMap<>();
        environment.put("KUBECONFIG", kubeconfig.toString());
        environment.put("CULVERT_HOST_ROOT", "/");
        environment.put("CNI_AGENT_RUN_DIR", directory.toString());
        environment.put("ZTUNNEL_UDS_ADDRESS", directory.resolve("ztunnel.sock").toString());
        environment.put("CULVERT_HEALTH_PORT", Integer.toString(health));
        environment.put("MONITORING_PORT", Integer.toString(metrics));
        environment.put("CULVERT_ADMIN_PORT", Integer.toString(admin));
        environment.putAll(settings);
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        String classPath = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        List<String> command = new ArrayList<>(prefix);
        command.addAll(List.of(
                java,
                "-Xmx128m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                classPath,
                "io.culvert.agent.Main"));
        command.addAll(arguments);
        Program program = new Program("agent", command, environment, directory, directory.resolve("agent.log"));
        Files.deleteIfExists(program.log());
        return new AgentProcess(Spawner.start(program), health, metrics, admin);
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    AgentProcess awaitReady() {
        child.await("readiness", PATIENCE, () -> readyStatus() == 200 ? Optional.of("ready") : Optional.empty());
        return this;
    }

    /** 0 where nobody listens yet. */
    int readyStatus() {
        try {
            return get(healthPort, "/readyz").statusCode();
        } catch (IOException e) {
            return 0;
        }
    }

    String metrics() throws IOException {
        return get(metricsPort, "/metrics").body();
    }

    String pods() throws IOException {
        return get(adminPort, "/pods").body();
    }

    int healthz() throws IOException {
        return get(healthPort, "/healthz").statusCode();
    }

    private static HttpResponse<String> get(int port, String path) throws IOException {
        try (HttpClient client = HttpClient.newHttpClient()) {
            return client.send(
                    HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
    }

    long pid() {
        return child.pid();
    }

    void kill() {
        child.kill();
        Kernel.await("killed").until(() -> !child.isAlive());
    }

    /** Asks it to end; its exit status. */
    int terminate() {
        child.terminate();
        return awaitExit();
    }

    int awaitExit() {
        if (!child.awaitExit(PATIENCE)) {
            throw new IllegalStateException(
                    "the agent did not end: " + child.log().tail(20));
        }
        return child.exitStatus();
    }

    List<String> log() {
        return child.log().lines();
    }

    @Override
    public void close() {
        child.close();
    }
}
