package io.culvert.agent.admin;

import com.google.gson.stream.JsonWriter;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.culvert.agent.enrol.PodReport;
import java.io.IOException;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The agent's HTTP endpoints, on the ports of the original [istio cni/pkg/nodeagent/healthServer.go, monitoring.go]:
 * {@code :8000/healthz} and {@code /readyz}, {@code :15014/metrics}, and {@code localhost:9876/pods}.
 */
public final class AdminServers implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(AdminServers.class);

    private final List<HttpServer> servers = new ArrayList<>();
    private final List<ExecutorService> threads = new ArrayList<>();

    /**
     * Port 0 means none. @throws IOException where the port cannot be had: a probe on it would kill the pod over and
     * over
     */
    public void health(int port, BooleanSupplier ready) throws IOException {
        if (port == 0) {
            return;
        }
        HttpServer server = open("health", new InetSocketAddress(port));
        server.createContext("/healthz", exchange -> answer(exchange, 200, "text/plain", ""));
        server.createContext("/readyz", exchange -> {
            boolean up = ready.getAsBoolean();
            answer(exchange, up ? 200 : 503, "text/plain", up ? "" : "Service Unavailable\n");
        });
        server.start();
    }

    /** Port 0 means none. A port that is taken costs the metrics, not the node. */
    public void metrics(int port, Supplier<String> scrape) {
        if (port == 0) {
            return;
        }
        try {
            HttpServer server = open("metrics", new InetSocketAddress(port));
            server.createContext(
                    "/metrics", exchange -> answer(exchange, 200, "text/plain; version=0.0.4", scrape.get()));
            server.start();
        } catch (IOException e) {
            log.error("no metrics: {}", e.getMessage());
        }
    }

    /** Port 0 means none. */
    public void admin(int port, Supplier<List<PodReport>> pods) {
        if (port == 0) {
            return;
        }
        try {
            HttpServer server = open("admin", new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            server.createContext("/pods", exchange -> answer(exchange, 200, "application/json", json(pods.get())));
            server.start();
        } catch (IOException e) {
            log.error("no admin endpoint: {}", e.getMessage());
        }
    }

    private HttpServer open(String name, InetSocketAddress address) throws IOException {
        HttpServer server;
        try {
            server = HttpServer.create(address, 0);
        } catch (IOException e) {
            throw new IOException(
                    "the " + name + " port " + address.getPort() + " cannot be opened: " + e.getMessage(), e);
        }
        ExecutorService thread = Executors.newSingleThreadExecutor(
                Thread.ofPlatform().name(name).daemon().factory());
        server.setExecutor(thread);
        servers.add(server);
        threads.add(thread);
        return server;
    }

    private static void answer(HttpExchange exchange, int status, String type, String text) throws IOException {
        byte[] body = text.getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", type);
        exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
        try (var out = exchange.getResponseBody()) {
            out.write(body);
        }
    }

    private static String json(List<PodReport> pods) throws IOException {
        StringWriter text = new StringWriter();
        try (JsonWriter json = new JsonWriter(text)) {
            json.setIndent("  ");
            json.beginArray();
            for (PodReport pod : pods) {
                json.beginObject();
                json.name("uid").value(pod.uid().value());
                json.name("namespace").value(pod.pod().namespace());
                json.name("name").value(pod.pod().name());
                json.name("state").value(pod.state().name());
                json.name("meaning").value(pod.state().meaning());
                json.name("lastError").value(pod.lastError());
                json.endObject();
            }
            json.endArray();
        }
        return text + "\n";
    }

    @Override
    public void close() {
        servers.forEach(server -> server.stop(0));
        threads.forEach(ExecutorService::shutdownNow);
    }
}
