package io.culvert.e2e.mesh;

import io.culvert.testkit.mesh.NodeProgram;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What a program of the mesh uses, as its own metrics and the kernel tell it. */
final class Metrics {
    private static final int PROXY_METRICS = 15020;

    private Metrics() {}

    /** The value of a metric without labels. */
    static long ofProxy(NodeProgram proxy, String name) throws IOException {
        String text = proxy.get(PROXY_METRICS, "/stats/prometheus");
        return text.lines()
                .filter(line -> line.startsWith(name + " "))
                .map(line -> line.substring(name.length() + 1))
                .mapToLong(Long::parseLong)
                .findFirst()
                .orElseThrow(() -> new IOException("no metric " + name + " in\n" + text));
    }

    /** Resident memory, in KiB. */
    static long residentKib(NodeProgram program) throws IOException {
        return Files.readString(Path.of("/proc/" + program.pid() + "/status"))
                .lines()
                .filter(line -> line.startsWith("VmRSS:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
                .sum();
    }
}
