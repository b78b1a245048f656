package io.culvert.agent.enrol;

import io.culvert.agent.pod.PodRef;
import java.net.InetAddress;
import java.util.List;

/**
 * A container runtime has made a pod's sandbox and asks whether to go on.
 *
 * @param statedUid what the runtime calls the pod's UID; empty where it does not say. For static pods it is not the UID
 *     of the API
 * @param netnsPath as seen on the node
 * @param ips what the plugins before us assigned
 */
public record AddRequest(PodRef pod, String statedUid, String netnsPath, List<InetAddress> ips) {
    public AddRequest {
        ips = List.copyOf(ips);
    }
}
