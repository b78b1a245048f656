package io.culvert.agent.enrol;

import io.culvert.agent.pod.PodUid;
import java.io.IOException;
import java.net.InetAddress;
import java.util.List;

/**
 * The node's list of pod addresses towards which the kubelet's probes get the exempt source address (host probe SNAT).
 * Entries belong to a pod's UID, because addresses are reused before their old pod is reaped.
 */
public interface ProbeExemptions {
    /** For nodes where nothing rewrites probes: they then reach the pod as any plaintext does, through the proxy. */
    ProbeExemptions NONE = new ProbeExemptions() {
        @Override
        public void set(PodUid uid, List<InetAddress> ips) {}

        @Override
        public void remove(PodUid uid) {}
    };

    /** Makes the pod's entries exactly these. */
    void set(PodUid uid, List<InetAddress> ips) throws IOException;

    void remove(PodUid uid) throws IOException;
}
