package io.culvert.testkit.demo;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.culvert.testkit.mesh.MeshNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/**
 * What a proxy says of itself on its admin and metrics ports, and what the kernel says of it.
 *
 * @param pods whose listeners are up
 * @param opened connections since its start, of all pods and both directions
 */
record ProxyState(
        boolean ready,
        int workloads,
        int services,
        int policies,
        int certificates,
        int pods,
        long opened,
        long residentMib,
        int threads) {
    private static final int ADMIN_PORT = 15000;
    private static final int METRICS_PORT = 15020;

    static ProxyState of(MeshNode node) throws IOException {
        JsonObject dump = JsonParser.parseString(node.proxy().get(ADMIN_PORT, "/config_dump"))
                .getAsJsonObject();
        Path process = Path.of("/proc", Long.toString(node.proxy().pid()));
        return new ProxyState(
                node.proxy().isReady(),
                size(dump, "workloads"),
                size(dump, "services"),
                size(dump, "policies"),
                count(dump, "certificates", "Available"),
                podsUp(dump),
                opened(node.proxy().get(METRICS_PORT, "/metrics")),
                statusLine(process, "VmRSS:") / 1024,
                (int) statusLine(process, "Threads:"));
    }

    private static int size(JsonObject dump, String key) {
        return dump.has(key) ? dump.getAsJsonArray(key).size() : 0;
    }

    private static int count(JsonObject dump, String key, String state) {
        JsonArray all = dump.has(key) ? dump.getAsJsonArray(key) : new JsonArray();
        int count = 0;
        for (JsonElement one : all) {
            if (one.getAsJsonObject().get("state").getAsString().equals(state)) {
                count++;
            }
        }
        return count;
    }

    private static int podsUp(JsonObject dump) {
        if (!dump.has("workloadState")) {
            return 0;
        }
        return (int) dump.getAsJsonObject("workloadState").asMap().values().stream()
                .filter(pod -> pod.getAsJsonObject().get("state").getAsString().equals("Up"))
                .count();
    }

    private static long opened(String metrics) {
        return metrics.lines()
                .filter(line -> line.startsWith("istio_tcp_connections_opened_total"))
                .mapToLong(line -> (long) Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
                .sum();
    }

    private static long statusLine(Path process, String key) throws IOException {
        for (String line : Files.readAllLines(process.resolve("status"))) {
            if (line.startsWith(key)) {
                return Long.parseLong(line.replaceAll("[^0-9]", ""));
            }
        }
        throw new IOException(process + "/status has no line " + key);
    }

    String inWords() {
        return String.format(
                Locale.ROOT,
                "%s; knows %d workloads, %d services, %d policies; %d certificates; %d pods up; %d connections so far;"
                        + " %d MiB resident, %d threads",
                ready ? "ready" : "not ready",
                workloads,
                services,
                policies,
                certificates,
                pods,
                opened,
                residentMib,
                threads);
    }
}
