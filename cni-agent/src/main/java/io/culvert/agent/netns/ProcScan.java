package io.culvert.agent.netns;

import io.culvert.agent.pod.PodFacts;
import io.culvert.agent.pod.PodUid;
import io.culvert.linux.Netns;
import io.culvert.linux.NetnsId;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds the network namespaces of running pods by looking at all processes of the node
 * [istio cni/pkg/nodeagent/podcgroupns_linux.go FindNetnsForPods].
 *
 * <p>A wrong answer here would hand another pod's, or the node's own, namespace to the proxy. So a process is believed
 * only if all of this holds: its namespace is not one of the node's (device and inode compared); its cgroup names
 * exactly one pod, one that was asked for; and an interface in its namespace has one of that pod's addresses. A
 * rejected namespace is not remembered, so that the pod which it really belongs to can still claim it. Where several
 * namespaces qualify, that of the oldest process wins: the sandbox is there before the containers.
 *
 * <p>Runs on platform threads, since the ownership check enters namespaces. Costs two small file reads and a stat per
 * process of the node; a process that ends meanwhile is skipped.
 */
public final class ProcScan {
    private static final Logger log = LoggerFactory.getLogger(ProcScan.class);

    private final Path proc;
    private final Set<NetnsId> hostNamespaces;
    private final OwnershipCheck ownership;

    ProcScan(Path proc, Set<NetnsId> hostNamespaces, OwnershipCheck ownership) {
        this.proc = proc;
        this.hostNamespaces = Set.copyOf(hostNamespaces);
        this.ownership = ownership;
    }

    /**
     * A scanner of the node's processes.
     *
     * @param proc the node's procfs
     * @throws IOException where not even the agent's own namespace can be identified
     */
    public static ProcScan of(Path proc, OwnershipCheck ownership) throws IOException {
        return new ProcScan(proc, hostNamespaces(proc), ownership);
    }

    /** The node's namespace, by its first process, and the one that the agent itself runs in. */
    private static Set<NetnsId> hostNamespaces(Path proc) throws IOException {
        Set<NetnsId> ids = new HashSet<>();
        ids.add(ProcEntry.idOf(Path.of("/proc/self/ns/net")));
        try {
            ids.add(new ProcEntry(proc.resolve("1")).netnsId());
        } catch (IOException e) {
            // Whoever may not look at the first process may not enter its namespace either.
            log.warn(
                    "cannot identify the node's network namespace by {}/1/ns/net ({}): give the agent CAP_SYS_PTRACE"
                            + " and the node's /proc; until then pods that ran before the agent may not be found",
                    proc,
                    e.toString());
        }
        return ids;
    }

    public boolean isHost(NetnsId id) {
        return hostNamespaces.contains(id);
    }

    /**
     * Looks for all of these pods in one pass.
     *
     * @return a namespace for each pod that was found; the caller owns the claims
     * @throws IOException where the list of processes cannot be read
     */
    public Map<PodUid, NetnsRef> find(Collection<PodFacts> wanted) throws IOException {
        Pass pass = new Pass(wanted);
        try (DirectoryStream<Path> processes = Files.newDirectoryStream(proc, ProcScan::isProcess)) {
            for (Path directory : processes) {
                pass.visit(new ProcEntry(directory));
            }
        } catch (IOException | RuntimeException e) {
            pass.found.values().forEach(candidate -> candidate.netns.close());
            throw e;
        }
        Map<PodUid, NetnsRef> result = new HashMap<>();
        pass.found.forEach((uid, candidate) -> result.put(new PodUid(uid), candidate.netns));
        return result;
    }

    private static boolean isProcess(Path path) {
        String name = path.getFileName().toString();
        return !name.isEmpty() && name.chars().allMatch(c -> c >= '0' && c <= '9');
    }

    private record Candidate(NetnsRef netns, long startTime) {}

    /** One walk over all processes. */
    private final class Pass {
        private final Map<String, PodFacts> wantedByUid = new HashMap<>();
        private final Set<NetnsId> accepted = new HashSet<>();
        private final Map<String, Candidate> found = new HashMap<>();

        Pass(Collection<PodFacts> wanted) {
            wanted.forEach(pod -> wantedByUid.put(pod.uid().value(), pod));
        }

        void visit(ProcEntry process) {
            try {
                consider(process);
            } catch (IOException | CgroupPaths.AmbiguousCgroupException e) {
                log.debug("process {} skipped: {}", process.directory(), e.toString());
            }
        }

        private void consider(ProcEntry process) throws IOException, CgroupPaths.AmbiguousCgroupException {
            NetnsId id = process.netnsId();
            if (hostNamespaces.contains(id) || accepted.contains(id)) {
                return;
            }
            long startTime = process.startTime();
            Optional<String> uid = CgroupPaths.podUid(process.cgroupLines());
            PodFacts pod = uid.isEmpty() ? null : wantedByUid.get(uid.get());
            if (pod == null || pod.ips().isEmpty()) {
                return;
            }
            Netns netns = Netns.open(process.netns());
            if (!owns(netns, pod, process)) {
                netns.close();
                return;
            }
            accepted.add(netns.id());
            keepOldest(pod, new Candidate(NetnsRef.own(netns), startTime));
        }

        private boolean owns(Netns netns, PodFacts pod, ProcEntry process) {
            try {
                // Opened again by path: between the stat and the open the process may have moved.
                if (!hostNamespaces.contains(netns.id()) && ownership.holdsAny(netns, pod.ips())) {
                    return true;
                }
                log.warn(
                        "process {} is in the cgroup of pod {}, but its network namespace {} has none of its addresses:"
                                + " not used",
                        process.directory(),
                        pod,
                        netns.id());
            } catch (IOException e) {
                log.warn("network namespace of {} for pod {} not used: {}", process.directory(), pod, e.toString());
            }
            return false;
        }

        private void keepOldest(PodFacts pod, Candidate candidate) {
            Candidate before = found.get(pod.uid().value());
            if (before == null) {
                found.put(pod.uid().value(), candidate);
            } else if (before.startTime < candidate.startTime) {
                candidate.netns.close();
            } else {
                before.netns.close();
                found.put(pod.uid().value(), candidate);
            }
        }
    }
}
