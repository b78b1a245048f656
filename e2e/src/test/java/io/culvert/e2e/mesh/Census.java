package io.culvert.e2e.mesh;

import io.culvert.linux.netlink.RouteNetlink;
import io.culvert.testkit.mesh.Mesh;
import io.culvert.testkit.mesh.MeshNode;
import io.culvert.testkit.mesh.NodeProgram;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * How many there are of all that a pod which comes and goes could leave behind on its node.
 *
 * @param counts by what is counted
 */
record Census(Map<String, Long> counts) {
    /** The agent's client keeps some connections to the API server, and ends them when it likes. */
    private static final long AGENT_DESCRIPTORS_SLACK = 10;
    /** The JVM starts and ends compiler threads by itself. */
    private static final long THREADS_SLACK = 3;
    /** Netty takes memory in large pieces, for whatever is asked of the admin port by chance at once. */
    private static final long DIRECT_BYTES_SLACK = 1 << 20;

    private static final Path OWN = Path.of("/proc/self/ns/net");

    static Census of(Mesh mesh, MeshNode node) throws IOException {
        Map<String, Long> counts = new TreeMap<>();
        // First, so that the descriptors of these questions are gone when descriptors are counted.
        for (String gauge : new String[] {"culvert_buffers", "culvert_buffer_bytes", "culvert_netty_direct_bytes"}) {
            counts.put(gauge, Metrics.ofProxy(node.proxy(), gauge));
        }
        for (NodeProgram program : new NodeProgram[] {node.proxy(), node.agent()}) {
            counts.put(program.name() + " descriptors", entries("/proc/" + program.pid() + "/fd"));
            counts.put(program.name() + " threads", entries("/proc/" + program.pid() + "/task"));
            counts.put(program.name() + " namespaces", namespaces(program));
        }
        counts.put("named namespaces", named(mesh));
        try (RouteNetlink links = RouteNetlink.open(node.network().netns())) {
            counts.put("links", (long) links.links().size());
        }
        return new Census(counts);
    }

    /** Descriptors of network namespaces that a program holds. */
    static long namespaces(NodeProgram program) throws IOException {
        try (Stream<Path> entries = Files.list(Path.of("/proc/" + program.pid() + "/fd"))) {
            return entries.filter(Census::isNamespace).count();
        }
    }

    /** The same ones by descriptor and inode, for a failure's message. */
    static List<String> namespaceLinks(NodeProgram program) throws IOException {
        List<String> links = new ArrayList<>();
        try (Stream<Path> entries = Files.list(Path.of("/proc/" + program.pid() + "/fd"))) {
            for (Path entry : entries.filter(Census::isNamespace).toList()) {
                links.add(entry.getFileName() + " -> " + Files.readSymbolicLink(entry));
            }
        }
        return links;
    }

    /** Whether there is no more of anything than {@code before}, but for what comes and goes by itself. */
    boolean isNoMoreThan(Census before) {
        return counts.entrySet().stream()
                .allMatch(now -> now.getValue() <= before.counts.getOrDefault(now.getKey(), 0L) + slack(now.getKey()));
    }

    private static long slack(String what) {
        if (what.endsWith(" threads")) {
            return THREADS_SLACK;
        }
        if (what.startsWith("agent ") && what.endsWith(" descriptors")) {
            return AGENT_DESCRIPTORS_SLACK;
        }
        return what.equals("culvert_netty_direct_bytes") ? DIRECT_BYTES_SLACK : 0;
    }

    private static long entries(String directory) throws IOException {
        try (Stream<Path> entries = Files.list(Path.of(directory))) {
            return entries.count();
        }
    }

    /** Those of this mesh, by its prefix, in the directory where it keeps them. */
    private static long named(Mesh mesh) throws IOException {
        Path one = mesh.fabricNetnsPath();
        String prefix = mesh.directory().getFileName() + "-";
        try (Stream<Path> names = Files.list(one.resolveSibling("."))) {
            return names.filter(name -> String.valueOf(name.getFileName()).startsWith(prefix))
                    .count();
        }
    }

    /** By its file system: the link of one that was opened by its name shows that name, and not {@code net:[...]}. */
    private static boolean isNamespace(Path fd) {
        try {
            return Files.getAttribute(fd, "unix:dev").equals(Files.getAttribute(OWN, "unix:dev"));
        } catch (IOException gone) {
            return false;
        }
    }

    @Override
    public String toString() {
        return counts.toString();
    }
}
