package io.culvert.testkit.network;

import io.culvert.linux.Netns;
import java.io.IOException;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A pod's namespace, plugged into its node. Closing it pulls the cable and takes the name away. */
public final class PodNetwork implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(PodNetwork.class);

    private final NodeNetwork node;
    private final NamedNetns named;
    private final String cable;

    PodNetwork(NodeNetwork node, NamedNetns named, String cable) {
        this.node = node;
        this.named = named;
        this.cable = cable;
    }

    public Netns netns() {
        return named.netns();
    }

    /** Where others find the namespace: CNI_NETNS, or {@code nsenter --net=}. */
    public Path path() {
        return named.path();
    }

    /** The node's end of the pod's veth pair. */
    public String cable() {
        return cable;
    }

    @Override
    public void close() {
        try {
            node.unplug(this);
        } catch (IOException failure) {
            log.warn("cannot unplug {}: {}", named.path(), failure.getMessage());
        }
        named.close();
    }
}
