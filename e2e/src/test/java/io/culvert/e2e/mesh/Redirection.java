package io.culvert.e2e.mesh;

import io.culvert.linux.Netns;
import io.culvert.linux.netlink.IpFamily;
import io.culvert.linux.netlink.RouteNetlink;
import io.culvert.linux.netlink.Rule;
import io.culvert.linux.nftables.NfFamily;
import io.culvert.linux.nftables.NfTable;
import io.culvert.linux.nftables.NfTables;
import io.culvert.testkit.mesh.MeshPod;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * What the kernel holds of the mesh in one pod.
 *
 * @param table the agent's nf_tables table
 * @param rules families that have the policy rule for replies
 * @param routes families that have the route that it leads to
 * @param listeners which of the proxy's three ports somebody listens on
 */
record Redirection(boolean table, Set<IpFamily> rules, Set<IpFamily> routes, Set<Integer> listeners) {
    private static final NfTable TABLE = new NfTable(NfFamily.INET, "culvert-ambient");
    private static final Set<Integer> PROXY_PORTS = Set.of(15001, 15006, 15008);
    private static final int RETURN_TABLE = 100;
    private static final Set<IpFamily> BOTH = Set.of(IpFamily.V4, IpFamily.V6);

    /** As it is now. */
    static Redirection in(MeshPod pod) throws IOException {
        Netns netns = pod.netns();
        try (NfTables tables = NfTables.open(netns);
                RouteNetlink routing = RouteNetlink.open(netns)) {
            return new Redirection(
                    tables.tables(NfFamily.INET).contains(TABLE),
                    routing.rules().stream()
                            .filter(rule -> rule.table() == RETURN_TABLE)
                            .map(Rule::family)
                            .collect(Collectors.toSet()),
                    routing.routes(RETURN_TABLE).stream()
                            .map(route -> route.destination().family())
                            .collect(Collectors.toSet()),
                    listeners(pod.pausePid()));
        }
    }

    /** All of it is there. */
    boolean isWhole() {
        return table && rules.equals(BOTH) && routes.equals(BOTH) && listeners.equals(PROXY_PORTS);
    }

    /** Nothing of it is there. */
    boolean isNone() {
        return !table && rules.isEmpty() && routes.isEmpty() && listeners.isEmpty();
    }

    /** /proc/PID/net shows the process' namespace (proc_pid_net(5)); 0A in the fourth column is LISTEN. */
    private static Set<Integer> listeners(long pid) throws IOException {
        Set<Integer> ports = new TreeSet<>();
        for (String file : List.of("tcp", "tcp6")) {
            for (String line : Files.readAllLines(Path.of("/proc", Long.toString(pid), "net", file))) {
                String[] columns = line.strip().split("\\s+", -1);
                if (columns.length > 3 && columns[3].equals("0A")) {
                    ports.add(Integer.parseInt(columns[1].substring(columns[1].indexOf(':') + 1), 16));
                }
            }
        }
        ports.retainAll(PROXY_PORTS);
        return ports;
    }
}
