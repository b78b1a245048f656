package io.culvert.agent.zds;

import io.culvert.agent.netns.NetnsRef;
import io.culvert.agent.netns.WorkloadIdentity;
import io.culvert.agent.pod.PodUid;

/** The node proxies that are connected: usually one, two while one is being replaced. */
public interface NodeProxies {
    /**
     * Hands the pod to the newest proxy and waits until it has accepted it.
     *
     * @param netns stays the caller's
     * @throws ProxyException where there is none, it refused, or it did not answer in time
     */
    void add(PodUid uid, WorkloadIdentity identity, NetnsRef netns) throws ProxyException;

    /**
     * Takes the pod away from every proxy. Cannot fail: a proxy that does not confirm loses its connection, and its
     * next snapshot is without the pod. The caller must have removed the pod from the cache before.
     */
    void remove(PodUid uid);
}
