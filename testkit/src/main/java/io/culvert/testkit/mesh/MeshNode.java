package io.culvert.testkit.mesh;

import io.culvert.testkit.network.NodeNetwork;
import io.culvert.testkit.network.PodNetwork;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A node that runs: its network, its proxy in a pod-like namespace of its own, its agent in the node's namespace. */
public final class MeshNode {
    private final NodeNetwork network;
    private final Enrolment enrolment;
    private final @Nullable PodNetwork proxyNetwork;
    private final @Nullable NodeProgram proxy;
    private final @Nullable NodeProgram agent;

    MeshNode(
            NodeNetwork network,
            Enrolment enrolment,
            @Nullable PodNetwork proxyNetwork,
            @Nullable NodeProgram proxy,
            @Nullable NodeProgram agent) {
        this.network = network;
        this.enrolment = enrolment;
        this.proxyNetwork = proxyNetwork;
        this.proxy = proxy;
        this.agent = agent;
    }

    public String name() {
        return network.name();
    }

    public NodeNetwork network() {
        return network;
    }

    Enrolment enrolment() {
        return enrolment;
    }

    public boolean hasProxy() {
        return proxy != null;
    }

    public boolean hasAgent() {
        return agent != null;
    }

    /** The node's proxy; a mesh without proxies has none to give. */
    public NodeProgram proxy() {
        if (proxy == null) {
            throw new MeshFailure("node " + name() + " runs no proxy");
        }
        return proxy;
    }

    /** The node's agent; where the testkit is the agent there is none to give. */
    public NodeProgram agent() {
        if (agent == null) {
            throw new MeshFailure("node " + name() + " runs no agent: the testkit hands its pods to the proxy");
        }
        return agent;
    }

    /** Where the proxy's own namespace is found, for {@code nsenter --net=}. */
    public Path proxyNetnsPath() {
        if (proxyNetwork == null) {
            throw new MeshFailure("node " + name() + " runs no proxy");
        }
        return proxyNetwork.path();
    }

    /** The lines of the proxy's access log since a position of its log. */
    public List<AccessLine> accessLog(long position) {
        return proxy().log().linesSince(position).stream()
                .flatMap(line -> AccessLine.parse(line).stream())
                .toList();
    }

    /** Sends SIGTERM to both programs, without waiting. */
    void terminate() {
        if (proxy != null) {
            proxy.child().terminate();
        }
        if (agent != null) {
            agent.child().terminate();
        }
    }

    /** Ends both programs, and what hands pods to the proxy. */
    void close(Duration grace) {
        if (proxy != null) {
            proxy.stop(grace);
        }
        if (agent != null) {
            agent.stop(grace);
        }
        enrolment.close();
        if (proxyNetwork != null) {
            proxyNetwork.close();
        }
    }

    @Override
    public String toString() {
        return name();
    }
}
