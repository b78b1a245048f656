package io.culvert.proxy.inpod;

import io.culvert.proxy.lifecycle.DrainMode;
import io.culvert.proxy.rbac.PodConnections;

/** The running proxy of one pod: its listeners and connections. */
public interface PodProxy {

    /**
     * Begins to stop: listeners close at once in both modes. Returns at once. A second call hastens the first, never
     * slows it.
     *
     * @param finished run once when the last connection is gone and no descriptor of the pod is left, on any thread
     */
    void stop(DrainMode mode, Runnable finished);

    /** For the configuration dump. */
    PodConnections connections();
}
