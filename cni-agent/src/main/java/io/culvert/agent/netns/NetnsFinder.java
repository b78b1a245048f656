package io.culvert.agent.netns;

import io.culvert.agent.pod.PodFacts;
import io.culvert.agent.pod.PodUid;
import io.culvert.linux.Netns;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/** Opens a pod's namespace: by the path that the container runtime reported, or by a scan of {@code /proc}. */
public final class NetnsFinder implements NetnsSource {
    private final Path hostRoot;
    private final ProcScan scan;

    /**
     * Opens nothing yet.
     *
     * @param hostRoot where the node's file system is mounted; reported paths are looked up below it
     */
    public NetnsFinder(Path hostRoot, ProcScan scan) {
        this.hostRoot = hostRoot;
        this.scan = scan;
    }

    @Override
    public NetnsRef open(String reported) throws IOException {
        Path path = below(reported);
        Netns netns;
        try {
            netns = Netns.open(path);
        } catch (IOException e) {
            throw new IOException(
                    e.getMessage() + "; the runtime reported " + reported
                            + ": its directory must be mounted into the agent, with propagation, below " + hostRoot,
                    e);
        }
        if (scan.isHost(netns.id())) {
            netns.close();
            throw new IOException("the runtime reported the node's own network namespace, " + reported + "; refused");
        }
        return NetnsRef.own(netns);
    }

    private Path below(String reported) throws IOException {
        try {
            Path path = Path.of(reported);
            if (path.isAbsolute() && path.equals(path.normalize())) {
                return hostRoot.resolve(path.getRoot().relativize(path));
            }
        } catch (InvalidPathException e) {
            // Reported below, with the same words as a relative path.
        }
        throw new IOException("the runtime reported a network namespace path that is not a plain absolute path");
    }

    @Override
    public NetnsRef scanFor(PodFacts pod) throws IOException {
        NetnsRef found = scan.find(List.of(pod)).get(pod.uid());
        if (found == null) {
            throw new IOException("no process on this node shows a network namespace with an address of pod " + pod);
        }
        return found;
    }

    @Override
    public Map<PodUid, NetnsRef> scanFor(Collection<PodFacts> pods) throws IOException {
        return scan.find(pods);
    }
}
