package io.culvert.proxy.inpod;

import io.culvert.linux.Netns;
import io.culvert.proxy.routing.WorkloadRef;
import java.io.IOException;

/** Starts the proxy of a pod. */
@FunctionalInterface
public interface PodProxyFactory {

    /**
     * Opens all listeners of the pod and begins to take connections. Called on the ZDS thread, which waits for it: the
     * answer to the agent says that the listeners are bound.
     *
     * @param netns lent until the proxy has finished stopping; a failed start keeps nothing of it
     * @throws IOException if any listener cannot be opened; then all are closed again
     */
    PodProxy start(WorkloadUid uid, WorkloadRef workload, Netns netns) throws IOException;
}
