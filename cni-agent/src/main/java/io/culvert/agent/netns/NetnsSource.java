package io.culvert.agent.netns;

import io.culvert.agent.pod.PodFacts;
import io.culvert.agent.pod.PodUid;
import java.io.IOException;
import java.util.Collection;
import java.util.Map;

/** Where pods' namespaces come from. Claims that are returned are the caller's. */
public interface NetnsSource {
    /**
     * The namespace that a container runtime reported.
     *
     * @param reported absolute path, as seen on the node
     * @throws IOException where it cannot be opened, is no network namespace, or is the node's own
     */
    NetnsRef open(String reported) throws IOException;

    /**
     * The namespace of a running pod.
     *
     * @throws IOException where no process shows it
     */
    NetnsRef scanFor(PodFacts pod) throws IOException;

    /**
     * Looks for many pods in one pass; those that are not found are not in the answer.
     *
     * @throws IOException where the node's processes cannot be listed
     */
    Map<PodUid, NetnsRef> scanFor(Collection<PodFacts> pods) throws IOException;
}
